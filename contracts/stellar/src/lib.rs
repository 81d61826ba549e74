//! What the two contracts on Stellar share. The rules are the core's; here is what belongs to the chain: how a request comes in and its
//! refusal goes out, entries of the ledger and how long they live, and events.
//!
//! There is no administrator, no way to stop or change a contract, and no call that is anybody's. Nobody is asked for an authorization either:
//! an account of the chain may change its signers, and who signs a request must not.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;

mod chain;
mod door;
mod events;
// generated, and laid out by what generates it
#[rustfmt::skip]
mod refusal;
mod store;

pub use chain::Chain;
pub use door::{apply, check, info, Rules};
pub use refusal::Refusal;
pub use store::{keep_alive, keep_code};

use merogate_core::{encode, Layout};
use soroban_sdk::{Bytes, Env};

/// What a question is answered with: bytes in the layouts of the core.
pub fn answer(env: &Env, value: &impl Layout) -> Bytes {
    Bytes::from_slice(env, &encode(value))
}
