// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {ContextEvents} from "./ContextEvents.sol";
import {Envelopes} from "./Envelopes.sol";
import {Fields} from "./Fields.sol";
import {Groups} from "./Groups.sol";
import {
    AlreadyMember,
    Barred,
    CAPABILITY_MANAGE_MEMBERS,
    Expired,
    InvitationInvalid,
    InvitationRevoked as InvitationRevoked_,
    InvitationUsed,
    LimitExceeded,
    MAX_INVITATION_SECONDS,
    MAX_SERIES,
    ROLE_RELAY,
    RoleForbids,
    TAG_INVITATION,
    WrongDomain
} from "./Interface.sol";
import {Invitations} from "./Invitations.sol";
import {Reader} from "./lib/Reader.sol";

/// @notice The rules of invitations: a claim joins its signer, a revocation ends an invitation before its time.
abstract contract Claims is Envelopes, Groups, Invitations, ContextEvents {
    /// @notice EIP-712 type of an invitation that an inviter's account signs.
    bytes32 public constant INVITATION_TYPEHASH = keccak256(
        "Invitation(bytes32 group,bytes32 inviter,bytes32 claimKey,uint8 role,uint8 capabilities,uint64 notAfter,uint32 maxUses,uint64 inviteNonce,uint64 membership,uint16 series)"
    );
    /// @notice EIP-712 type of what a claim key signs. `invitation` is the SHA-256 digest of the terms, as an inviter's ed25519 key signs it.
    bytes32 public constant CLAIM_TYPEHASH = keccak256("Claim(bytes32 invitation,bytes32 claimant)");

    /// @dev The terms of an invitation, as `Fields` lays them out.
    struct Terms {
        bytes32 group;
        bytes32 inviter;
        bytes32 claimKey;
        uint8 role;
        uint8 capabilities;
        uint64 notAfter;
        uint32 maxUses;
        uint64 inviteNonce;
        /// The inviter's joined revision: an invitation ends with the membership that it was given in.
        uint64 membership;
        /// The inviter's series of invitations: it ends when the inviter voids them.
        uint16 series;
        /// Position behind them.
        uint256 next;
        /// SHA-256 of them, as the inviter signs it.
        bytes32 digest;
    }

    /// @dev The signer becomes a member with the role and the bits of an invitation.
    function _claim(Request memory q, bytes32 groupId, uint256 header) internal {
        (Terms memory terms, uint256 inviter) = _readGiven(q, groupId);
        _checkClaim(q, terms, inviter);
        if (block.timestamp > terms.notAfter) revert Expired();
        if (terms.notAfter > block.timestamp + MAX_INVITATION_SECONDS) revert LimitExceeded();
        Invitation memory known = _recall(terms);
        Cell storage cell = _members[groupId][q.signer];
        uint256 found = cell.value;
        if (_isMember(found)) revert AlreadyMember();
        if (_isBarred(found)) revert Barred();
        if (terms.role == ROLE_RELAY && terms.capabilities != 0) revert RoleForbids();
        known.uses++;
        _remember(_book(groupId, terms.inviter, inviter), terms.digest, known);
        header = _insert(cell, _slots[groupId], header + 1, q.signer, terms.role, terms.capabilities);
        _checkBounds(header);
        _groups[groupId].value = header;
        emit InvitationClaimed(
            q.subject,
            q.signer,
            q.nonce,
            uint64(header),
            terms.digest,
            terms.inviter,
            terms.role,
            terms.capabilities,
            terms.notAfter,
            terms.maxUses,
            terms.inviteNonce,
            terms.membership,
            terms.series
        );
    }

    /// @dev No more claims of an invitation. It takes a place of whoever revokes, and stays revoked when that goes: an invitation that leaked
    /// must not come back to life. What nobody can use any more is not revoked. `signer` is its word in the group.
    function _revokeInvitation(Request memory q, bytes32 groupId, uint256 signer) internal {
        (Terms memory terms,) = _readGiven(q, groupId);
        if (block.timestamp > terms.notAfter) revert Expired();
        Invitation memory known = _recall(terms);
        known.isRevoked = true;
        _remember(_book(groupId, q.signer, signer), terms.digest, known);
        emit InvitationRevoked(
            q.subject,
            q.signer,
            q.nonce,
            0,
            terms.digest,
            terms.inviter,
            terms.role,
            terms.capabilities,
            terms.notAfter,
            terms.maxUses,
            terms.inviteNonce,
            terms.membership,
            terms.series
        );
    }

    /// @dev Every invitation that the signer gave until now is void, and the places that they took are free.
    function _voidInvitations(Request memory q, Cell storage cell) internal {
        uint256 signer = cell.value;
        uint16 series = _series(signer);
        if (series >= MAX_SERIES) revert LimitExceeded();
        unchecked {
            series++;
            cell.value = signer + (1 << SERIES);
        }
        emit InvitationsVoided(q.subject, q.signer, q.nonce, 0, series);
    }

    /// @dev An invitation that was really given for this group, by a member that is one since and has not voided it; with the inviter's word in
    /// the group.
    function _readGiven(Request memory q, bytes32 groupId) private view returns (Terms memory terms, uint256 inviter) {
        uint256 pos = q.pos;
        uint256 next = Fields.afterDomain(pos);
        // the envelope's own domain was compared with ours before
        if (!_isOurDomain(pos, next - pos - 37)) revert WrongDomain();
        terms.group = Reader.word(next);
        terms.inviter = Reader.word(next + 32);
        terms.claimKey = Reader.word(next + 64);
        terms.role = Reader.u8(next + 96);
        terms.capabilities = Reader.u8(next + 97);
        terms.notAfter = Reader.u64(next + 98);
        terms.maxUses = Reader.u32(next + 106);
        (terms.inviteNonce, terms.membership) = Reader.u64Pair(next + 110);
        terms.series = Reader.u16(next + 126);
        terms.next = next + Fields.TERMS;
        terms.digest = sha256(abi.encodePacked(TAG_INVITATION, uint8(0), Reader.slice(pos, terms.next - pos)));
        inviter = _members[groupId][terms.inviter].value;
        bool isGiven = terms.group == groupId && _isMember(inviter)
            && uint64(inviter >> JOINED_REVISION) == terms.membership && _series(inviter) == terms.series;
        if (!isGiven || !_isInviters(terms)) revert InvitationInvalid();
    }

    /// @dev Whether it was given to this claimant, by somebody who still may. The claim key is an account: its address in the low 20 bytes.
    function _checkClaim(Request memory q, Terms memory terms, uint256 inviter) private view {
        uint8 needed = CAPABILITY_MANAGE_MEMBERS | terms.capabilities;
        if (_capabilities(inviter) & needed != needed) revert InvitationInvalid();
        bytes32 claim = _hashTypedDataV4(keccak256(abi.encode(CLAIM_TYPEHASH, terms.digest, q.signer)));
        address claimKey = address(uint160(uint256(terms.claimKey)));
        bool isClaimed = bytes32(uint256(uint160(claimKey))) == terms.claimKey
            && _recovers(claimKey, claim, Reader.word(terms.next + 64), Reader.word(terms.next + 96));
        if (!isClaimed) revert InvitationInvalid();
    }

    /// @dev What is remembered of an invitation that has not expired, and that somebody may still use.
    function _recall(Terms memory terms) private view returns (Invitation memory known) {
        known = invitation(terms.digest);
        if (known.isRevoked) revert InvitationRevoked_();
        if (known.uses >= terms.maxUses) revert InvitationUsed();
        known.notAfter = terms.notAfter;
    }

    /// @dev The places of a member in one membership and one series of invitations. They are given up with either; what was revoked at their
    /// expense stays revoked.
    function _book(bytes32 groupId, bytes32 identity, uint256 found) private pure returns (bytes32) {
        return keccak256(abi.encode(groupId, identity, uint64(found >> JOINED_REVISION), _series(found)));
    }

    /// @dev The inviter's word: an EIP-712 signature of the account it is bound to, in ERC-2098 form, or its own over the digest.
    function _isInviters(Terms memory terms) private view returns (bool) {
        bytes32 r = Reader.word(terms.next);
        bytes32 s = Reader.word(terms.next + 32);
        address account = _accountOf(terms.inviter);
        bytes32 typed = _hashTypedDataV4(
            keccak256(
                abi.encode(
                    INVITATION_TYPEHASH,
                    terms.group,
                    terms.inviter,
                    terms.claimKey,
                    terms.role,
                    terms.capabilities,
                    terms.notAfter,
                    terms.maxUses,
                    terms.inviteNonce,
                    terms.membership,
                    terms.series
                )
            )
        );
        return _recovers(account, typed, r, s) || identities.verifyEd25519(terms.inviter, terms.digest, r, s);
    }

    function _recovers(address account, bytes32 digest, bytes32 r, bytes32 vs) private pure returns (bool) {
        (address recovered, ECDSA.RecoverError problem,) = ECDSA.tryRecover(digest, r, vs);
        return problem == ECDSA.RecoverError.NoError && recovered == account;
    }
}
