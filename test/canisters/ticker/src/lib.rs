//! A canister that counts by a timer, and asks other canisters: what the chain's own SDK makes of timers, of calls that wait for an answer
//! with and without an end, of calls with cycles, and of memory that outlives an upgrade.
use std::cell::{Cell, RefCell};
use std::time::Duration;

use candid::Principal;
use ic_cdk::call::{Call, CallFailed};
use ic_cdk_timers::TimerId;

thread_local! {
    static TICKS: Cell<u64> = const { Cell::new(0) };
    static TIMER: RefCell<Option<TimerId>> = const { RefCell::new(None) };
}

/// Counts every so many milliseconds, from now on; 0 ends it.
#[ic_cdk::update]
fn every(ms: u64) {
    if let Some(timer) = TIMER.take() {
        ic_cdk_timers::clear_timer(timer);
    }
    if ms > 0 {
        let count = || async { TICKS.set(TICKS.get() + 1) };
        TIMER.replace(Some(ic_cdk_timers::set_timer_interval(Duration::from_millis(ms), count)));
    }
}

/// Adds so many, once, after some milliseconds.
#[ic_cdk::update]
fn later(ms: u64, add: u64) {
    let work = async move { TICKS.set(TICKS.get() + add) };
    ic_cdk_timers::set_timer(Duration::from_millis(ms), work);
}

#[ic_cdk::query]
fn ticks() -> u64 {
    TICKS.get()
}

fn told(failed: CallFailed) -> String {
    match failed {
        CallFailed::CallRejected(rejected) => format!("rejected {}", rejected.raw_reject_code()),
        CallFailed::InsufficientLiquidCycleBalance(_) => "too few cycles".into(),
        CallFailed::CallPerformFailed(_) => "not sent".into(),
    }
}

/// The count of another canister, added to this one's, which it is told back; `bounded`: its answer is waited for no longer than ten seconds.
#[ic_cdk::update]
async fn ask(other: Principal, bounded: bool) -> Result<u64, String> {
    let call = if bounded {
        Call::bounded_wait(other, "ticks").change_timeout(10)
    } else {
        Call::unbounded_wait(other, "ticks")
    };
    let count: u64 =
        call.await.map_err(|failed| told(failed.into()))?.candid().map_err(|e| e.to_string())?;
    TICKS.set(TICKS.get() + count);
    Ok(TICKS.get())
}

/// Takes half of the cycles that come with a call, and says how many these were.
#[ic_cdk::update]
fn take_half() -> u128 {
    ic_cdk::api::msg_cycles_accept(ic_cdk::api::msg_cycles_available() / 2)
}

/// Gives another canister cycles; how many it took.
#[ic_cdk::update]
async fn give(other: Principal, cycles: u128) -> Result<u128, String> {
    let call = Call::unbounded_wait(other, "take_half").with_cycles(cycles);
    call.await.map_err(|failed| told(failed.into()))?.candid().map_err(|e| e.to_string())
}

/// Counts, asks another, and then traps: what came before the question stays.
#[ic_cdk::update]
async fn ask_and_trap(other: Principal) -> u64 {
    TICKS.set(TICKS.get() + 1);
    let _ = Call::unbounded_wait(other, "ticks").await;
    TICKS.set(TICKS.get() + 1_000);
    ic_cdk::trap("as it was told to")
}

#[ic_cdk::pre_upgrade]
fn keep() {
    ic_cdk::storage::stable_save((TICKS.get(),)).expect("stable memory has room for a number");
}

#[ic_cdk::post_upgrade]
fn restore() {
    let (ticks,): (u64,) = ic_cdk::storage::stable_restore().expect("it was kept");
    TICKS.set(ticks);
}
