//! What can be asked about contexts and groups, and what is wrong with a request by itself.
use alloc::{string::String, vec::Vec};

use crate::envelope::Domain;
use crate::interface::{capability, limit, operation, Approvers, Refusal, Role};
use crate::layout::{operations, record, Id, Signature};

record! {
    /// What a context runs.
    pub struct Application {
        pub id: Id,
        pub blob: Id,
        pub size: u64,
        pub source: String,
        pub metadata: Vec<u8>,
    }
}

record! {
    /// Settings of a group that are no member's.
    pub struct Options {
        pub approvers: Approvers,
    }
}

record! {
    /// Capability bits of one member, to be added or taken away.
    pub struct Change {
        pub identity: Id,
        pub capabilities: u8,
    }
}

record! {
    /// What an inviter signs: whoever can sign with the claim key may join its group.
    pub struct Terms {
        pub domain: Domain,
        pub group: Id,
        pub inviter: Id,
        /// Public half of a key pair made for this invitation.
        pub claim_key: Id,
        pub role: Role,
        /// Bits given with it; the inviter must hold them all at the time of the claim.
        pub capabilities: u8,
        /// Last second at which it may be claimed, Unix time.
        pub not_after: u64,
        /// How many identities may join with it.
        pub max_uses: u32,
        /// Names the invitation among those of its inviter.
        pub invite_nonce: u64,
        /// The inviter's joined revision: an invitation ends with the membership that it was given in.
        pub membership: u64,
        /// The inviter's series of invitations: it ends when the inviter voids them.
        pub series: u16,
    }
}

operations! {
    pub enum Operation {
        CreateContext = operation::CREATE_CONTEXT {
            salt: Id,
            application: Application,
            options: Options,
            group: Option<Id>,
        },
        UpdateApplication = operation::UPDATE_APPLICATION { application: Application },
        AddMembers = operation::ADD_MEMBERS { ids: Vec<Id>, role: Role },
        RemoveMembers = operation::REMOVE_MEMBERS { ids: Vec<Id>, may_return: bool },
        Grant = operation::GRANT { changes: Vec<Change> },
        Revoke = operation::REVOKE { changes: Vec<Change> },
        Leave = operation::LEAVE {},
        ClaimInvitation = operation::CLAIM_INVITATION {
            terms: Terms,
            inviter_signature: Signature,
            claim_signature: Signature,
        },
        RevokeInvitation = operation::REVOKE_INVITATION {
            terms: Terms,
            inviter_signature: Signature,
        },
        BumpNonce = operation::BUMP_NONCE { to: u64 },
        Seal = operation::SEAL {},
        SetOptions = operation::SET_OPTIONS { options: Options },
        SetRole = operation::SET_ROLE { ids: Vec<Id>, role: Role },
        VoidInvitations = operation::VOID_INVITATIONS {},
        MigrateTo = operation::MIGRATE_TO { contract: Vec<u8> },
    }
}

/// Whether a number is a sum of capability bits.
fn are_capabilities(bits: u8) -> bool {
    bits & !capability::ALL == 0
}

fn validate_application(application: &Application) -> Result<(), Refusal> {
    let is_too_long = application.source.len() > limit::SOURCE_BYTES
        || application.metadata.len() > limit::METADATA_BYTES;
    if is_too_long {
        return Err(Refusal::LimitExceeded);
    }
    Ok(())
}

/// A list of identities, none of them twice.
fn validate_ids<T>(list: &[T], id_of: impl Fn(&T) -> &Id) -> Result<(), Refusal> {
    if list.len() > limit::BATCH {
        return Err(Refusal::LimitExceeded);
    }
    let is_twice = |at: usize, one: &T| list[..at].iter().any(|other| id_of(other) == id_of(one));
    if list.is_empty() || list.iter().enumerate().any(|(at, one)| is_twice(at, one)) {
        return Err(Refusal::Malformed);
    }
    Ok(())
}

fn validate_changes(changes: &[Change]) -> Result<(), Refusal> {
    validate_ids(changes, |change| &change.identity)?;
    let are_bits =
        |change: &Change| change.capabilities != 0 && are_capabilities(change.capabilities);
    if changes.iter().all(are_bits) {
        Ok(())
    } else {
        Err(Refusal::Malformed)
    }
}

impl Operation {
    /// What is wrong with it, before anything is looked up: too much of something, a list that is empty or repeats, bits that there are not.
    pub fn validate(&self) -> Result<(), Refusal> {
        match self {
            Self::CreateContext { application, .. } | Self::UpdateApplication { application } => {
                validate_application(application)
            }
            Self::AddMembers { ids, .. }
            | Self::RemoveMembers { ids, .. }
            | Self::SetRole { ids, .. } => validate_ids(ids, |id| id),
            Self::Grant { changes } | Self::Revoke { changes } => validate_changes(changes),
            Self::ClaimInvitation { terms, .. } | Self::RevokeInvitation { terms, .. } => {
                if are_capabilities(terms.capabilities) {
                    Ok(())
                } else {
                    Err(Refusal::Malformed)
                }
            }
            Self::MigrateTo { contract } if contract.len() > limit::CONTRACT_BYTES => {
                Err(Refusal::LimitExceeded)
            }
            Self::MigrateTo { .. }
            | Self::Leave {}
            | Self::BumpNonce { .. }
            | Self::Seal {}
            | Self::SetOptions { .. }
            | Self::VoidInvitations {} => Ok(()),
        }
    }

    /// Bits that its signer must hold.
    pub(crate) fn needed_capabilities(&self, signer: &Id) -> u8 {
        match self {
            Self::CreateContext { group: Some(_), .. } => capability::MANAGE_CONTEXTS,
            Self::UpdateApplication { .. } => capability::MANAGE_APPLICATION,
            Self::AddMembers { .. }
            | Self::RemoveMembers { .. }
            | Self::SetOptions { .. }
            | Self::SetRole { .. } => capability::MANAGE_MEMBERS,
            Self::Grant { changes } | Self::Revoke { changes } => {
                changes.iter().fold(0, |all, change| all | change.capabilities)
            }
            Self::Seal {} | Self::MigrateTo { .. } => {
                capability::MANAGE_MEMBERS | capability::PROXY
            }
            Self::RevokeInvitation { terms, .. } if terms.inviter != *signer => {
                capability::MANAGE_MEMBERS
            }
            Self::CreateContext { group: None, .. }
            | Self::RevokeInvitation { .. }
            | Self::ClaimInvitation { .. }
            | Self::Leave {}
            | Self::BumpNonce { .. }
            | Self::VoidInvitations {} => 0,
        }
    }
}
