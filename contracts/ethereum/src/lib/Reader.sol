// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Malformed} from "../Interface.sol";

/// @notice Reads borsh from calldata by position: integers little-endian, lists and texts with a u32 length before them. Nothing is
/// copied. Whoever reads asks with `need` first that the bytes lie within the message; a position never exceeds the calldata by more
/// than 2^32, so sums of positions cannot overflow.
library Reader {
    /// @notice Reverts unless `length` bytes from `pos` lie before `end`.
    function need(uint256 pos, uint256 length, uint256 end) internal pure {
        unchecked {
            if (pos + length > end) revert Malformed();
        }
    }

    /// @notice The 32 bytes at a position, as they are.
    function word(uint256 pos) internal pure returns (bytes32 value) {
        assembly ("memory-safe") {
            value := calldataload(pos)
        }
    }

    function u8(uint256 pos) internal pure returns (uint8 value) {
        assembly ("memory-safe") {
            value := byte(0, calldataload(pos))
        }
    }

    function u16(uint256 pos) internal pure returns (uint16 value) {
        uint256 v;
        assembly ("memory-safe") {
            v := shr(240, calldataload(pos))
        }
        value = uint16((v << 8) | (v >> 8));
    }

    function u32(uint256 pos) internal pure returns (uint32 value) {
        uint256 v;
        assembly ("memory-safe") {
            v := shr(224, calldataload(pos))
        }
        v = ((v & 0xff00ff) << 8) | ((v >> 8) & 0xff00ff);
        value = uint32((v << 16) | (v >> 16));
    }

    function u64(uint256 pos) internal pure returns (uint64 value) {
        uint256 v;
        assembly ("memory-safe") {
            v := shr(192, calldataload(pos))
        }
        v = ((v & 0xff00ff00ff00ff) << 8) | ((v >> 8) & 0xff00ff00ff00ff);
        v = ((v & 0xffff0000ffff) << 16) | ((v >> 16) & 0xffff0000ffff);
        value = uint64((v << 32) | (v >> 32));
    }

    /// @notice Two u64 that follow each other, for little more than one.
    function u64Pair(uint256 pos) internal pure returns (uint64 first, uint64 second) {
        uint256 v;
        assembly ("memory-safe") {
            v := shr(128, calldataload(pos))
        }
        v = ((v & 0xff00ff00ff00ff00ff00ff00ff00ff) << 8) | ((v >> 8) & 0xff00ff00ff00ff00ff00ff00ff00ff);
        v = ((v & 0xffff0000ffff0000ffff0000ffff) << 16) | ((v >> 16) & 0xffff0000ffff0000ffff0000ffff);
        v = ((v & 0xffffffff00000000ffffffff) << 32) | ((v >> 32) & 0xffffffff00000000ffffffff);
        first = uint64(v >> 64);
        second = uint64(v);
    }

    /// @notice The byte of an enumeration. Reverts when it names none of the `count` first ordinals.
    function ordinal(uint256 pos, uint256 count) internal pure returns (uint8 value) {
        value = u8(pos);
        if (value >= count) revert Malformed();
    }

    /// @notice A part of calldata as bytes.
    function slice(uint256 pos, uint256 length) internal pure returns (bytes calldata part) {
        assembly ("memory-safe") {
            part.offset := pos
            part.length := length
        }
    }

    /// @notice Length of a list or text of `size`-byte items, with all of it within the message; `next` is the position behind it.
    function list(uint256 pos, uint256 size, uint256 end) internal pure returns (uint256 count, uint256 next) {
        need(pos, 4, end);
        count = u32(pos);
        unchecked {
            next = pos + 4 + count * size;
        }
        if (next > end) revert Malformed();
    }

    /// @notice A text: bytes with a length, strict UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
    function text(uint256 pos, uint256 end) internal pure returns (uint256 length, uint256 next) {
        (length, next) = list(pos, 1, end);
        unchecked {
            uint256 p = pos + 4;
            while (p < next) {
                uint256 rest = next - p;
                bytes32 chunk = word(p);
                // up to 32 bytes of ASCII at a time: the high bit of each is clear
                uint256 high = uint256(chunk) & 0x8080808080808080808080808080808080808080808080808080808080808080;
                if (rest < 32) high &= type(uint256).max << (256 - 8 * rest);
                if (high == 0) {
                    p += 32;
                    continue;
                }
                uint8 b = uint8(chunk[0]);
                if (b < 0x80) {
                    p += 1;
                    continue;
                }
                uint256 size = b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
                if (b < 0xc2 || b > 0xf4 || size > rest) revert Malformed();
                uint8 second = uint8(chunk[1]);
                uint8 low = b == 0xe0 ? 0xa0 : b == 0xf0 ? 0x90 : 0x80;
                uint8 top = b == 0xed ? 0x9f : b == 0xf4 ? 0x8f : 0xbf;
                if (second < low || second > top) revert Malformed();
                if (size > 2 && uint8(chunk[2]) >> 6 != 2) revert Malformed();
                if (size > 3 && uint8(chunk[3]) >> 6 != 2) revert Malformed();
                p += size;
            }
        }
    }
}
