// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice What the context contract announces: enough to rebuild contexts, groups and members from the log alone.
abstract contract ContextEvents {
    // Each event has the subject of the request, its signer, the nonce it used, and the revision it moved, 0 where none counts it.

    /// @notice `approvers` are the options of the context's own group; nothing when `group` is another.
    event ContextCreated(
        bytes32 indexed subject,
        bytes32 indexed signer,
        uint64 nonce,
        uint64 revision,
        bytes32 group,
        bytes application,
        uint8 approvers
    );
    event ApplicationUpdated(
        bytes32 indexed subject, bytes32 indexed signer, uint64 nonce, uint64 revision, bytes application
    );
    event MembersAdded(
        bytes32 indexed subject, bytes32 indexed signer, uint64 nonce, uint64 revision, uint8 role, bytes32[] ids
    );
    /// @notice What is kept of `ids` counts until a second; when they are barred they may claim no invitation.
    event MembersRemoved(
        bytes32 indexed subject,
        bytes32 indexed signer,
        uint64 nonce,
        uint64 revision,
        bool barred,
        uint64 until,
        bytes32[] ids
    );
    /// @notice `capabilities` are all bits each of `ids` holds now.
    event CapabilitiesChanged(
        bytes32 indexed subject,
        bytes32 indexed signer,
        uint64 nonce,
        uint64 revision,
        bytes32[] ids,
        uint8[] capabilities
    );
    event RolesChanged(
        bytes32 indexed subject, bytes32 indexed signer, uint64 nonce, uint64 revision, uint8 role, bytes32[] ids
    );
    /// @notice The signer is the new member. `invitation` is the SHA-256 digest of the terms.
    event InvitationClaimed(
        bytes32 indexed subject,
        bytes32 indexed signer,
        uint64 nonce,
        uint64 revision,
        bytes32 invitation,
        bytes32 inviter,
        uint8 role,
        uint8 capabilities,
        uint64 notAfter,
        uint32 maxUses,
        uint64 inviteNonce,
        uint64 membership,
        uint16 series
    );
    event InvitationRevoked(
        bytes32 indexed subject,
        bytes32 indexed signer,
        uint64 nonce,
        uint64 revision,
        bytes32 invitation,
        bytes32 inviter,
        uint8 role,
        uint8 capabilities,
        uint64 notAfter,
        uint32 maxUses,
        uint64 inviteNonce,
        uint64 membership,
        uint16 series
    );
    /// @notice Every invitation that the signer gave in an earlier series is void.
    event InvitationsVoided(
        bytes32 indexed subject, bytes32 indexed signer, uint64 nonce, uint64 revision, uint16 series
    );
    event NonceBumped(bytes32 indexed subject, bytes32 indexed signer, uint64 nonce, uint64 revision, uint64 to);
    event ContextSealed(bytes32 indexed subject, bytes32 indexed signer, uint64 nonce, uint64 revision);
    event OptionsChanged(
        bytes32 indexed subject, bytes32 indexed signer, uint64 nonce, uint64 revision, uint8 approvers
    );
    /// @notice The group moves to another contract at a second, whose 20 bytes `successor` are; no bytes and 0: it stays.
    event MigrationPlanned(
        bytes32 indexed subject,
        bytes32 indexed signer,
        uint64 nonce,
        uint64 revision,
        bytes successor,
        uint64 movesAt
    );
    /// @notice A group is here, with the members and options that the predecessor's log tells of it. What nobody signs has no signer.
    event GroupAdopted(bytes32 indexed subject, bytes32 indexed signer, uint64 nonce, uint64 revision);
    /// @notice A context is here, with the group and the application that the predecessor's log tells of it.
    event ContextAdopted(bytes32 indexed subject, bytes32 indexed signer, uint64 nonce, uint64 revision);
}
