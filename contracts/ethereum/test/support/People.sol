// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Sha512} from "../../src/lib/Sha512.sol";
import {vm} from "../Vm.sol";
import {Borsh} from "./Borsh.sol";

/// Who takes part in the tests. Person k has the secret scalar k + 1, so that signing needs no arithmetic on the curve: the keys are the
/// first multiples of the base point (RFC 8032 5.1). Of no use to anybody who wants to keep a secret.
library People {
    uint256 internal constant COUNT = 7;

    /// The order of the base point (RFC 8032 5.1).
    uint256 private constant L = 0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed;
    /// 2^256 modulo L.
    uint256 private constant TWO_256_MOD_L = 0x0ffffffffffffffffffffffffffffffec6ef5bf4737dcf70d6ec31748d98951d;
    /// Nine times the base point: R of every signature.
    bytes32 private constant R = 0xc0f1225584444ec730446e231390781ffdd2f256e9fcbeb2f40dddc2c2233d7f;

    function key(uint256 person) internal pure returns (bytes32) {
        return [
            bytes32(0x5866666666666666666666666666666666666666666666666666666666666666),
            0xc9a3f86aae465f0e56513864510f3997561fa2c9e85ea21dc2292309f3cd6022,
            0xd4b4f5784868c3020403246717ec169ff79e26608ea126a1ab69ee77d1b16712,
            0x2f1132ca61ab38dff00f2fea3228f24c6c71d58085b80e47e19515cb27e8d047,
            0xedc876d6831fd2105d0b4389ca2e283166469289146e2ce06faefe98b22548df,
            0xf47e49f9d07ad2c1606b4d94067c41f9777d4ffda709b71da1d88628fce34d85,
            0xb862409fb5c4c4123df2abf7462b88f041ad36dd6864ce872fd5472be363c5b1
        ][person];
    }

    /// The ed25519 signature of 32 bytes: S = r + hA (RFC 8032 5.1.6).
    function sign(uint256 person, bytes32 message) internal pure returns (bytes memory) {
        (bytes32 high, bytes32 low) = Sha512.hash96(R, key(person), message);
        uint256 h = addmod(
            mulmod(uint256(Borsh.reverse(uint256(low))), TWO_256_MOD_L, L), uint256(Borsh.reverse(uint256(high))), L
        );
        return abi.encodePacked(R, Borsh.reverse(addmod(9, mulmod(h, person + 1, L), L)));
    }

    function account(uint256 person) internal pure returns (address) {
        return vm.addr(1000 + person);
    }

    /// The account's signature of a digest, 65 bytes.
    function signAsAccount(uint256 person, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(1000 + person, digest);
        return abi.encodePacked(r, s, v);
    }

    /// The same in 64 bytes (ERC-2098).
    function signCompactly(uint256 person, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(1000 + person, digest);
        return abi.encodePacked(r, bytes32(uint256(s) | (uint256(v - 27) << 255)));
    }
}
