// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

// Generated from contracts/interface.json by `node scripts/build-contracts.ts`. Do not edit.

// Chain number in domains.
uint8 constant CHAIN_EVM = 3;

// Tags of hashes; each is followed by a zero byte.
string constant TAG_OPERATION = "context-operation/1";
string constant TAG_CONTEXT_ID = "context-id/1";
string constant TAG_INVITATION = "context-invitation/1";
string constant TAG_CLAIM = "context-claim/1";
string constant TAG_BIND = "identity-bind/1";
string constant TAG_PACKAGE = "package-id/1";

// Roles and approver policies: how many there are, and ordinals.
uint256 constant ROLES = 3;
uint256 constant APPROVERS = 2;
uint8 constant ROLE_WRITER = 0;
uint8 constant ROLE_READER = 1;
uint8 constant ROLE_RELAY = 2;

// Capability bits.
uint8 constant CAPABILITY_MANAGE_APPLICATION = 1;
uint8 constant CAPABILITY_MANAGE_MEMBERS = 2;
uint8 constant CAPABILITY_PROXY = 4;
uint8 constant CAPABILITY_GOVERN = 8;
uint8 constant CAPABILITY_MANAGE_CONTEXTS = 16;
uint8 constant ALL_CAPABILITIES = 31;

// Ordinals of operations.
uint8 constant CREATE_CONTEXT = 0;
uint8 constant UPDATE_APPLICATION = 1;
uint8 constant ADD_MEMBERS = 2;
uint8 constant REMOVE_MEMBERS = 3;
uint8 constant GRANT = 4;
uint8 constant REVOKE = 5;
uint8 constant LEAVE = 6;
uint8 constant CLAIM_INVITATION = 9;
uint8 constant REVOKE_INVITATION = 10;
uint8 constant BUMP_NONCE = 11;
uint8 constant SEAL = 12;
uint8 constant SET_OPTIONS = 13;
uint8 constant SET_ROLE = 14;
uint8 constant VOID_INVITATIONS = 15;
uint8 constant MIGRATE_TO = 22;
uint8 constant CREATE_PACKAGE = 16;
uint8 constant PUBLISH_RELEASE = 17;
uint8 constant YANK_RELEASE = 18;
uint8 constant ADD_OWNER = 19;
uint8 constant REMOVE_OWNER = 20;
uint8 constant ACCEPT_OWNERSHIP = 21;

/// @notice keccak256 of what wallets show of an operation. Reverts for what is none.
function wordsOf(uint8 operation) pure returns (bytes32) {
    if (operation == CREATE_CONTEXT) return keccak256("create this context");
    if (operation == UPDATE_APPLICATION) return keccak256("change the application of this context");
    if (operation == ADD_MEMBERS) return keccak256("add members to this group");
    if (operation == REMOVE_MEMBERS) return keccak256("remove members from this group");
    if (operation == GRANT) return keccak256("grant capabilities in this group");
    if (operation == REVOKE) return keccak256("take capabilities away in this group");
    if (operation == LEAVE) return keccak256("leave this group");
    if (operation == CLAIM_INVITATION) return keccak256("join this group by an invitation");
    if (operation == REVOKE_INVITATION) return keccak256("revoke an invitation to this group");
    if (operation == BUMP_NONCE) return keccak256("void what I signed for this group");
    if (operation == SEAL) return keccak256("seal this group for ever");
    if (operation == SET_OPTIONS) return keccak256("change the options of this group");
    if (operation == SET_ROLE) return keccak256("change roles in this group");
    if (operation == VOID_INVITATIONS) return keccak256("void my invitations to this group");
    if (operation == MIGRATE_TO) return keccak256("move this group to another contract");
    if (operation == CREATE_PACKAGE) return keccak256("create this package");
    if (operation == PUBLISH_RELEASE) return keccak256("publish a release of this package");
    if (operation == YANK_RELEASE) return keccak256("yank a release of this package");
    if (operation == ADD_OWNER) return keccak256("offer ownership of this package");
    if (operation == REMOVE_OWNER) return keccak256("remove an owner of this package or withdraw an offer");
    if (operation == ACCEPT_OWNERSHIP) return keccak256("accept ownership of this package");
    revert Malformed();
}

// Bounds.
uint256 constant MAX_ENVELOPE_BYTES = 8192;
uint256 constant MAX_BATCH = 16;
uint256 constant MAX_SOURCE_BYTES = 512;
uint256 constant MAX_METADATA_BYTES = 1024;
uint256 constant MAX_PAGE = 100;
uint256 constant MAX_MEMBERS = 65535;
uint256 constant MAX_LIVE_INVITATIONS = 64;
uint256 constant MAX_SERIES = 65535;
uint256 constant MAX_VALIDITY_SECONDS = 86400;
uint256 constant MAX_INVITATION_SECONDS = 31622400;
uint256 constant MAX_MEMBERS_REVISION = 4294967295;
uint256 constant MAX_CONTRACT_BYTES = 64;
uint256 constant MAX_PACKAGE_NAME_BYTES = 128;
uint256 constant MAX_PACKAGE_TEXT_BYTES = 512;
uint256 constant MAX_PACKAGE_OWNERS = 8;
uint256 constant MAX_RELEASES = 4096;
uint256 constant MAX_PACKAGE_REVISION = 4294967295;
uint256 constant MAX_RELEASE_SOURCES = 4;
uint256 constant MAX_VERSION_BYTES = 64;
uint256 constant MAX_RELEASE_PAGE = 32;

// Delays.
uint256 constant MIGRATION_SECONDS = 604800;

// Refusals, with the number that every chain gives them.
/// @notice 1.
error Malformed();
/// @notice 2.
error LimitExceeded();
/// @notice 3.
error WrongDomain();
/// @notice 4.
error Expired();
/// @notice 5.
error ContextNotFound();
/// @notice 6.
error ContextExists();
/// @notice 7.
error ContextIdMismatch();
/// @notice 8.
error Sealed();
/// @notice 9.
error BadSignature();
/// @notice 10.
error WeakKey();
/// @notice 11.
error NotAMember();
/// @notice 12. `expected` would have been right.
error BadNonce(uint64 expected);
/// @notice 13.
error Unauthorized();
/// @notice 14.
error RevisionMismatch();
/// @notice 15.
error LastManager();
/// @notice 16.
error TargetNotMember();
/// @notice 17.
error InvitationInvalid();
/// @notice 18.
error InvitationUsed();
/// @notice 19.
error InvitationRevoked();
/// @notice 24.
error NotBound();
/// @notice 25.
error BindStale();
/// @notice 26.
error AlreadyMember();
/// @notice 27.
error RoleForbids();
/// @notice 28.
error Barred();
/// @notice 29.
error Moved();
/// @notice 40.
error PackageNotFound();
/// @notice 41.
error PackageExists();
/// @notice 42.
error PackageIdMismatch();
/// @notice 43.
error ReleaseNotFound();
/// @notice 44.
error VersionTooLow();
/// @notice 45.
error LastOwner();
