// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {
    CAPABILITY_MANAGE_MEMBERS,
    ContextNotFound,
    LastManager,
    LimitExceeded,
    MAX_MEMBERS,
    MAX_INVITATION_SECONDS,
    MAX_MEMBERS_REVISION,
    MAX_PAGE,
    MAX_VALIDITY_SECONDS,
    Moved,
    Sealed
} from "./Interface.sol";

/// @notice What is stored of groups: a header, a record per member and an index of members by slot. Everything is found by key and nothing
/// is scanned, so the cost of a change does not depend on how many members there are.
abstract contract Groups {
    /// @notice A group. It exists when `membersRevision` is not zero.
    struct Group {
        /// Starts at 1, +1 if and only if the member set or a role changed.
        uint64 membersRevision;
        uint64 capabilitiesRevision;
        /// Members; their slots are 0 .. count - 1.
        uint32 count;
        /// Members that hold manageMembers.
        uint32 managers;
        /// Who may approve proposals: 0 holders of `govern`, 1 all members.
        uint8 approvers;
        bool isSealed;
        /// Second from which on it belongs to another contract, and this one changes nothing of it; 0 while no move is planned.
        uint64 movesAt;
        /// That contract; zero while no move is planned.
        address successor;
    }

    /// @notice A member. It exists when `joinedRevision` is not zero; everything it may do dies with it.
    struct Member {
        /// Next nonce this member must use.
        uint64 nonce;
        /// membersRevision at which it joined.
        uint64 joinedRevision;
        uint32 slot;
        /// 0 writer, 1 reader, 2 relay.
        uint8 role;
        /// Sum of capability bits.
        uint8 capabilities;
        /// Of the invitations that it gives now.
        uint16 series;
    }

    // Both are kept as one word with the fields above from the lowest bit up, and changed as a word: field by field would cost a read
    // and a write of the slot each.

    /// @dev Bit positions in a group's word.
    uint256 internal constant CAPABILITIES_REVISION = 64;
    uint256 internal constant COUNT = 128;
    uint256 internal constant MANAGERS = 160;
    uint256 internal constant GROUP_APPROVERS = 192;
    uint256 internal constant SEALED = 200;
    uint256 internal constant MOVES_AT = 208;
    /// @dev Bit positions in a member's word; the nonce is the lowest.
    uint256 internal constant JOINED_REVISION = 64;
    uint256 internal constant SLOT = 128;
    uint256 internal constant ROLE = 160;
    uint256 internal constant CAPABILITIES = 168;
    uint256 internal constant SERIES = 176;
    /// @dev Whether it came with its group from another contract: one by one, so that it may be here before the group exists.
    uint256 internal constant ADOPTED = 192;
    /// @dev Bit positions in what is kept of who is no member, below the nonce that its next claim must have: whether it may claim none,
    /// and the last second at which any of it counts. It has no joined revision, and holds nothing.
    uint256 internal constant BARRED = 176;
    uint256 internal constant UNTIL = 192;

    /// @dev One word of storage, to be found once and then read and written.
    struct Cell {
        uint256 value;
    }

    mapping(bytes32 group => Cell) internal _groups;
    mapping(bytes32 group => mapping(bytes32 identity => Cell)) internal _members;
    mapping(bytes32 group => mapping(uint256 slot => bytes32 identity)) internal _slots;
    /// @dev Counts while the group's word says when it moves.
    mapping(bytes32 group => address) internal _successors;

    /// @notice A group's header. Reverts with ContextNotFound for an unknown group.
    function group(bytes32 id) external view returns (Group memory) {
        uint256 header = _require(id);
        return Group(
            uint64(header),
            uint64(header >> CAPABILITIES_REVISION),
            uint32(header >> COUNT),
            uint32(header >> MANAGERS),
            uint8(header >> GROUP_APPROVERS),
            _isSealed(header),
            uint64(header >> MOVES_AT),
            header >> MOVES_AT == 0 ? address(0) : _successors[id]
        );
    }

    /// @notice A member's record. Of who is none all is zero, but the nonce that its next claim of an invitation must have. Reverts with
    /// ContextNotFound for an unknown group.
    function member(bytes32 groupId, bytes32 identity) external view returns (Member memory record) {
        uint256 found = _members[groupId][identity].value;
        if (found == 0 || _isAdopted(found)) _require(groupId);
        if (_isMember(found)) return _unpack(found);
        record.nonce = _nonce(found);
    }

    /// @notice A page of members in the order of their slots, at most 100 whatever is asked for. Start over when another page shows another
    /// revision. Reverts with ContextNotFound for an unknown group.
    function members(bytes32 groupId, uint256 offset, uint256 length)
        external
        view
        returns (uint64 revision, uint32 total, bytes32[] memory identities, Member[] memory records)
    {
        uint256 header = _require(groupId);
        revision = uint64(header);
        total = uint32(header >> COUNT);
        uint256 rest = offset < total ? total - offset : 0;
        if (length > MAX_PAGE) length = MAX_PAGE;
        if (length > rest) length = rest;
        identities = new bytes32[](length);
        records = new Member[](length);
        for (uint256 i = 0; i < length; i++) {
            identities[i] = _slots[groupId][offset + i];
            records[i] = _unpack(_members[groupId][identities[i]].value);
        }
    }

    function _unpack(uint256 found) private pure returns (Member memory) {
        return Member(
            uint64(found),
            uint64(found >> JOINED_REVISION),
            uint32(found >> SLOT),
            _role(found),
            _capabilities(found),
            _series(found)
        );
    }

    function _require(bytes32 id) internal view returns (uint256 header) {
        header = _groups[id].value;
        if (header == 0) revert ContextNotFound();
    }

    /// @dev Whether a member's word came from another contract. What is kept of who went has a second there.
    function _isAdopted(uint256 found) internal pure returns (bool) {
        return found >> ADOPTED == 1;
    }

    /// @dev The header of a group that may be changed.
    function _requireOpen(bytes32 id) internal view returns (uint256 header) {
        header = _require(id);
        if (_isSealed(header)) revert Sealed();
        unchecked {
            // no second at all counts as one that never comes
            if ((header >> MOVES_AT) - 1 < block.timestamp) revert Moved();
        }
    }

    /// @dev Whether a word is a member's; otherwise it is empty, or what is kept of who went.
    function _isMember(uint256 found) internal pure returns (bool) {
        return uint64(found >> JOINED_REVISION) != 0;
    }

    /// @dev Whether what is kept of who is no member still counts.
    function _counts(uint256 found) private view returns (bool) {
        return found >> UNTIL >= block.timestamp;
    }

    /// @dev The nonce of an identity's next operation: a member's, and that of a claim by who is none.
    function _nonce(uint256 found) internal view returns (uint64) {
        return _isMember(found) || _counts(found) ? uint64(found) : 0;
    }

    /// @dev Whether who is no member may claim no invitation.
    function _isBarred(uint256 found) internal view returns (bool) {
        return (found >> BARRED) & 1 == 1 && _counts(found);
    }

    /// @dev What is kept of those who go now, besides their nonces: until nothing that they signed is good any more, and barred until no
    /// ticket of today is.
    function _departure(bool mayReturn) internal view returns (uint256) {
        unchecked {
            if (mayReturn) return (block.timestamp + MAX_VALIDITY_SECONDS) << UNTIL;
            return ((block.timestamp + MAX_INVITATION_SECONDS) << UNTIL) | (1 << BARRED);
        }
    }

    function _isSealed(uint256 header) internal pure returns (bool) {
        return (header >> SEALED) & 1 == 1;
    }

    function _role(uint256 found) internal pure returns (uint8) {
        return uint8(found >> ROLE);
    }

    function _capabilities(uint256 found) internal pure returns (uint8) {
        return uint8(found >> CAPABILITIES);
    }

    function _series(uint256 found) internal pure returns (uint16) {
        return uint16(found >> SERIES);
    }

    /// @dev Whether a changed header keeps the bounds of its counters.
    function _checkBounds(uint256 header) internal pure {
        if (uint64(header) > MAX_MEMBERS_REVISION || uint32(header >> COUNT) > MAX_MEMBERS) revert LimitExceeded();
    }

    /// @dev A new member in the last slot of a group; the changed header is the caller's to check and to store. The revision it joins at is
    /// the header's: move it first. Its first nonce is that revision times 2^32: the revision only grows, so whoever comes back starts
    /// above every nonce it ever had. What was kept of who went is for its claims, which come before the record.
    function _insert(
        Cell storage cell,
        mapping(uint256 slot => bytes32 identity) storage slots,
        uint256 header,
        bytes32 identity,
        uint256 role,
        uint256 capabilities
    ) internal returns (uint256) {
        uint256 slot = uint32(header >> COUNT);
        uint256 revision = uint64(header);
        cell.value = (revision << 32) | (revision << JOINED_REVISION) | (slot << SLOT) | (role << ROLE)
            | (capabilities << CAPABILITIES);
        slots[slot] = identity;
        unchecked {
            return header + (1 << COUNT) + (_managers(capabilities) << MANAGERS);
        }
    }

    /// @dev Removes a member, of which its nonce is kept with its departure; the one in the last slot takes its place. The changed header
    /// is the caller's to store.
    function _remove(
        mapping(bytes32 identity => Cell) storage table,
        mapping(uint256 slot => bytes32 identity) storage slots,
        uint256 header,
        Cell storage cell,
        uint256 departure
    ) internal returns (uint256) {
        uint256 gone = cell.value;
        cell.value = uint64(gone) | departure;
        unchecked {
            header -= (1 << COUNT) + (_managers(_capabilities(gone)) << MANAGERS);
        }
        uint256 last = uint32(header >> COUNT);
        uint256 slot = uint32(gone >> SLOT);
        if (slot != last) {
            bytes32 moved = slots[last];
            Cell storage other = table[moved];
            other.value = (other.value & ~(uint256(type(uint32).max) << SLOT)) | (slot << SLOT);
            slots[slot] = moved;
        }
        delete slots[last];
        return header;
    }

    /// @dev 1 for a holder of manageMembers, otherwise 0.
    function _managers(uint256 capabilities) internal pure returns (uint256) {
        return (capabilities & CAPABILITY_MANAGE_MEMBERS) >> 1;
    }

    /// @dev Cuts a list to its first `count` items.
    function _shorten(bytes32[] memory ids, uint256 count) internal pure {
        assembly ("memory-safe") {
            mstore(ids, count)
        }
    }

    /// @dev No operation but sealing may leave a group without anybody who manages its members.
    function _checkManaged(uint256 header) internal pure {
        if (uint32(header >> MANAGERS) == 0) revert LastManager();
    }
}
