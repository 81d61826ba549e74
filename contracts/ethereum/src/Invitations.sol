// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {LimitExceeded, MAX_LIVE_INVITATIONS} from "./Interface.sol";

/// @notice What is remembered of invitations until they expire: how often each was used, and whether it was revoked. An inviter has at most
/// 64 that live; expired ones make room when it is needed, so their cost falls on whoever needs the room.
abstract contract Invitations {
    /// @notice One invitation. What has expired counts as unknown.
    struct Invitation {
        uint64 notAfter;
        uint32 uses;
        bool isRevoked;
    }

    struct Book {
        /// Nonces of the invitations that are stored.
        uint64[] nonces;
        mapping(uint64 nonce => Invitation) byNonce;
    }

    mapping(bytes32 group => mapping(bytes32 inviter => Book)) private _books;

    /// @notice What is remembered of an invitation; all zero when nothing is.
    function invitation(bytes32 group, bytes32 inviter, uint64 nonce) public view returns (Invitation memory found) {
        found = _books[group][inviter].byNonce[nonce];
        if (found.notAfter < block.timestamp) delete found;
    }

    /// @dev Remembers an invitation that has not expired.
    function _remember(bytes32 group, bytes32 inviter, uint64 nonce, Invitation memory value) internal {
        Book storage book = _books[group][inviter];
        // every stored invitation has an expiry, and stands in the list
        if (book.byNonce[nonce].notAfter == 0) {
            if (book.nonces.length >= MAX_LIVE_INVITATIONS) _prune(book);
            book.nonces.push(nonce);
        }
        book.byNonce[nonce] = value;
    }

    function _prune(Book storage book) private {
        uint256 length = book.nonces.length;
        for (uint256 i = length; i > 0; i--) {
            uint64 nonce = book.nonces[i - 1];
            if (book.byNonce[nonce].notAfter >= block.timestamp) continue;
            delete book.byNonce[nonce];
            book.nonces[i - 1] = book.nonces[book.nonces.length - 1];
            book.nonces.pop();
        }
        if (book.nonces.length >= MAX_LIVE_INVITATIONS) revert LimitExceeded();
    }
}
