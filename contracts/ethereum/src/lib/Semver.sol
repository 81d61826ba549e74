// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice Semantic versions 2.0.0 (https://semver.org/spec/v2.0.0.html), strict, each number a u32, no build metadata: two versions that
/// differ in it alone have one precedence (item 10). Work grows with the length of the text, which the caller bounds.
library Semver {
    /// @notice A version that was parsed from a text.
    struct Version {
        /// Major, minor and patch, 32 bits each from the highest: their order is that of the versions.
        uint256 core;
        /// Where the identifiers of the pre-release begin in the text; 0 for a stable version.
        uint256 preRelease;
    }

    /// @notice The major number.
    function major(Version memory version) internal pure returns (uint256) {
        return version.core >> 64;
    }

    /// @notice Parses a text; `isVersion` is false when it is no version.
    function parse(bytes memory text) internal pure returns (bool isVersion, Version memory version) {
        unchecked {
            uint256 pos = 0;
            for (uint256 part = 0; part < 3; part++) {
                if (part > 0 && !_is(text, pos++, ".")) return (false, version);
                (uint256 number, uint256 next) = _number(text, pos);
                if (next == pos) return (false, version);
                version.core = (version.core << 32) | number;
                pos = next;
            }
            if (pos == text.length) return (true, version);
            if (!_is(text, pos++, "-")) return (false, version);
            version.preRelease = pos;
            return (_areIdentifiers(text, pos), version);
        }
    }

    /// @notice Negative when `a` has the lower precedence, positive when the higher, 0 for the same version (item 11). Each text is what its
    /// version was parsed from.
    function compare(bytes memory a, Version memory x, bytes memory b, Version memory y)
        internal
        pure
        returns (int256)
    {
        if (x.core != y.core) return x.core < y.core ? -1 : int256(1);
        // item 11.3: a version is above its own pre-releases
        if (x.preRelease == 0) return y.preRelease == 0 ? int256(0) : int256(1);
        if (y.preRelease == 0) return -1;
        return _comparePreReleases(a, x.preRelease, b, y.preRelease);
    }

    function _is(bytes memory text, uint256 pos, bytes1 char) private pure returns (bool) {
        return pos < text.length && text[pos] == char;
    }

    function _isDigit(bytes1 char) private pure returns (bool) {
        return char >= "0" && char <= "9";
    }

    /// @dev Item 2: a number without leading zeros; `next` is `pos` when there is none, or when it is no u32.
    function _number(bytes memory text, uint256 pos) private pure returns (uint256 number, uint256 next) {
        unchecked {
            next = pos;
            while (next < text.length && _isDigit(text[next])) {
                if (next > pos && text[pos] == "0") return (0, pos);
                number = number * 10 + uint8(text[next]) - 48;
                if (number > type(uint32).max) return (0, pos);
                next++;
            }
        }
    }

    /// @dev Item 9: identifiers of [0-9A-Za-z-] with dots between them, none empty, none of several digits with a leading zero.
    function _areIdentifiers(bytes memory text, uint256 pos) private pure returns (bool) {
        unchecked {
            uint256 start = pos;
            bool isNumber = true;
            for (; pos <= text.length; pos++) {
                if (pos == text.length || text[pos] == ".") {
                    if (pos == start || (isNumber && pos > start + 1 && text[start] == "0")) return false;
                    start = pos + 1;
                    isNumber = true;
                    continue;
                }
                bytes1 char = text[pos];
                if (_isDigit(char)) continue;
                isNumber = false;
                bytes1 lower = char | 0x20;
                if (char != "-" && (lower < "a" || lower > "z")) return false;
            }
            return true;
        }
    }

    /// @dev Item 11.4: identifiers from left to right until one differs; with all alike the longer list is the higher.
    function _comparePreReleases(bytes memory a, uint256 i, bytes memory b, uint256 j) private pure returns (int256) {
        unchecked {
            while (true) {
                (uint256 aEnd, bool isNumber) = _identifier(a, i);
                (uint256 bEnd, bool isOtherNumber) = _identifier(b, j);
                // numbers are below the rest, and without leading zeros the longer one is the greater
                if (isNumber != isOtherNumber) return isNumber ? -1 : int256(1);
                if (isNumber && aEnd - i != bEnd - j) return aEnd - i < bEnd - j ? -1 : int256(1);
                for (; i < aEnd && j < bEnd; (i++, j++)) {
                    if (a[i] != b[j]) return a[i] < b[j] ? -1 : int256(1);
                }
                if (i < aEnd) return 1;
                if (j < bEnd) return -1;
                if (aEnd == a.length) return bEnd == b.length ? int256(0) : -1;
                if (bEnd == b.length) return 1;
                i++;
                j++;
            }
            return 0;
        }
    }

    /// @dev Where the identifier that begins at a position ends, and whether it is a number.
    function _identifier(bytes memory text, uint256 pos) private pure returns (uint256 end, bool isNumber) {
        unchecked {
            isNumber = true;
            end = pos;
            while (end < text.length && text[end] != ".") {
                if (!_isDigit(text[end])) isNumber = false;
                end++;
            }
        }
    }
}
