// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ed25519} from "../src/lib/Ed25519.sol";
import {Sha512} from "../src/lib/Sha512.sol";
import {Digest, GeneratedEd25519Vectors, Vector} from "./support/GeneratedEd25519Vectors.sol";
import {Sha512Reference} from "./support/Sha512Reference.sol";

/// What a contract that uses the libraries pays and gets, across a call so that the compiler cannot look inside.
contract Ed25519Caller {
    function verify(bytes32 publicKey, bytes32 message, bytes32 r, bytes32 s) external view returns (bool) {
        return Ed25519.verify(publicKey, message, r, s);
    }

    function isStrong(bytes32 publicKey) external view returns (bool) {
        return Ed25519.isStrong(publicKey);
    }

    /// The same call without the work.
    function nothing(bytes32) external pure returns (bool) {
        return true;
    }

    function hash96(bytes32 first, bytes32 second, bytes32 third) external pure returns (bytes32, bytes32) {
        return Sha512.hash96(first, second, third);
    }

    /// Whether the libraries leave alone what others hold in memory, and the pointer to free memory.
    function keepsMemory(Vector calldata v) external view returns (bool) {
        bytes memory before = abi.encode(v.publicKey, v.message, v.r, v.s);
        bytes32 digest = keccak256(before);
        uint256 free;
        uint256 freeAfter;
        uint256 zero;
        assembly {
            free := mload(0x40)
        }
        bool verified = Ed25519.verify(v.publicKey, v.message, v.r, v.s);
        assembly {
            freeAfter := mload(0x40)
            zero := mload(0x60)
        }
        // what is allocated now lies where the libraries worked, and must start out as zeros all the same
        bytes memory fresh = new bytes(8192);
        for (uint256 i = 0; i < fresh.length; i += 32) {
            bytes32 word;
            assembly {
                word := mload(add(add(fresh, 32), i))
            }
            if (word != 0) return false;
        }
        return verified && free == freeAfter && zero == 0 && keccak256(before) == digest;
    }
}

contract Ed25519Test {
    /// What verify may cost, call included: a tenth above what it did on 2026-11-26 (114,000).
    uint256 private constant VERIFY_GAS = 126_000;

    /// What SHA-512 may cost, call included: a tenth above what it did on 2026-11-26 (24,000).
    uint256 private constant HASH_GAS = 27_000;

    /// What isStrong may cost beside the call: it is paid for every member that is added.
    uint256 private constant STRONG_GAS = 5_200;

    /// The size of a contract that only verifies, in bytes.
    uint256 private constant VERIFIER_SIZE = 11_500;

    uint256 private constant P = 2 ** 255 - 19;

    Ed25519Caller private caller = new Ed25519Caller();

    function test_acceptsWhatTheNodeAccepts() public view {
        Vector[] memory vectors = GeneratedEd25519Vectors.accepted();
        require(vectors.length > 40, "vectors are missing");
        for (uint256 i = 0; i < vectors.length; i++) {
            require(verifies(vectors[i]), string.concat("refused: ", vectors[i].what));
        }
    }

    function test_refusesWhatTheNodeRefuses() public view {
        Vector[] memory vectors = GeneratedEd25519Vectors.refused();
        require(vectors.length > 100, "vectors are missing");
        for (uint256 i = 0; i < vectors.length; i++) {
            require(!verifies(vectors[i]), string.concat("accepted: ", vectors[i].what));
        }
    }

    function test_costsNoMoreThanPromised() public view {
        Vector[] memory vectors = GeneratedEd25519Vectors.accepted();
        for (uint256 i = 0; i < vectors.length; i++) {
            Vector memory v = vectors[i];
            uint256 gas = gasleft();
            bool verified = caller.verify(v.publicKey, v.message, v.r, v.s);
            gas -= gasleft();
            require(verified && gas < VERIFY_GAS, string.concat("too dear: ", v.what));

            gas = gasleft();
            caller.nothing(v.publicKey);
            uint256 call = gas - gasleft();
            gas = gasleft();
            caller.isStrong(v.publicKey);
            require(gas - gasleft() < call + STRONG_GAS, "isStrong is too dear");

            gas = gasleft();
            caller.hash96(v.publicKey, v.message, v.r);
            require(gas - gasleft() < HASH_GAS, "SHA-512 is too dear");
        }
    }

    function test_fitsBesideOtherCode() public view {
        require(address(caller).code.length < VERIFIER_SIZE, "the code has grown");
    }

    function test_leavesMemoryToOthers() public view {
        require(caller.keepsMemory(GeneratedEd25519Vectors.accepted()[0]), "memory was touched");
    }

    /// With too little gas for the powers there is no answer, and above all not the answer "no".
    function testFuzz_neverCallsAGoodSignatureBadForLackOfGas(uint256 gas) public view {
        gas = gas % VERIFY_GAS;
        Vector memory v = GeneratedEd25519Vectors.accepted()[1];
        try caller.verify{gas: gas}(v.publicKey, v.message, v.r, v.s) returns (bool verified) {
            require(verified, "refused for lack of gas");
        } catch {}
    }

    function test_takesStrongKeysOnly() public view {
        uint256[5] memory small = [
            0,
            1,
            P - 1,
            2707385501144840649318225287225658788936804267575313519463743609750303402022,
            55188659117513257062467267217118295137698188065244968500265048394206261417927
        ];
        for (uint256 sign = 0; sign < 2; sign++) {
            for (uint256 i = 0; i < small.length; i++) {
                require(!Ed25519.isStrong(encoded(small[i], sign)), "a key of small order is strong");
            }
            for (uint256 y = P; y < 2 ** 255; y++) {
                require(!Ed25519.isStrong(encoded(y, sign)), "a key beyond the field is strong");
            }
            uint256 points = 0;
            for (uint256 y = 2; y < 40; y++) {
                require(Ed25519.isStrong(encoded(y, sign)) == isPoint(y), "a small y is not what it is");
                // both signs of y have the same x
                require(Ed25519.isStrong(encoded(P - y, sign)) == isPoint(y), "a large y is not what it is");
                if (isPoint(y)) points++;
            }
            require(points > 10 && points < 28, "expected as many points as not");
            for (uint256 i = 3; i < small.length; i++) {
                require(Ed25519.isStrong(encoded(small[i] + 1, sign)) == isPoint(small[i] + 1), "a neighbour");
                require(Ed25519.isStrong(encoded(small[i] - 1, sign)) == isPoint(small[i] - 1), "a neighbour");
            }
        }
    }

    function testFuzz_callsAKeyStrongByItsNumber(bytes32 key) public view {
        require(Ed25519.isStrong(key) == isStrongByNumber(key), "the rules differ");
        // near the top of the field, where chance never gets: only the first byte and the sign are left to it
        key |= 0x00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f;
        require(Ed25519.isStrong(key) == isStrongByNumber(key), "the rules differ near p");
    }

    function testFuzz_refusesGarbage(bytes32 publicKey, bytes32 message, bytes32 r, bytes32 s) public view {
        require(!caller.verify(publicKey, message, r, s), "garbage was accepted");
        // garbage with S in range gets as far as the curve
        s = bytes32(uint256(s) & ~uint256(0xf0));
        require(!caller.verify(publicKey, message, r, s), "garbage was accepted");
        require(!caller.verify(GeneratedEd25519Vectors.accepted()[0].publicKey, message, r, s), "garbage was accepted");
    }

    function testFuzz_refusesWhenOneBitChanges(uint8 which, uint8 part, uint8 bit) public view {
        Vector[] memory vectors = GeneratedEd25519Vectors.accepted();
        Vector memory v = vectors[which % vectors.length];
        bytes32 change = bytes32(uint256(1) << bit);
        if (part % 4 == 0) v.publicKey ^= change;
        if (part % 4 == 1) v.message ^= change;
        if (part % 4 == 2) v.r ^= change;
        if (part % 4 == 3) v.s ^= change;
        require(!verifies(v), string.concat("accepted with a bit changed: ", v.what));
    }

    function test_refusesWhenAnyOneBitOfTheFirstVectorChanges() public view {
        for (uint256 bit = 0; bit < 1024; bit++) {
            Vector memory v = GeneratedEd25519Vectors.accepted()[0];
            bytes32 change = bytes32(uint256(1) << (bit % 256));
            if (bit < 256) v.publicKey ^= change;
            else if (bit < 512) v.message ^= change;
            else if (bit < 768) v.r ^= change;
            else v.s ^= change;
            require(!verifies(v), "accepted with a bit changed");
        }
    }

    function test_hashesLikeNode() public view {
        Digest[] memory digests = GeneratedEd25519Vectors.digests();
        for (uint256 i = 0; i < digests.length; i++) {
            Digest memory d = digests[i];
            (bytes32 high, bytes32 low) = caller.hash96(d.first, d.second, d.third);
            require(high == d.high && low == d.low, "the digest differs from that of node:crypto");
            (high, low) = Sha512Reference.hash96(d.first, d.second, d.third);
            require(high == d.high && low == d.low, "the reference differs from node:crypto");
        }
    }

    function testFuzz_hashesLikeTheReference(bytes32 first, bytes32 second, bytes32 third) public view {
        (bytes32 high, bytes32 low) = caller.hash96(first, second, third);
        (bytes32 expectedHigh, bytes32 expectedLow) = Sha512Reference.hash96(first, second, third);
        require(high == expectedHigh && low == expectedLow, "the digest differs from the reference");
    }

    function verifies(Vector memory v) private view returns (bool) {
        return caller.verify(v.publicKey, v.message, v.r, v.s);
    }

    /// The rule of `isStrongKey`, on numbers.
    function isStrongByNumber(bytes32 key) private pure returns (bool) {
        uint256 y = uint256(reversed(key)) & (2 ** 255 - 1);
        return y < P && y != 0 && y != 1 && y != P - 1
            && y != 2707385501144840649318225287225658788936804267575313519463743609750303402022
            && y != 55188659117513257062467267217118295137698188065244968500265048394206261417927 && isPoint(y);
    }

    /// Whether some x goes with a y: (y^2 - 1) / (d y^2 + 1) is a square (RFC 8032 5.1.3).
    function isPoint(uint256 y) private pure returns (bool) {
        uint256 d = 37095705934669439343138083508754565189542113879843219016388785533085940283555;
        uint256 square = mulmod(y, y, P);
        uint256 x2 = mulmod(addmod(square, P - 1, P), power(addmod(mulmod(d, square, P), 1, P), P - 2), P);
        return power(x2, (P - 1) / 2) == 1;
    }

    /// By squaring and multiplying, without the precompile.
    function power(uint256 base, uint256 exponent) private pure returns (uint256 result) {
        result = 1;
        for (; exponent > 0; exponent >>= 1) {
            if (exponent & 1 == 1) result = mulmod(result, base, P);
            base = mulmod(base, base, P);
        }
    }

    function encoded(uint256 y, uint256 sign) private pure returns (bytes32) {
        return reversed(bytes32(y | (sign << 255)));
    }

    /// Byte by byte: slow and plain, so that it can judge the quick one.
    function reversed(bytes32 word) private pure returns (bytes32 result) {
        for (uint256 i = 0; i < 32; i++) {
            result |= bytes32(uint256(uint8(word[i])) << (8 * i));
        }
    }
}
