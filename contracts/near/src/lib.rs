//! What the two contracts on NEAR share. The rules are the core's; here is what belongs to the chain: how a request comes in and its refusal
//! goes out, who pays for what is stored, and what is remembered of changes, since a node of NEAR has no question for logs.
//!
//! There is no owner, no way to stop or change a contract, and no call that is anybody's but for the first one, which only the account
//! itself or its parent can make: together with its deployment, which leaves no key.
//!
//! Entry points are plain functions ([`entry_points`]), and promises are those of `env`: the SDK's own name host functions that older
//! versions of the protocol do not have.
mod adoption;
mod calls;
mod chain;
mod credit;
mod door;
mod events;
mod json;
mod ring;
mod settings;
mod source;
mod storage_management;
mod store;

use merogate_core::interface::Refusal;
use merogate_core::{Decision, Here, Id};

pub use adoption::{ask_predecessor, finish_adoption};
pub use calls::{answer, arguments, begin, refuse};
pub use chain::{account, now, Chain};
pub use merogate_core as core;

/// What is different in each of the contracts.
pub trait Rules {
    /// Refusal of what is about a group, or a package, that there is not.
    const NOT_FOUND: Refusal;

    fn decide(here: &Here<'_>, envelope: &[u8], signature: &[u8]) -> Decision;

    /// Whether there is such a group or package.
    fn is_known(group: &Id) -> bool;

    /// The group, or package, that a subject is of.
    fn group_of(subject: &Id) -> Id;

    /// In what a signer's nonces are counted, for one group or package.
    fn counted_in(group: &Id) -> Id;

    /// The nonce that a signer must use next.
    fn next_nonce(group: &Id, signer: &Id) -> u64;
}

#[doc(hidden)]
pub mod entries {
    pub use crate::door::{applied, apply, changes, check, group_credit, group_deposit, info};
    pub use crate::settings::initialise;
    pub use crate::source::contract_source_metadata;
    pub use crate::storage_management::*;
}

/// Exports functions under their names. Each begins by naming what runs when it panics.
#[macro_export]
macro_rules! entry_points {
    ($($name:ident => $call:expr;)*) => {$(
        #[no_mangle]
        pub extern "C" fn $name() {
            $crate::begin();
            $call
        }
    )*};
}

/// The entry points that both contracts have.
#[macro_export]
macro_rules! shared_entry_points {
    ($rules:ty, $name:literal) => {
        $crate::entry_points! {
            new => $crate::entries::initialise();
            apply => $crate::entries::apply::<$rules>();
            check => $crate::entries::check::<$rules>();
            info => $crate::entries::info();
            changes => $crate::entries::changes();
            applied => $crate::entries::applied::<$rules>();
            group_deposit => $crate::entries::group_deposit::<$rules>();
            group_credit => $crate::entries::group_credit();
            storage_deposit => $crate::entries::storage_deposit();
            storage_withdraw => $crate::entries::storage_withdraw();
            storage_unregister => $crate::entries::storage_unregister();
            storage_balance_of => $crate::entries::storage_balance_of();
            storage_balance_bounds => $crate::entries::storage_balance_bounds();
            contract_source_metadata =>
                $crate::entries::contract_source_metadata($name, option_env!("MEROGATE_SOURCES"));
        }
    };
}
