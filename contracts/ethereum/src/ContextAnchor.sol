// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";
import {Claims} from "./Claims.sol";
import {Departures} from "./Departures.sol";
import {Envelopes} from "./Envelopes.sol";
import {Fields} from "./Fields.sol";
import {IIdentityRegistry} from "./IIdentityRegistry.sol";
import {
    ADD_MEMBERS,
    ALL_CAPABILITIES,
    BadNonce,
    BUMP_NONCE,
    CAPABILITY_MANAGE_APPLICATION,
    CAPABILITY_MANAGE_CONTEXTS,
    CAPABILITY_MANAGE_MEMBERS,
    CAPABILITY_PROXY,
    CLAIM_INVITATION,
    ContextExists,
    ContextIdMismatch,
    ContextNotFound,
    CREATE_CONTEXT,
    GRANT,
    LEAVE,
    LimitExceeded,
    MIGRATE_TO,
    NotAMember,
    REMOVE_MEMBERS,
    RevisionMismatch,
    REVOKE,
    REVOKE_INVITATION,
    ROLE_RELAY,
    ROLE_WRITER,
    RoleForbids,
    SEAL,
    SET_OPTIONS,
    SET_ROLE,
    TargetNotMember,
    Unauthorized,
    UPDATE_APPLICATION,
    VOID_INVITATIONS,
    WeakKey
} from "./Interface.sol";
import {Migration} from "./Migration.sol";
import {Ed25519} from "./lib/Ed25519.sol";
import {Reader} from "./lib/Reader.sol";

/// @title The record of contexts, groups and members
/// @notice Decides who is a member of which group, with which role and capabilities, and which application a context runs. Requests are
/// signed by members and may be carried by anybody. Every refusal is a custom error of `Interface.sol` and changes nothing. No owner, no
/// upgrade, no funds: nobody but the members can change anything, and what is here stays readable.
contract ContextAnchor is Claims, Departures, Migration {
    /// @param registry who speaks for which identity; the predecessor's own where there is one
    /// @param predecessor_ whose groups may move here; zero for none
    constructor(IIdentityRegistry registry, Migration predecessor_)
        Envelopes(registry)
        EIP712("merogate contexts", "2")
        Migration(predecessor_)
    {}

    /// @notice Applies a request that the account bound to its signer stands behind.
    /// @param envelope at most 8192 bytes, see `Envelopes`
    /// @param signature EIP-712 (65 bytes) or ERC-1271 signature of `Request` by the account; empty when the account sends the call
    function submit(bytes calldata envelope, bytes calldata signature) external {
        Request memory q = _readHead(envelope);
        (bytes32 groupId, uint256 header) = _open(q);
        _checkAccount(q, envelope, signature);
        _apply(q, groupId, header);
    }

    /// @notice Applies a request that its signer's own ed25519 key signed. Needs no binding, and costs some hundred thousand gas more.
    /// @param signature 64 bytes over SHA-256("context-operation/1", zero byte, envelope)
    function submitEd25519(bytes calldata envelope, bytes calldata signature) external {
        Request memory q = _readHead(envelope);
        (bytes32 groupId, uint256 header) = _open(q);
        _checkEd25519(q, envelope, signature);
        _apply(q, groupId, header);
    }

    /// @dev Checks a request by itself and finds the group it is about: the subject, the subject's, or the one it names.
    function _open(Request memory q) private view returns (bytes32 groupId, uint256 header) {
        Fields.check(q.operation, q.pos, q.end);
        _checkDomainAndTime(q);
        groupId = q.subject;
        if (q.operation == CREATE_CONTEXT) {
            if (_contexts[groupId].application != address(0)) revert ContextExists();
            bytes32 given = _givenGroup(q);
            if (given == 0) return (groupId, 0);
            groupId = given;
        } else if (q.operation == UPDATE_APPLICATION) {
            Context memory found = _contexts[groupId];
            if (found.application == address(0)) revert ContextNotFound();
            if (!found.hasOwnGroup) groupId = _groupOf[groupId];
        }
        header = _requireOpen(groupId);
    }

    /// @dev The group that a creation names; zero when it makes its own. No group has the id zero: ids are SHA-256 digests.
    function _givenGroup(Request memory q) private pure returns (bytes32) {
        if (q.end - Fields.afterApplication(q.pos + 32) == 2) return 0;
        bytes32 given = Reader.word(q.end - 32);
        if (given == 0) revert ContextNotFound();
        return given;
    }

    function _apply(Request memory q, bytes32 groupId, uint256 header) private {
        uint8 operation = q.operation;
        if (operation == CLAIM_INVITATION || (operation == CREATE_CONTEXT && header == 0)) {
            uint64 expected = _nonce(_members[groupId][q.signer].value);
            if (q.nonce != expected) revert BadNonce(expected);
            _checkRevisions(q, header);
            if (operation == CLAIM_INVITATION) _claim(q, groupId, header);
            else _create(q, groupId, header);
            return;
        }
        Cell storage cell = _members[groupId][q.signer];
        uint256 signer = cell.value;
        if (!_isMember(signer)) revert NotAMember();
        if (q.nonce != uint64(signer)) revert BadNonce(uint64(signer));
        if (_neededCapabilities(q) & ~_capabilities(signer) != 0) revert Unauthorized();
        _checkRevisions(q, header);
        unchecked {
            cell.value = signer + 1;
        }
        if (operation == ADD_MEMBERS) _addMembers(q, groupId, header);
        else if (operation == REMOVE_MEMBERS) _removeMembers(q, groupId, header);
        else if (operation == GRANT || operation == REVOKE) _changeCapabilities(q, groupId, header);
        else if (operation == UPDATE_APPLICATION) _updateApplication(q);
        else if (operation == CREATE_CONTEXT) _create(q, groupId, header);
        else if (operation == LEAVE) _leave(q, groupId, header, cell);
        else if (operation == SET_ROLE) _setRole(q, groupId, header);
        else if (operation == REVOKE_INVITATION) _revokeInvitation(q, groupId, signer);
        else if (operation == VOID_INVITATIONS) _voidInvitations(q, cell);
        else if (operation == BUMP_NONCE) _bumpNonce(q, header, cell);
        else if (operation == SEAL) _seal(q, groupId, header);
        else if (operation == MIGRATE_TO) _migrateTo(q, groupId, header);
        else _setOptions(q, groupId, header);
    }

    /// @dev Bits that the signer must hold for each operation, a byte at its ordinal. Leaving and moving one's nonce need none, changes of
    /// capabilities the bits they change. There are no other operations: `Fields` lets none through.
    uint256 private constant NEEDED = (uint256(CAPABILITY_MANAGE_CONTEXTS) << (8 * CREATE_CONTEXT))
        | (uint256(CAPABILITY_MANAGE_APPLICATION) << (8 * UPDATE_APPLICATION))
        | (uint256(CAPABILITY_MANAGE_MEMBERS) << (8 * ADD_MEMBERS))
        | (uint256(CAPABILITY_MANAGE_MEMBERS) << (8 * REMOVE_MEMBERS))
        | (uint256(CAPABILITY_MANAGE_MEMBERS) << (8 * REVOKE_INVITATION))
        | (uint256(CAPABILITY_MANAGE_MEMBERS | CAPABILITY_PROXY) << (8 * SEAL))
        | (uint256(CAPABILITY_MANAGE_MEMBERS | CAPABILITY_PROXY) << (8 * MIGRATE_TO))
        | (uint256(CAPABILITY_MANAGE_MEMBERS) << (8 * SET_OPTIONS))
        | (uint256(CAPABILITY_MANAGE_MEMBERS) << (8 * SET_ROLE));

    /// @dev Bits the signer must hold.
    function _neededCapabilities(Request memory q) private pure returns (uint8 needed) {
        uint256 operation = q.operation;
        unchecked {
            needed = uint8(NEEDED >> (8 * operation));
            if (needed != 0) {
                // an inviter may take back its own
                if (operation == REVOKE_INVITATION && Reader.word(Fields.afterDomain(q.pos) + 32) == q.signer) return 0;
            } else if (operation == GRANT || operation == REVOKE) {
                for (uint256 pos = q.pos + 4; pos < q.end; pos += Fields.CHANGE) needed |= Reader.u8(pos + 32);
            }
        }
    }

    /// @dev Whether the revisions are those the signer saw. What does not exist yet has none.
    function _checkRevisions(Request memory q, uint256 header) private view {
        if (q.ifMembersRevision != ANY_REVISION) {
            if (header == 0 || q.ifMembersRevision != uint64(header)) revert RevisionMismatch();
        }
        if (q.ifApplicationRevision != ANY_REVISION) {
            Context memory found = _contexts[q.subject];
            if (found.application == address(0) || q.ifApplicationRevision != found.revision) revert RevisionMismatch();
        }
    }

    /// @dev A context in a group of its own, or in the group that was given.
    function _create(Request memory q, bytes32 groupId, uint256 header) private {
        bytes32 id = _contextId(q.signer, Reader.word(q.pos));
        if (id != q.subject) revert ContextIdMismatch();
        uint256 pos = q.pos + 32;
        uint256 next = Fields.afterApplication(pos);
        bytes calldata application = Reader.slice(pos, next - pos);
        bool isOwn = header == 0;
        uint8 approvers = isOwn ? Reader.u8(next) : 0;
        if (isOwn) {
            header = 1 | (1 << CAPABILITIES_REVISION) | (uint256(approvers) << GROUP_APPROVERS);
            _groups[groupId].value = _insert(
                _members[groupId][q.signer], _slots[groupId], header, q.signer, ROLE_WRITER, ALL_CAPABILITIES
            );
        } else {
            _groupOf[id] = groupId;
        }
        _contexts[id] = Context(SSTORE2.write(application), 1, isOwn);
        emit ContextCreated(q.subject, q.signer, q.nonce, 1, groupId, application, approvers);
    }

    /// @dev Another application; the record that is already there changes nothing.
    function _updateApplication(Request memory q) private {
        Context memory found = _contexts[q.subject];
        bytes calldata application = Reader.slice(q.pos, q.end - q.pos);
        if (keccak256(SSTORE2.read(found.application)) == keccak256(application)) return;
        found.revision++;
        found.application = SSTORE2.write(application);
        _contexts[q.subject] = found;
        emit ApplicationUpdated(q.subject, q.signer, q.nonce, found.revision, application);
    }

    /// @dev New members; those that are already members keep their role.
    function _addMembers(Request memory q, bytes32 groupId, uint256 header) private {
        unchecked {
            uint256 end = q.end - 1;
            uint256 role = Reader.u8(end);
            mapping(bytes32 => Cell) storage table = _members[groupId];
            mapping(uint256 => bytes32) storage slots = _slots[groupId];
            bytes32[] memory added = new bytes32[]((end - q.pos) / 32);
            uint256 count = 0;
            uint256 next = header + 1;
            for (uint256 pos = q.pos + 4; pos < end; pos += 32) {
                bytes32 identity = Reader.word(pos);
                if (!Ed25519.isStrong(identity)) revert WeakKey();
                Cell storage cell = table[identity];
                if (_isMember(cell.value)) continue;
                added[count++] = identity;
                next = _insert(cell, slots, next, identity, role, 0);
            }
            if (count == 0) return;
            _checkBounds(next);
            _groups[groupId].value = next;
            _shorten(added, count);
            emit MembersAdded(q.subject, q.signer, q.nonce, uint64(next), uint8(role), added);
        }
    }

    /// @dev Bits given or taken; the signer holds them all, which was checked before. Only a grant needs its targets to be members.
    function _changeCapabilities(Request memory q, bytes32 groupId, uint256 header) private {
        bool isGrant = q.operation == GRANT;
        uint256 length = (q.end - q.pos - 4) / Fields.CHANGE;
        bytes32[] memory ids = new bytes32[](length);
        uint8[] memory held = new uint8[](length);
        uint256 count = 0;
        for (uint256 pos = q.pos + 4; pos < q.end; pos += Fields.CHANGE) {
            bytes32 identity = Reader.word(pos);
            uint8 bits = Reader.u8(pos + 32);
            Cell storage cell = _members[groupId][identity];
            uint256 found = cell.value;
            if (!_isMember(found)) {
                if (isGrant) revert TargetNotMember();
                continue;
            }
            if (isGrant && _role(found) == ROLE_RELAY) revert RoleForbids();
            uint8 before = _capabilities(found);
            uint8 capabilities = isGrant ? before | bits : before & ~bits;
            if (capabilities == before) continue;
            header = header - (_managers(before) << MANAGERS) + (_managers(capabilities) << MANAGERS);
            cell.value = found ^ (uint256(before ^ capabilities) << CAPABILITIES);
            ids[count] = identity;
            held[count++] = capabilities;
        }
        if (count == 0) return;
        header += 1 << CAPABILITIES_REVISION;
        _checkManaged(header);
        _groups[groupId].value = header;
        _shorten(ids, count);
        assembly ("memory-safe") {
            mstore(held, count)
        }
        emit CapabilitiesChanged(q.subject, q.signer, q.nonce, uint64(header >> CAPABILITIES_REVISION), ids, held);
    }

    /// @dev Roles of members; who holds a capability cannot become a relay.
    function _setRole(Request memory q, bytes32 groupId, uint256 header) private {
        uint8 role = Reader.u8(q.end - 1);
        bytes32[] memory ids = new bytes32[]((q.end - q.pos - 5) / 32);
        uint256 count = 0;
        for (uint256 pos = q.pos + 4; pos < q.end - 1; pos += 32) {
            bytes32 identity = Reader.word(pos);
            Cell storage cell = _members[groupId][identity];
            uint256 found = cell.value;
            if (!_isMember(found)) revert TargetNotMember();
            if (role == ROLE_RELAY && _capabilities(found) != 0) revert RoleForbids();
            if (_role(found) == role) continue;
            cell.value = found ^ (uint256(_role(found) ^ role) << ROLE);
            ids[count++] = identity;
        }
        if (count == 0) return;
        header++;
        _checkBounds(header);
        _groups[groupId].value = header;
        _shorten(ids, count);
        emit RolesChanged(q.subject, q.signer, q.nonce, uint64(header), role, ids);
    }

    /// @dev A higher next nonce for the signer, so that what it signed and did not send is void. It stays at most the first nonce of the
    /// next membership, otherwise what was used before a removal could be used again after it.
    function _bumpNonce(Request memory q, uint256 header, Cell storage cell) private {
        uint256 signer = cell.value;
        uint64 to = Reader.u64(q.pos);
        // the request's own nonce was right
        if (to < uint64(signer)) revert BadNonce(q.nonce);
        if (to > (uint256(uint64(header)) + 1) << 32) revert LimitExceeded();
        cell.value = signer - uint64(signer) + to;
        emit NonceBumped(q.subject, q.signer, q.nonce, 0, to);
    }

    /// @dev No changes any more, ever: a move that was planned is called off.
    function _seal(Request memory q, bytes32 groupId, uint256 header) private {
        _groups[groupId].value = uint256(uint208(header)) | (1 << SEALED);
        emit ContextSealed(q.subject, q.signer, q.nonce, 0);
    }

    /// @dev Other options; those that stand already change nothing.
    function _setOptions(Request memory q, bytes32 groupId, uint256 header) private {
        uint8 approvers = Reader.u8(q.pos);
        uint8 before = uint8(header >> GROUP_APPROVERS);
        if (approvers == before) return;
        _groups[groupId].value = header ^ (uint256(before ^ approvers) << GROUP_APPROVERS);
        emit OptionsChanged(q.subject, q.signer, q.nonce, 0, approvers);
    }
}
