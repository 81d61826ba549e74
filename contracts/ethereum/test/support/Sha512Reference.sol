// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GeneratedEd25519Vectors} from "./GeneratedEd25519Vectors.sol";

/// SHA-512 of 96 bytes, written down as FIPS 180-4 6.4.2 says it, to judge the quick one. Nothing but tests may use it.
library Sha512Reference {
    function hash96(bytes32 first, bytes32 second, bytes32 third) internal pure returns (bytes32 high, bytes32 low) {
        // 96 bytes, the bit that ends the message, zeros, and 768 bits as a number of 16 bytes (5.1.2)
        bytes memory message = abi.encodePacked(first, second, third, bytes32(uint256(1) << 255 | 768));
        uint64[80] memory w;
        for (uint256 t = 0; t < 16; t++) w[t] = wordAt(message, t);
        unchecked {
            for (uint256 t = 16; t < 80; t++) {
                uint64 x = w[t - 15];
                uint64 y = w[t - 2];
                uint64 s0 = right(x, 1) ^ right(x, 8) ^ (x >> 7);
                uint64 s1 = right(y, 19) ^ right(y, 61) ^ (y >> 6);
                w[t] = s1 + w[t - 7] + s0 + w[t - 16];
            }
            bytes memory initial = GeneratedEd25519Vectors.INITIAL_VALUE;
            bytes memory constants = GeneratedEd25519Vectors.ROUND_CONSTANTS;
            uint64[8] memory v;
            for (uint256 i = 0; i < 8; i++) v[i] = wordAt(initial, i);
            for (uint256 t = 0; t < 80; t++) {
                (uint64 a, uint64 e) = (v[0], v[4]);
                uint64 t1 = v[7] + (right(e, 14) ^ right(e, 18) ^ right(e, 41));
                t1 += ((e & v[5]) ^ (~e & v[6])) + wordAt(constants, t) + w[t];
                uint64 t2 = right(a, 28) ^ right(a, 34) ^ right(a, 39);
                t2 += (a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]);
                for (uint256 i = 7; i > 0; i--) v[i] = v[i - 1];
                v[4] += t1;
                v[0] = t1 + t2;
            }
            for (uint256 i = 0; i < 8; i++) {
                uint256 word = uint256(v[i] + wordAt(initial, i)) << (64 * (3 - (i % 4)));
                if (i < 4) high |= bytes32(word);
                else low |= bytes32(word);
            }
        }
    }

    function right(uint64 x, uint64 by) private pure returns (uint64) {
        return (x >> by) | (x << (64 - by));
    }

    /// The word of eight bytes at this place.
    function wordAt(bytes memory data, uint256 place) private pure returns (uint64 word) {
        for (uint256 i = 0; i < 8; i++) word = (word << 8) | uint8(data[8 * place + i]);
    }
}
