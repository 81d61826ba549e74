// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {LibBit} from "solady/src/utils/LibBit.sol";

/// @notice A set of u32 numbers whose greatest is found in at most five look-ups: a tree of bits. A word of 256 bits says which of 256
/// numbers are in the set; above it three levels of words say which words below are not empty. Numbers under 256, nearly all there are,
/// live in one word that no level above mentions: it counts when nothing greater is there.
library Majors {
    struct Set {
        /// By level in bits 32 and up, and the number without its lower bytes.
        mapping(uint256 key => uint256) words;
    }

    /// @notice Puts a number into the set.
    function add(Set storage set, uint256 number) internal {
        unchecked {
            for (uint256 level = 0; level < 4; level++) {
                uint256 key = (level << 32) | (number >> (8 * (level + 1)));
                uint256 before = set.words[key];
                set.words[key] = before | (1 << ((number >> (8 * level)) & 0xff));
                // the levels above say only whether this word is empty
                if (number < 256 || before != 0) return;
            }
        }
    }

    /// @notice Takes a number out of the set.
    function remove(Set storage set, uint256 number) internal {
        unchecked {
            for (uint256 level = 0; level < 4; level++) {
                uint256 key = (level << 32) | (number >> (8 * (level + 1)));
                uint256 rest = set.words[key] & ~(1 << ((number >> (8 * level)) & 0xff));
                set.words[key] = rest;
                if (number < 256 || rest != 0) return;
            }
        }
    }

    /// @notice The greatest number; `isEmpty` when there is none.
    function highest(Set storage set) internal view returns (bool isEmpty, uint256 number) {
        unchecked {
            for (uint256 level = 4; level > 0; level--) {
                uint256 word = set.words[((level - 1) << 32) | number];
                // only the way down from an empty top leads to empty words, and at its end lie the numbers under 256
                if (word != 0) number = (number << 8) | LibBit.fls(word);
                else if (level == 1) return (true, 0);
            }
        }
    }
}
