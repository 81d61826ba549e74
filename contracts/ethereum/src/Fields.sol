// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {
    ALL_CAPABILITIES,
    ADD_MEMBERS,
    APPROVERS,
    BUMP_NONCE,
    CLAIM_INVITATION,
    CREATE_CONTEXT,
    GRANT,
    LEAVE,
    LimitExceeded,
    MAX_BATCH,
    MAX_CONTRACT_BYTES,
    MAX_METADATA_BYTES,
    MAX_SOURCE_BYTES,
    Malformed,
    MIGRATE_TO,
    REMOVE_MEMBERS,
    REVOKE,
    REVOKE_INVITATION,
    ROLES,
    SEAL,
    SET_OPTIONS,
    SET_ROLE,
    UPDATE_APPLICATION,
    VOID_INVITATIONS
} from "./Interface.sol";
import {Reader} from "./lib/Reader.sol";

/// @notice The fields of each operation on contexts and groups: their layout and their bounds, before anything is looked up. Layouts are
/// those of `src/node/anchor/envelope.ts`. An application is {id 32, blob 32, size u64, source text, metadata bytes}; a change of
/// capabilities {identity 32, bits u8}; the terms of an invitation {domain, group 32, inviter 32, claim key 32, role u8, capabilities
/// u8, notAfter u64, maxUses u32, inviteNonce u64, membership u64, series u16}.
library Fields {
    /// @dev Bytes of a capability change.
    uint256 internal constant CHANGE = 33;
    /// @dev Bytes of an invitation's terms, behind their domain.
    uint256 internal constant TERMS = 128;

    /// @notice Reverts with Malformed unless the fields of the operation fill the bytes from `pos` to `end`, with LimitExceeded when a list
    /// or text is too long, and with Malformed for lists that are empty or repeat somebody and for bits that are none.
    function check(uint8 operation, uint256 pos, uint256 end) internal pure {
        unchecked {
            if (operation == ADD_MEMBERS || operation == SET_ROLE) {
                uint256 count = Reader.u32(pos);
                uint256 next = pos + 4 + count * 32;
                Reader.ordinal(next, ROLES);
                _end(next + 1, end);
                _checkList(pos + 4, count, 32);
            } else if (operation == REMOVE_MEMBERS) {
                uint256 count = Reader.u32(pos);
                uint256 next = pos + 4 + count * 32;
                Reader.ordinal(next, 2);
                _end(next + 1, end);
                _checkList(pos + 4, count, 32);
            } else if (operation == GRANT || operation == REVOKE) {
                uint256 count = Reader.u32(pos);
                _end(pos + 4 + count * CHANGE, end);
                _checkList(pos + 4, count, CHANGE);
                for (uint256 change = pos + 36; change < end; change += CHANGE) {
                    uint8 bits = Reader.u8(change);
                    if (bits == 0 || bits & ~ALL_CAPABILITIES != 0) revert Malformed();
                }
            } else if (operation == CREATE_CONTEXT) {
                (uint256 next, bool isLong) = _application(pos + 32, end);
                Reader.ordinal(next, APPROVERS);
                bool hasGroup = Reader.ordinal(next + 1, 2) == 1;
                _end(hasGroup ? next + 34 : next + 2, end);
                if (isLong) revert LimitExceeded();
            } else if (operation == UPDATE_APPLICATION) {
                (uint256 next, bool isLong) = _application(pos, end);
                _end(next, end);
                if (isLong) revert LimitExceeded();
            } else if (operation == CLAIM_INVITATION || operation == REVOKE_INVITATION) {
                uint256 next = afterDomain(pos);
                Reader.ordinal(next + 96, ROLES);
                // the inviter's signature, and that of the claim key
                _end(next + TERMS + (operation == CLAIM_INVITATION ? 128 : 64), end);
                if (Reader.u8(next + 97) & ~ALL_CAPABILITIES != 0) revert Malformed();
            } else if (operation == BUMP_NONCE) {
                _end(pos + 8, end);
            } else if (operation == LEAVE || operation == SEAL || operation == VOID_INVITATIONS) {
                _end(pos, end);
            } else if (operation == SET_OPTIONS) {
                Reader.ordinal(pos, APPROVERS);
                _end(pos + 1, end);
            } else if (operation == MIGRATE_TO) {
                uint256 length = Reader.u32(pos);
                _end(pos + 4 + length, end);
                if (length > MAX_CONTRACT_BYTES) revert LimitExceeded();
            } else {
                revert Malformed();
            }
        }
    }

    /// @notice Position behind an application that was checked.
    function afterApplication(uint256 pos) internal pure returns (uint256 next) {
        unchecked {
            next = pos + 76 + Reader.u32(pos + 72);
            next += 4 + Reader.u32(next);
        }
    }

    /// @notice Position behind the domain that begins an invitation's terms.
    function afterDomain(uint256 pos) internal pure returns (uint256 next) {
        unchecked {
            return pos + 37 + Reader.u32(pos + 33);
        }
    }

    function _application(uint256 pos, uint256 end) private pure returns (uint256 next, bool isLong) {
        uint256 source;
        uint256 metadata;
        unchecked {
            (source, next) = Reader.text(pos + 72, end);
        }
        (metadata, next) = Reader.list(next, 1, end);
        isLong = source > MAX_SOURCE_BYTES || metadata > MAX_METADATA_BYTES;
    }

    /// @dev What was read ends where the message ends. Positions only grow, so this says of all of it that it lay within; what was read
    /// beyond counts for nothing.
    function _end(uint256 pos, uint256 end) private pure {
        if (pos != end) revert Malformed();
    }

    /// @dev A list of identities, each the first 32 bytes of `size`: at most a batch, not empty, nobody twice.
    function _checkList(uint256 pos, uint256 count, uint256 size) private pure {
        if (count > MAX_BATCH) revert LimitExceeded();
        if (count == 0) revert Malformed();
        unchecked {
            uint256 end = pos + count * size;
            for (uint256 a = pos + size; a < end; a += size) {
                bytes32 identity = Reader.word(a);
                for (uint256 b = pos; b < a; b += size) {
                    if (Reader.word(b) == identity) revert Malformed();
                }
            }
        }
    }
}
