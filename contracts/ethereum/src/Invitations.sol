// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {LimitExceeded, MAX_LIVE_INVITATIONS} from "./Interface.sol";

/// @notice What is remembered of invitations until they expire: how often each was used, and whether it was revoked. An invitation is known
/// by the digest of its terms, so two are never taken for one. Each takes a place of the member at whose expense it is remembered, who has
/// 64; expired ones make room when it is needed, so their cost falls on whoever needs the room.
abstract contract Invitations {
    /// @notice One invitation. What has expired counts as unknown.
    struct Invitation {
        uint64 notAfter;
        uint32 uses;
        bool isRevoked;
    }

    mapping(bytes32 digest => Invitation) private _invitations;
    /// @dev Of each book, until when its places are taken.
    mapping(bytes32 book => uint64[]) private _places;

    /// @notice What is remembered of the invitation whose terms have a SHA-256 digest; all zero when nothing is.
    function invitation(bytes32 digest) public view returns (Invitation memory found) {
        found = _invitations[digest];
        if (found.notAfter < block.timestamp) delete found;
    }

    /// @dev Remembers an invitation that has not expired. One that was not known takes a place in the book.
    function _remember(bytes32 book, bytes32 digest, Invitation memory value) internal {
        Invitation storage known = _invitations[digest];
        if (known.notAfter == 0) {
            uint64[] storage places = _places[book];
            if (places.length >= MAX_LIVE_INVITATIONS) _prune(places);
            places.push(value.notAfter);
        }
        _invitations[digest] = value;
    }

    function _prune(uint64[] storage places) private {
        for (uint256 i = places.length; i > 0; i--) {
            if (places[i - 1] >= block.timestamp) continue;
            places[i - 1] = places[places.length - 1];
            places.pop();
        }
        if (places.length >= MAX_LIVE_INVITATIONS) revert LimitExceeded();
    }
}
