// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SSTORE2} from "solady/src/utils/SSTORE2.sol";
import {VersionTooLow} from "./Interface.sol";
import {Majors} from "./lib/Majors.sol";
import {Semver} from "./lib/Semver.sol";

/// @notice What is stored of releases: each by its number and found by its version, and per line, that is per major number, what is on offer.
/// The stable releases of a line that are not yanked are linked from the lowest to the highest, and so are its pre-releases; a set of major
/// numbers tells which line has the highest. So publishing, yanking and finding the latest cost the same however many releases there are. What
/// is yanked closes nothing: the next release of a line must be above those on offer, and have a version that was never there.
abstract contract Releases {
    using Majors for Majors.Set;

    /// @notice A release as the views answer it.
    struct Release {
        /// Position in the order of publication, from 0.
        uint32 slot;
        bool isYanked;
        string yankReason;
        /// Who signed the request to publish it.
        bytes32 publisher;
        /// Borsh bytes of what was published, see `PackageFields`. Empty where there is no release.
        bytes record;
    }

    /// @dev A release in one storage slot. Numbers count from 1, so that 0 is none.
    struct Entry {
        /// Contract whose code holds the publisher and the borsh bytes.
        address record;
        /// Numbers of the neighbours on offer in its channel and line; 0 for none.
        uint32 previous;
        uint32 next;
        bool isYanked;
    }

    /// @dev Channels of a line: stable versions and pre-releases are offered apart.
    uint256 private constant STABLE = 0;
    uint256 private constant PRE_RELEASE = 1;
    /// @dev Bytes of the publisher before a release's own.
    uint256 private constant PUBLISHER_BYTES = 32;

    mapping(bytes32 package => mapping(uint256 number => Entry)) private _entries;
    mapping(bytes32 package => mapping(bytes32 version => uint256 number)) private _numbers;
    /// @dev 32 bits each from the lowest: number of the line's highest release on offer in each channel.
    mapping(bytes32 package => mapping(uint256 major => uint256)) private _lines;
    mapping(bytes32 package => mapping(uint256 channel => Majors.Set)) private _majors;
    mapping(bytes32 package => mapping(uint256 number => string)) private _reasons;

    /// @dev Number of a release by its version; 0 when there is none such.
    function _numberOf(bytes32 id, bytes memory version) internal view returns (uint256) {
        return _numbers[id][keccak256(version)];
    }

    /// @dev A release by its number.
    function _release(bytes32 id, uint256 number) internal view returns (Release memory) {
        Entry memory entry = _entries[id][number];
        bytes32 publisher = bytes32(SSTORE2.read(entry.record, 0, PUBLISHER_BYTES));
        bytes memory record = SSTORE2.read(entry.record, PUBLISHER_BYTES);
        return Release(uint32(number - 1), entry.isYanked, _reasons[id][number], publisher, record);
    }

    /// @dev Number of the highest release on offer, stable or not; 0 when there is none.
    function _latest(bytes32 id, bool isStable) internal view returns (uint256) {
        uint256 channel = isStable ? STABLE : PRE_RELEASE;
        (bool isEmpty, uint256 major) = _majors[id][channel].highest();
        return isEmpty ? 0 : _highest(_lines[id][major], channel);
    }

    /// @dev Version of a release; empty for number 0.
    function _versionOf(bytes32 id, uint256 number) internal view returns (bytes memory version) {
        if (number == 0) return version;
        version = SSTORE2.read(_entries[id][number].record, PUBLISHER_BYTES);
        assembly ("memory-safe") {
            // the record begins with the length of its version, little-endian, at most 64
            let length := byte(0, mload(add(version, 32)))
            version := add(version, 4)
            mstore(version, length)
        }
    }

    /// @dev Stores a release with the next number; `record` begins with its publisher. Reverts with VersionTooLow unless it is above all
    /// others of its line that are on offer, and for a version that was there before.
    function _insert(bytes32 id, uint256 number, bytes memory text, Semver.Version memory version, bytes memory record)
        internal
    {
        uint256 major = Semver.major(version);
        uint256 line = _lines[id][major];
        bytes32 key = keccak256(text);
        if (_numbers[id][key] != 0) revert VersionTooLow();
        _checkHigher(id, _highest(line, STABLE), text, version);
        _checkHigher(id, _highest(line, PRE_RELEASE), text, version);
        uint256 channel = _channelOf(version);
        uint256 previous = _highest(line, channel);
        _entries[id][number] = Entry(SSTORE2.write(record), uint32(previous), 0, false);
        if (previous == 0) _majors[id][channel].add(major);
        else _entries[id][previous].next = uint32(number);
        _lines[id][major] = _withHighest(line, channel, number);
        _numbers[id][key] = number;
    }

    /// @dev Takes a release off offer. Answers false when it was off already.
    function _yank(bytes32 id, uint256 number, bytes memory text, string memory reason) internal returns (bool) {
        Entry memory entry = _entries[id][number];
        if (entry.isYanked) return false;
        _entries[id][number] = Entry(entry.record, 0, 0, true);
        if (bytes(reason).length != 0) _reasons[id][number] = reason;
        if (entry.previous != 0) _entries[id][entry.previous].next = entry.next;
        if (entry.next != 0) {
            _entries[id][entry.next].previous = entry.previous;
            return true;
        }
        // it was parsed when it was published
        (, Semver.Version memory version) = Semver.parse(text);
        uint256 major = Semver.major(version);
        uint256 channel = _channelOf(version);
        _lines[id][major] = _withHighest(_lines[id][major], channel, entry.previous);
        if (entry.previous == 0) _majors[id][channel].remove(major);
        return true;
    }

    function _checkHigher(bytes32 id, uint256 highest, bytes memory text, Semver.Version memory version) private view {
        if (highest == 0) return;
        bytes memory other = _versionOf(id, highest);
        (, Semver.Version memory below) = Semver.parse(other);
        if (Semver.compare(text, version, other, below) <= 0) revert VersionTooLow();
    }

    function _channelOf(Semver.Version memory version) private pure returns (uint256) {
        return version.preRelease == 0 ? STABLE : PRE_RELEASE;
    }

    function _highest(uint256 line, uint256 channel) private pure returns (uint256) {
        return uint32(line >> (32 * channel));
    }

    function _withHighest(uint256 line, uint256 channel, uint256 number) private pure returns (uint256) {
        uint256 shift = 32 * channel;
        return (line & ~(uint256(type(uint32).max) << shift)) | (number << shift);
    }
}
