// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {
    ACCEPT_OWNERSHIP,
    ADD_OWNER,
    CREATE_PACKAGE,
    LimitExceeded,
    Malformed,
    MAX_PACKAGE_NAME_BYTES,
    MAX_PACKAGE_TEXT_BYTES,
    MAX_RELEASE_SOURCES,
    MAX_SOURCE_BYTES,
    MAX_VERSION_BYTES,
    PUBLISH_RELEASE,
    REMOVE_OWNER,
    YANK_RELEASE
} from "./Interface.sol";
import {Reader} from "./lib/Reader.sol";
import {Semver} from "./lib/Semver.sol";

/// @notice The fields of each operation on packages: their layout and their bounds, before anything is looked up. Layouts are those of
/// `src/node/anchor/packages/envelope.ts`. A release is {version text, bundle 32, size u64, blob 32, sources list of text, signer 32, abi
/// 32, minRuntime text, notes 32}.
library PackageFields {
    /// @notice Reverts with Malformed unless the fields of the operation fill the bytes from `pos` to `end`, with LimitExceeded when a list
    /// or text is too long, and with Malformed for a name or a version to publish that is none. Answers that version.
    function check(uint8 operation, uint256 pos, uint256 end) internal pure returns (Semver.Version memory version) {
        if (operation == PUBLISH_RELEASE) {
            _checkRelease(pos, end);
            bool isVersion;
            (isVersion, version) = Semver.parse(textAt(pos));
            if (!isVersion) revert Malformed();
        } else if (operation == CREATE_PACKAGE) {
            (uint256 next, bool isLong) = _text(pos, MAX_PACKAGE_NAME_BYTES, end);
            bool isLonger;
            (next, isLonger) = _text(next, MAX_PACKAGE_TEXT_BYTES, end);
            isLong = isLong || isLonger;
            (next, isLonger) = _text(next, MAX_PACKAGE_TEXT_BYTES, end);
            _finish(next, end, isLong || isLonger);
            _checkName(textAt(pos));
        } else if (operation == YANK_RELEASE) {
            (uint256 next, bool isLong) = _text(pos, MAX_VERSION_BYTES, end);
            bool isLonger;
            (next, isLonger) = _text(next, MAX_PACKAGE_TEXT_BYTES, end);
            _finish(next, end, isLong || isLonger);
        } else if (operation == ADD_OWNER || operation == REMOVE_OWNER) {
            _finish(pos + 32, end, false);
        } else if (operation == ACCEPT_OWNERSHIP) {
            _finish(pos, end, false);
        } else {
            revert Malformed();
        }
    }

    /// @notice A text that was checked.
    function textAt(uint256 pos) internal pure returns (bytes memory) {
        return Reader.slice(pos + 4, Reader.u32(pos));
    }

    /// @notice Position behind a text that was checked.
    function afterText(uint256 pos) internal pure returns (uint256) {
        unchecked {
            return pos + 4 + Reader.u32(pos);
        }
    }

    function _checkRelease(uint256 pos, uint256 end) private pure {
        (uint256 next, bool isLong) = _text(pos, MAX_VERSION_BYTES, end);
        Reader.need(next, 76, end);
        uint256 count = Reader.u32(next + 72);
        isLong = isLong || count > MAX_RELEASE_SOURCES;
        next += 76;
        bool isLonger;
        // each text takes four bytes at least, so the message's length bounds this
        for (uint256 i = 0; i < count; i++) {
            (next, isLonger) = _text(next, MAX_SOURCE_BYTES, end);
            isLong = isLong || isLonger;
        }
        (next, isLonger) = _text(next + 64, MAX_VERSION_BYTES, end);
        _finish(next + 32, end, isLong || isLonger);
    }

    function _text(uint256 pos, uint256 max, uint256 end) private pure returns (uint256 next, bool isLong) {
        uint256 length;
        (length, next) = Reader.text(pos, end);
        isLong = length > max;
    }

    function _finish(uint256 pos, uint256 end, bool isLong) private pure {
        if (pos != end) revert Malformed();
        if (isLong) revert LimitExceeded();
    }

    /// @dev Labels of a-z, 0-9 and hyphen, two at least with dots between them: so three characters is the shortest name.
    function _checkName(bytes memory name) private pure {
        unchecked {
            uint256 dots = 0;
            bytes1 before = ".";
            for (uint256 i = 0; i < name.length; i++) {
                bytes1 char = name[i];
                if (char == ".") {
                    if (before == ".") revert Malformed();
                    dots++;
                } else if (!((char >= "a" && char <= "z") || (char >= "0" && char <= "9") || char == "-")) {
                    revert Malformed();
                }
                before = char;
            }
            if (dots == 0 || before == ".") revert Malformed();
        }
    }
}
