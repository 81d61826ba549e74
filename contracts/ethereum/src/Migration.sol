// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ContextEvents} from "./ContextEvents.sol";
import {Contexts} from "./Contexts.sol";
import {Envelopes} from "./Envelopes.sol";
import {ContextExists, ContextNotFound, Malformed, MIGRATION_SECONDS, TAG_CONTEXT_ID, WrongDomain} from "./Interface.sol";
import {Reader} from "./lib/Reader.sol";

/// @notice How a group moves to another contract, should this one have a fault: its managers plan it, its members see it for a week, and
/// then the successor takes it over as it stands, by anybody's call. What was signed for this contract is void there, tickets too.
abstract contract Migration is Envelopes, Contexts, ContextEvents {
    /// @notice The contract whose groups may move here; zero for none. Whoever deploys this one vouches for it: what it says is believed.
    Migration public immutable predecessor;

    /// @dev Members of a group that is not all here.
    mapping(bytes32 group => uint256) private _adopted;

    constructor(Migration given) {
        predecessor = given;
        // an identity must not be another account's on the way
        if (address(given) != address(0) && address(given.identities()) != address(identities)) revert WrongDomain();
    }

    /// @notice What a successor takes over, word by word as it is stored (see `Groups`): a group's header, where it moves, and the member in a slot
    /// with its identity. Reverts with ContextNotFound for an unknown group.
    function exportedMember(bytes32 id, uint256 slot)
        external
        view
        returns (uint256 header, address successor, bytes32 identity, uint256 word)
    {
        identity = _slots[id][slot];
        return (_require(id), _successors[id], identity, _members[id][identity].value);
    }

    /// @notice The same of a context: its group, its revision, and the contract whose code holds its application. Reverts with ContextNotFound
    /// for an unknown context.
    function exportedContext(bytes32 id) external view returns (bytes32 groupId, uint64 revision, address application) {
        Context memory found = _contexts[id];
        if (found.application == address(0)) revert ContextNotFound();
        return (found.hasOwnGroup ? id : _groupOf[id], found.revision, found.application);
    }

    /// @notice Takes over the next members of a group that has moved here; with the last of them the group. Until then it does not exist.
    /// Reverts with ContextNotFound for a group that did not move here, or not yet, and with ContextExists for one that is here.
    function adopt(bytes32 id, uint16 count) external {
        if (_groups[id].value != 0) revert ContextExists();
        uint256 header;
        uint256 slot = _adopted[id];
        for (uint256 end = slot + count; slot < end; slot++) {
            address successor;
            bytes32 identity;
            uint256 word;
            (header, successor, identity, word) = _given().exportedMember(id, slot);
            uint256 movesAt = header >> MOVES_AT;
            if (movesAt == 0 || successor != address(this) || block.timestamp < movesAt) revert ContextNotFound();
            _slots[id][slot] = identity;
            _members[id][identity].value = word | (1 << ADOPTED);
            if (slot + 1 < uint32(header >> COUNT)) continue;
            delete _adopted[id];
            _groups[id].value = uint208(header);
            emit GroupAdopted(id, 0, 0, uint64(header));
            return;
        }
        _adopted[id] = slot;
    }

    /// @notice Takes over a context whose group is here. Reverts with ContextNotFound while that is not, and for a context that the predecessor
    /// does not know, and with ContextExists for one that is here.
    function adoptContext(bytes32 id) external {
        if (_contexts[id].application != address(0)) revert ContextExists();
        (bytes32 groupId, uint64 revision, address application) = _given().exportedContext(id);
        // contexts that are made here have other ids than the predecessor's: only by moving can such a group be here
        _require(groupId);
        if (groupId != id) _groupOf[id] = groupId;
        _contexts[id] = Context(application, revision, groupId == id);
        emit ContextAdopted(id, 0, 0, revision);
    }

    /// @dev Id of the context that an author makes with a salt. A contract with a predecessor has ids of its own, by its address: nobody can
    /// take one here that the predecessor has, or will have.
    function _contextId(bytes32 author, bytes32 salt) internal view returns (bytes32) {
        bytes memory preimage = abi.encodePacked(TAG_CONTEXT_ID, uint8(0), author, salt);
        if (address(predecessor) != address(0)) preimage = abi.encodePacked(preimage, address(this));
        return sha256(preimage);
    }

    /// @dev The group is to move, to stay, or to go elsewhere and later than was planned.
    function _migrateTo(Request memory q, bytes32 groupId, uint256 header) internal {
        uint256 length = Reader.u32(q.pos);
        address successor;
        uint256 movesAt = 0;
        if (length != 0) {
            successor = address(bytes20(Reader.word(q.pos + 4)));
            if (length != 20 || successor == address(0) || successor == address(this)) revert Malformed();
            movesAt = block.timestamp + MIGRATION_SECONDS;
        } else if (header >> MOVES_AT == 0) {
            return;
        }
        _successors[groupId] = successor;
        _groups[groupId].value = uint256(uint208(header)) | (movesAt << MOVES_AT);
        emit MigrationPlanned(
            q.subject, q.signer, q.nonce, 0, Reader.slice(q.pos + 4, length), uint64(movesAt)
        );
    }

    function _given() private view returns (Migration) {
        if (address(predecessor) == address(0)) revert ContextNotFound();
        return predecessor;
    }
}
