// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SSTORE2} from "solady/src/utils/SSTORE2.sol";
import {Groups} from "./Groups.sol";
import {ContextNotFound} from "./Interface.sol";

/// @notice What is stored of contexts: what each runs, and whose members it has.
abstract contract Contexts is Groups {
    /// @dev A context. It exists when `application` is not zero. One storage slot.
    struct Context {
        /// Contract whose code holds the application's borsh bytes.
        address application;
        uint64 revision;
        /// Whether its group has the context's own id; otherwise `_groupOf` has it.
        bool hasOwnGroup;
    }

    mapping(bytes32 context => Context) internal _contexts;
    mapping(bytes32 context => bytes32 group) internal _groupOf;

    /// @notice A context: its group, the revision of its application, and the application's borsh bytes (see `Fields`).
    /// Reverts with ContextNotFound for an unknown context.
    function context(bytes32 id)
        external
        view
        returns (bytes32 groupId, uint64 applicationRevision, bytes memory application)
    {
        Context memory found = _contexts[id];
        if (found.application == address(0)) revert ContextNotFound();
        groupId = found.hasOwnGroup ? id : _groupOf[id];
        return (groupId, found.revision, SSTORE2.read(found.application));
    }

    /// @notice Whether an identity is a member of a group, or of the group of a context. Reverts with ContextNotFound when it is neither.
    function hasMember(bytes32 subject, bytes32 identity) external view returns (bool) {
        uint256 found = _members[subject][identity].value;
        // a word without anything from `ADOPTED` on up is a member's: what is kept of who went has a second there
        if (found != 0 && found >> ADOPTED == 0) return true;
        if (_groups[subject].value != 0) return _isMember(found);
        bytes32 groupId = _groupOf[subject];
        if (groupId == 0) revert ContextNotFound();
        return _isMember(_members[groupId][identity].value);
    }
}
