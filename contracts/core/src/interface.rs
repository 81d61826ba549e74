//! Names and numbers on which every anchor agrees. Generated from `contracts/interface.json` by
//! `npm run build:contracts`. Do not edit.

/// Version of the contracts.
pub const VERSION: u32 = 2;

/// First byte of every envelope.
pub const ENVELOPE_VERSION: u8 = 1;

/// Numbers of chains in domains.
pub mod chain {
    pub const LOCAL: u8 = 0;
    pub const NEAR: u8 = 1;
    pub const ICP: u8 = 2;
    pub const EVM: u8 = 3;
    pub const STELLAR: u8 = 4;
}

/// What the bytes of each kind of message begin with before they are hashed.
pub mod tag {
    pub const OPERATION: &[u8] = b"context-operation/1\0";
    pub const CONTEXT_ID: &[u8] = b"context-id/1\0";
    pub const INVITATION: &[u8] = b"context-invitation/1\0";
    pub const CLAIM: &[u8] = b"context-claim/1\0";
    pub const BIND: &[u8] = b"identity-bind/1\0";
    pub const PACKAGE: &[u8] = b"package-id/1\0";
}

/// Ordinals of operations.
pub mod operation {
    pub const CREATE_CONTEXT: u8 = 0;
    pub const UPDATE_APPLICATION: u8 = 1;
    pub const ADD_MEMBERS: u8 = 2;
    pub const REMOVE_MEMBERS: u8 = 3;
    pub const GRANT: u8 = 4;
    pub const REVOKE: u8 = 5;
    pub const LEAVE: u8 = 6;
    pub const CLAIM_INVITATION: u8 = 9;
    pub const REVOKE_INVITATION: u8 = 10;
    pub const BUMP_NONCE: u8 = 11;
    pub const SEAL: u8 = 12;
    pub const SET_OPTIONS: u8 = 13;
    pub const SET_ROLE: u8 = 14;
    pub const VOID_INVITATIONS: u8 = 15;
    pub const MIGRATE_TO: u8 = 22;
    pub const CREATE_PACKAGE: u8 = 16;
    pub const PUBLISH_RELEASE: u8 = 17;
    pub const YANK_RELEASE: u8 = 18;
    pub const ADD_OWNER: u8 = 19;
    pub const REMOVE_OWNER: u8 = 20;
    pub const ACCEPT_OWNERSHIP: u8 = 21;
}

/// What a member may do with data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Role {
    Writer = 0,
    Reader = 1,
    Relay = 2,
}

impl Role {
    /// All of them, in the order of the file.
    pub const ALL: [Role; 3] = [
        Role::Writer,
        Role::Reader,
        Role::Relay,
    ];

    /// The one that has a number, or none.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.number() == number)
    }

    /// The number by which every chain knows it.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Its name in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Writer => "writer",
            Role::Reader => "reader",
            Role::Relay => "relay",
        }
    }
}

/// Who may approve proposals of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Approvers {
    Govern = 0,
    Members = 1,
}

impl Approvers {
    /// All of them, in the order of the file.
    pub const ALL: [Approvers; 2] = [
        Approvers::Govern,
        Approvers::Members,
    ];

    /// The one that has a number, or none.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.number() == number)
    }

    /// The number by which every chain knows it.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Its name in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Approvers::Govern => "govern",
            Approvers::Members => "members",
        }
    }
}

/// Bits of what a member may change.
pub mod capability {
    pub const MANAGE_APPLICATION: u8 = 1;
    pub const MANAGE_MEMBERS: u8 = 2;
    pub const PROXY: u8 = 4;
    pub const GOVERN: u8 = 8;
    pub const MANAGE_CONTEXTS: u8 = 16;
    pub const ALL: u8 = 31;
}

/// Bounds, the same on every chain.
pub mod limit {
    pub const ENVELOPE_BYTES: usize = 8192;
    pub const BATCH: usize = 16;
    pub const SOURCE_BYTES: usize = 512;
    pub const METADATA_BYTES: usize = 1024;
    pub const PAGE: usize = 100;
    pub const MEMBERS: usize = 65535;
    pub const LIVE_INVITATIONS: usize = 64;
    pub const SERIES: usize = 65535;
    pub const VALIDITY_SECONDS: u64 = 86400;
    pub const INVITATION_SECONDS: u64 = 31622400;
    pub const MEMBERS_REVISION: u64 = 4294967295;
    pub const CONTRACT_BYTES: usize = 64;
    pub const PACKAGE_NAME_BYTES: usize = 128;
    pub const PACKAGE_TEXT_BYTES: usize = 512;
    pub const PACKAGE_OWNERS: usize = 8;
    pub const RELEASES: usize = 4096;
    pub const PACKAGE_REVISION: u64 = 4294967295;
    pub const RELEASE_SOURCES: usize = 4;
    pub const VERSION_BYTES: usize = 64;
    pub const RELEASE_PAGE: usize = 32;
}

/// Seconds that pass before something takes effect.
pub mod delay {
    pub const MIGRATION_SECONDS: u64 = 604800;
}

/// Why a request has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Refusal {
    Malformed = 1,
    LimitExceeded = 2,
    WrongDomain = 3,
    Expired = 4,
    ContextNotFound = 5,
    ContextExists = 6,
    ContextIdMismatch = 7,
    Sealed = 8,
    BadSignature = 9,
    WeakKey = 10,
    NotAMember = 11,
    BadNonce = 12,
    Unauthorized = 13,
    RevisionMismatch = 14,
    LastManager = 15,
    TargetNotMember = 16,
    InvitationInvalid = 17,
    InvitationUsed = 18,
    InvitationRevoked = 19,
    DailyLimit = 20,
    CyclesLow = 21,
    InsufficientDeposit = 23,
    AlreadyMember = 26,
    RoleForbids = 27,
    Barred = 28,
    Moved = 29,
    PackageNotFound = 40,
    PackageExists = 41,
    PackageIdMismatch = 42,
    ReleaseNotFound = 43,
    VersionTooLow = 44,
    LastOwner = 45,
}

impl Refusal {
    /// All of them, in the order of the file.
    pub const ALL: [Refusal; 32] = [
        Refusal::Malformed,
        Refusal::LimitExceeded,
        Refusal::WrongDomain,
        Refusal::Expired,
        Refusal::ContextNotFound,
        Refusal::ContextExists,
        Refusal::ContextIdMismatch,
        Refusal::Sealed,
        Refusal::BadSignature,
        Refusal::WeakKey,
        Refusal::NotAMember,
        Refusal::BadNonce,
        Refusal::Unauthorized,
        Refusal::RevisionMismatch,
        Refusal::LastManager,
        Refusal::TargetNotMember,
        Refusal::InvitationInvalid,
        Refusal::InvitationUsed,
        Refusal::InvitationRevoked,
        Refusal::DailyLimit,
        Refusal::CyclesLow,
        Refusal::InsufficientDeposit,
        Refusal::AlreadyMember,
        Refusal::RoleForbids,
        Refusal::Barred,
        Refusal::Moved,
        Refusal::PackageNotFound,
        Refusal::PackageExists,
        Refusal::PackageIdMismatch,
        Refusal::ReleaseNotFound,
        Refusal::VersionTooLow,
        Refusal::LastOwner,
    ];

    /// The one that has a number, or none.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.number() == number)
    }

    /// The number by which every chain knows it.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Its name in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Refusal::Malformed => "Malformed",
            Refusal::LimitExceeded => "LimitExceeded",
            Refusal::WrongDomain => "WrongDomain",
            Refusal::Expired => "Expired",
            Refusal::ContextNotFound => "ContextNotFound",
            Refusal::ContextExists => "ContextExists",
            Refusal::ContextIdMismatch => "ContextIdMismatch",
            Refusal::Sealed => "Sealed",
            Refusal::BadSignature => "BadSignature",
            Refusal::WeakKey => "WeakKey",
            Refusal::NotAMember => "NotAMember",
            Refusal::BadNonce => "BadNonce",
            Refusal::Unauthorized => "Unauthorized",
            Refusal::RevisionMismatch => "RevisionMismatch",
            Refusal::LastManager => "LastManager",
            Refusal::TargetNotMember => "TargetNotMember",
            Refusal::InvitationInvalid => "InvitationInvalid",
            Refusal::InvitationUsed => "InvitationUsed",
            Refusal::InvitationRevoked => "InvitationRevoked",
            Refusal::DailyLimit => "DailyLimit",
            Refusal::CyclesLow => "CyclesLow",
            Refusal::InsufficientDeposit => "InsufficientDeposit",
            Refusal::AlreadyMember => "AlreadyMember",
            Refusal::RoleForbids => "RoleForbids",
            Refusal::Barred => "Barred",
            Refusal::Moved => "Moved",
            Refusal::PackageNotFound => "PackageNotFound",
            Refusal::PackageExists => "PackageExists",
            Refusal::PackageIdMismatch => "PackageIdMismatch",
            Refusal::ReleaseNotFound => "ReleaseNotFound",
            Refusal::VersionTooLow => "VersionTooLow",
            Refusal::LastOwner => "LastOwner",
        }
    }
}

/// What the value of an event’s field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    Id,
    Bytes,
    U8,
    Ids,
    Bool,
    U64,
    U8s,
    U32,
    U16,
    Text,
}

/// Name and type of the fields of an event.
pub type Fields = [(&'static str, FieldType)];

/// Fields of each event, in their order, besides subject, signer, nonce and revision.
pub const EVENTS: &[(&str, &Fields)] = &[
    ("ContextCreated", &[
        ("group", FieldType::Id),
        ("application", FieldType::Bytes),
        ("approvers", FieldType::U8),
    ]),
    ("ApplicationUpdated", &[
        ("application", FieldType::Bytes),
    ]),
    ("MembersAdded", &[
        ("role", FieldType::U8),
        ("ids", FieldType::Ids),
    ]),
    ("MembersRemoved", &[
        ("barred", FieldType::Bool),
        ("until", FieldType::U64),
        ("ids", FieldType::Ids),
    ]),
    ("CapabilitiesChanged", &[
        ("ids", FieldType::Ids),
        ("capabilities", FieldType::U8s),
    ]),
    ("RolesChanged", &[
        ("role", FieldType::U8),
        ("ids", FieldType::Ids),
    ]),
    ("InvitationClaimed", &[
        ("invitation", FieldType::Id),
        ("inviter", FieldType::Id),
        ("role", FieldType::U8),
        ("capabilities", FieldType::U8),
        ("notAfter", FieldType::U64),
        ("maxUses", FieldType::U32),
        ("inviteNonce", FieldType::U64),
        ("membership", FieldType::U64),
        ("series", FieldType::U16),
    ]),
    ("InvitationRevoked", &[
        ("invitation", FieldType::Id),
        ("inviter", FieldType::Id),
        ("role", FieldType::U8),
        ("capabilities", FieldType::U8),
        ("notAfter", FieldType::U64),
        ("maxUses", FieldType::U32),
        ("inviteNonce", FieldType::U64),
        ("membership", FieldType::U64),
        ("series", FieldType::U16),
    ]),
    ("InvitationsVoided", &[
        ("series", FieldType::U16),
    ]),
    ("NonceBumped", &[
        ("to", FieldType::U64),
    ]),
    ("ContextSealed", &[
    ]),
    ("OptionsChanged", &[
        ("approvers", FieldType::U8),
    ]),
    ("MigrationPlanned", &[
        ("successor", FieldType::Bytes),
        ("movesAt", FieldType::U64),
    ]),
    ("GroupAdopted", &[
    ]),
    ("ContextAdopted", &[
    ]),
    ("PackagePublished", &[
        ("name", FieldType::Text),
        ("description", FieldType::Text),
        ("repository", FieldType::Text),
    ]),
    ("ReleasePublished", &[
        ("version", FieldType::Text),
        ("release", FieldType::Bytes),
    ]),
    ("ReleaseYanked", &[
        ("version", FieldType::Text),
        ("reason", FieldType::Text),
    ]),
    ("OwnershipOffered", &[
        ("owner", FieldType::Id),
    ]),
    ("OwnerChanged", &[
        ("owner", FieldType::Id),
        ("isOwner", FieldType::Bool),
    ]),
];
