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
    event MembersRemoved(
        bytes32 indexed subject, bytes32 indexed signer, uint64 nonce, uint64 revision, bytes32[] ids
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
    /// @notice The signer is the new member.
    event InvitationClaimed(
        bytes32 indexed subject,
        bytes32 indexed signer,
        uint64 nonce,
        uint64 revision,
        bytes32 inviter,
        uint64 inviteNonce,
        uint8 role,
        uint8 capabilities
    );
    event InvitationRevoked(
        bytes32 indexed subject,
        bytes32 indexed signer,
        uint64 nonce,
        uint64 revision,
        bytes32 inviter,
        uint64 inviteNonce
    );
    event NonceBumped(bytes32 indexed subject, bytes32 indexed signer, uint64 nonce, uint64 revision, uint64 to);
    event ContextSealed(bytes32 indexed subject, bytes32 indexed signer, uint64 nonce, uint64 revision);
    event OptionsChanged(
        bytes32 indexed subject, bytes32 indexed signer, uint64 nonce, uint64 revision, uint8 approvers
    );
}
