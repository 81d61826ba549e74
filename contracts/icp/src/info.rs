//! What is asked of the canister itself.
use crate::chain::now;
use crate::creation::made_today;
use crate::log;
use crate::proven::proven;
use crate::settings::settings;
use crate::store::Stored;
use crate::types::{id, Blob, Cycles, Proven};
use crate::Rules;

/// Bytes of a page of memory.
const PAGE_BYTES: u64 = 65_536;

/// `info`: settings, and operations so far, which every answer has.
pub fn info() -> Proven {
    proven(|_| ())
}

/// `changes`: what was applied last.
pub fn changes(from: Option<u64>, length: u32) -> Proven {
    proven(|view| log::read_page(view, from, length))
}

/// `applied`: what became of a request.
pub fn applied<R: Rules>(subject: &Blob, signer: &Blob, nonce: u64) -> Proven {
    proven(|view| log::read_fate::<R>(view, &id(subject), &id(signer), nonce))
}

#[cfg(target_arch = "wasm32")]
fn heap_pages() -> u64 {
    core::arch::wasm32::memory_size(0) as u64
}

#[cfg(not(target_arch = "wasm32"))]
fn heap_pages() -> u64 {
    0
}

/// `cycles`: what the canister lives on. Not proven: it changes with every message.
pub fn cycles() -> Cycles {
    let stored = Stored::open();
    let settings = settings(&stored);
    Cycles {
        balance: ic_cdk::api::canister_cycle_balance(),
        liquid: Some(ic_cdk::api::canister_liquid_cycle_balance()),
        memory: (ic_cdk::api::stable_size() + heap_pages()) * PAGE_BYTES,
        created_today: made_today(&stored, now()),
        daily: settings.daily,
        reserve: settings.reserve,
    }
}
