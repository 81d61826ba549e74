//! What the two canisters on the Internet Computer share. The rules are the core's; here is what belongs to the chain: how a request comes in
//! and its refusal goes out, how answers are proven, what is remembered of changes, and how much is made in a day, since nobody who calls pays.
//!
//! There is no owner. Who controls a canister may upgrade it, and nobody else has a call of his own. Nothing lies on the heap, so an upgrade has
//! nothing to keep and nothing to build again, however much is stored.
mod adoption;
mod chain;
mod creation;
mod door;
mod hash;
mod info;
mod log;
mod proven;
mod settings;
mod store;
mod types;

use merogate_core::{Decision, Here, Id, View};

pub use adoption::{ask_predecessor, take_over};
pub use chain::{address, now, Chain};
pub use merogate_core as core;
pub use proven::{proven, Recorder};
pub use store::Stored;
pub use types::{id, Applied, Blob, Cycles, InitArguments, Proven, Refused};

/// What is different in each of the canisters. All that is stored is read by the view.
pub trait Rules {
    fn decide(view: &impl View, here: &Here<'_>, envelope: &[u8], signature: &[u8]) -> Decision;

    /// The group, or package, that a subject is of.
    fn group_of(view: &impl View, subject: &Id) -> Id;

    /// In what a signer's nonces are counted, for one group or package.
    fn counted_in(group: &Id) -> Id;

    /// The nonce that a signer must use next.
    fn next_nonce(view: &impl View, group: &Id, signer: &Id) -> u64;
}

#[doc(hidden)]
pub mod entries {
    pub use crate::door::{apply, check, inspect};
    pub use crate::info::{applied, changes, cycles, info};
    pub use crate::settings::{initialise, upgraded};
}

/// The methods that both canisters have. What Candid says of them is made of the text, so the types have plain paths.
#[macro_export]
macro_rules! shared_methods {
    ($rules:ty) => {
        #[ic_cdk::init]
        fn init(given: merogate_icp::InitArguments) {
            merogate_icp::entries::initialise(given);
        }

        #[ic_cdk::post_upgrade]
        fn post_upgrade() {
            merogate_icp::entries::upgraded();
        }

        #[ic_cdk::inspect_message]
        fn inspect_message() {
            merogate_icp::entries::inspect();
        }

        #[ic_cdk::update]
        fn apply(
            envelope: merogate_icp::Blob,
            signature: merogate_icp::Blob,
        ) -> Result<merogate_icp::Applied, merogate_icp::Refused> {
            merogate_icp::entries::apply::<$rules>(&envelope, &signature)
        }

        #[ic_cdk::query]
        fn check(
            envelope: merogate_icp::Blob,
            signature: merogate_icp::Blob,
        ) -> Option<merogate_icp::Refused> {
            merogate_icp::entries::check::<$rules>(&envelope, &signature)
        }

        #[ic_cdk::query]
        fn info() -> merogate_icp::Proven {
            merogate_icp::entries::info()
        }

        #[ic_cdk::query]
        fn changes(from: Option<u64>, length: u32) -> merogate_icp::Proven {
            merogate_icp::entries::changes(from, length)
        }

        #[ic_cdk::query]
        fn applied(
            subject: merogate_icp::Blob,
            signer: merogate_icp::Blob,
            nonce: u64,
            digest: merogate_icp::Blob,
        ) -> merogate_icp::Proven {
            // the digest is compared by who asks: the entry has it
            let _ = digest;
            merogate_icp::entries::applied::<$rules>(&subject, &signer, nonce)
        }

        #[ic_cdk::query]
        fn cycles() -> merogate_icp::Cycles {
            merogate_icp::entries::cycles()
        }
    };
}
