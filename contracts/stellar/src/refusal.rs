//! Refusals as errors of a contract, by the names and numbers that every anchor has. Generated from `contracts/interface.json` by
//! `npm run build:contracts`. Do not edit.
use soroban_sdk::contracterror;

#[contracterror]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
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

impl From<merogate_core::interface::Refusal> for Refusal {
    fn from(refusal: merogate_core::interface::Refusal) -> Self {
        match refusal.number() {
            1 => Self::Malformed,
            2 => Self::LimitExceeded,
            3 => Self::WrongDomain,
            4 => Self::Expired,
            5 => Self::ContextNotFound,
            6 => Self::ContextExists,
            7 => Self::ContextIdMismatch,
            8 => Self::Sealed,
            9 => Self::BadSignature,
            10 => Self::WeakKey,
            11 => Self::NotAMember,
            12 => Self::BadNonce,
            13 => Self::Unauthorized,
            14 => Self::RevisionMismatch,
            15 => Self::LastManager,
            16 => Self::TargetNotMember,
            17 => Self::InvitationInvalid,
            18 => Self::InvitationUsed,
            19 => Self::InvitationRevoked,
            26 => Self::AlreadyMember,
            27 => Self::RoleForbids,
            28 => Self::Barred,
            29 => Self::Moved,
            40 => Self::PackageNotFound,
            41 => Self::PackageExists,
            42 => Self::PackageIdMismatch,
            43 => Self::ReleaseNotFound,
            44 => Self::VersionTooLow,
            45 => Self::LastOwner,
            _ => panic!("a refusal of another chain"),
        }
    }
}
