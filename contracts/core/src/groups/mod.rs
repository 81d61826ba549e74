//! The membership contract: contexts, groups, members, capabilities, invitations.
pub mod adoption;
mod decide;
mod draft;
mod invitations;
mod operation;
pub mod queries;
mod rules;
pub mod state;

pub use decide::decide;
pub use invitations::{claim_digest, invitation_digest};
pub use operation::{Application, Change as CapabilityChange, Operation, Options, Terms};
pub use rules::context_id;
