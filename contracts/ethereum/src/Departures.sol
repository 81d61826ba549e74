// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ContextEvents} from "./ContextEvents.sol";
import {Envelopes} from "./Envelopes.sol";
import {Groups} from "./Groups.sol";
import {Reader} from "./lib/Reader.sol";

/// @notice How members go, by themselves or removed.
abstract contract Departures is Envelopes, Groups, ContextEvents {
    /// @dev Members go, with everything they may do. Unless they may return, none of those named comes back by an invitation: also who left
    /// a moment before, or was no member at all.
    function _removeMembers(Request memory q, bytes32 groupId, uint256 header) internal {
        unchecked {
            uint256 end = q.end - 1;
            bool mayReturn = Reader.u8(end) == 1;
            uint256 departure = _departure(mayReturn);
            mapping(bytes32 => Cell) storage table = _members[groupId];
            mapping(uint256 => bytes32) storage slots = _slots[groupId];
            bytes32[] memory removed = new bytes32[]((end - q.pos) / 32);
            uint256 count = 0;
            for (uint256 pos = q.pos + 4; pos < end; pos += 32) {
                bytes32 identity = Reader.word(pos);
                Cell storage cell = table[identity];
                uint256 found = cell.value;
                if (_isMember(found)) header = _remove(table, slots, header, cell, departure);
                else if (mayReturn || _isBarred(found)) continue;
                else cell.value = _nonce(found) | departure;
                removed[count++] = identity;
            }
            if (count == 0) return;
            _shorten(removed, count);
            _finishRemoval(q, groupId, header, departure, removed);
        }
    }

    /// @dev The signer goes, and may return.
    function _leave(Request memory q, bytes32 groupId, uint256 header, Cell storage cell) internal {
        uint256 departure = _departure(true);
        header = _remove(_members[groupId], _slots[groupId], header, cell, departure);
        bytes32[] memory removed = new bytes32[](1);
        removed[0] = q.signer;
        _finishRemoval(q, groupId, header, departure, removed);
    }

    function _finishRemoval(
        Request memory q,
        bytes32 groupId,
        uint256 header,
        uint256 departure,
        bytes32[] memory removed
    ) private {
        unchecked {
            header++;
        }
        _checkBounds(header);
        _checkManaged(header);
        _groups[groupId].value = header;
        bool isBarred = (departure >> BARRED) & 1 == 1;
        emit MembersRemoved(
            q.subject, q.signer, q.nonce, uint64(header), isBarred, uint64(departure >> UNTIL), removed
        );
    }
}
