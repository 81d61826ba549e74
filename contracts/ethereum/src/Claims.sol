// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {ContextEvents} from "./ContextEvents.sol";
import {Envelopes} from "./Envelopes.sol";
import {Fields} from "./Fields.sol";
import {Groups} from "./Groups.sol";
import {
    AlreadyMember,
    CAPABILITY_MANAGE_MEMBERS,
    Expired,
    InvitationInvalid,
    InvitationRevoked as InvitationRevoked_,
    InvitationUsed,
    LimitExceeded,
    MAX_INVITATION_SECONDS,
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
        "Invitation(bytes32 group,bytes32 inviter,bytes32 claimKey,uint8 role,uint8 capabilities,uint64 notAfter,uint32 maxUses,uint64 inviteNonce)"
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
        /// Position behind them.
        uint256 next;
    }

    /// @dev The signer becomes a member with the role and the bits of an invitation.
    function _claim(Request memory q, bytes32 groupId, uint256 header) internal {
        Terms memory terms = _readTerms(q);
        _checkProofs(q, groupId, terms);
        if (block.timestamp > terms.notAfter) revert Expired();
        if (terms.notAfter > block.timestamp + MAX_INVITATION_SECONDS) revert LimitExceeded();
        Invitation memory known = invitation(groupId, terms.inviter, terms.inviteNonce);
        if (known.isRevoked) revert InvitationRevoked_();
        if (known.uses >= terms.maxUses) revert InvitationUsed();
        Cell storage cell = _members[groupId][q.signer];
        if (cell.value != 0) revert AlreadyMember();
        if (terms.role == ROLE_RELAY && terms.capabilities != 0) revert RoleForbids();
        if (terms.notAfter > known.notAfter) known.notAfter = terms.notAfter;
        known.uses++;
        _remember(groupId, terms.inviter, terms.inviteNonce, known);
        header = _insert(cell, _slots[groupId], header + 1, q.signer, terms.role, terms.capabilities);
        _checkBounds(header);
        _groups[groupId].value = header;
        emit InvitationClaimed(
            q.subject,
            q.signer,
            q.nonce,
            uint64(header),
            terms.inviter,
            terms.inviteNonce,
            terms.role,
            terms.capabilities
        );
    }

    function _readTerms(Request memory q) private view returns (Terms memory terms) {
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
        terms.inviteNonce = Reader.u64(next + 110);
        terms.next = next + 118;
    }

    /// @dev Whether the invitation was really given, for this group, to this claimant, by somebody who still may. The claim key is an
    /// account: its address in the low 20 bytes.
    function _checkProofs(Request memory q, bytes32 groupId, Terms memory terms) private view {
        if (terms.group != groupId) revert InvitationInvalid();
        bytes32 digest =
            sha256(abi.encodePacked(TAG_INVITATION, uint8(0), Reader.slice(q.pos, terms.next - q.pos)));
        if (!_isInviters(terms, digest)) revert InvitationInvalid();
        bytes32 claim = _hashTypedDataV4(keccak256(abi.encode(CLAIM_TYPEHASH, digest, q.signer)));
        address claimKey = address(uint160(uint256(terms.claimKey)));
        bool isClaimed = bytes32(uint256(uint160(claimKey))) == terms.claimKey
            && _recovers(claimKey, claim, Reader.word(terms.next + 64), Reader.word(terms.next + 96));
        if (!isClaimed) revert InvitationInvalid();
        uint8 needed = CAPABILITY_MANAGE_MEMBERS | terms.capabilities;
        if (_capabilities(_members[groupId][terms.inviter].value) & needed != needed) revert InvitationInvalid();
    }

    /// @dev The inviter's word: an EIP-712 signature of the account it is bound to, in ERC-2098 form, or its own over the digest.
    function _isInviters(Terms memory terms, bytes32 digest) private view returns (bool) {
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
                    terms.inviteNonce
                )
            )
        );
        return _recovers(account, typed, r, s) || identities.verifyEd25519(terms.inviter, digest, r, s);
    }

    function _recovers(address account, bytes32 digest, bytes32 r, bytes32 vs) private pure returns (bool) {
        (address recovered, ECDSA.RecoverError problem,) = ECDSA.tryRecover(digest, r, vs);
        return problem == ECDSA.RecoverError.NoError && recovered == account;
    }

    /// @dev No more claims of an invitation. One that has expired, or was revoked before, needs nothing.
    function _revokeInvitation(Request memory q, bytes32 groupId) internal {
        bytes32 inviter = Reader.word(q.pos);
        uint64 inviteNonce = Reader.u64(q.pos + 32);
        uint64 notAfter = Reader.u64(q.pos + 40);
        if (notAfter > block.timestamp + MAX_INVITATION_SECONDS) revert LimitExceeded();
        Invitation memory known = invitation(groupId, inviter, inviteNonce);
        if (known.notAfter > notAfter) notAfter = known.notAfter;
        if (notAfter < block.timestamp || (known.isRevoked && known.notAfter == notAfter)) return;
        known.isRevoked = true;
        known.notAfter = notAfter;
        _remember(groupId, inviter, inviteNonce, known);
        emit InvitationRevoked(q.subject, q.signer, q.nonce, 0, inviter, inviteNonce);
    }
}
