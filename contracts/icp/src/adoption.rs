//! Taking over from the canister before: the predecessor is asked, and its answer comes in a message of its own, in which all is looked at again.
use core::cell::Cell;

use candid::utils::ArgumentEncoder;
use candid::Principal;
use ic_cdk::call::{Call, CallFailed};
use merogate_core::groups::adoption::Adoption;
use merogate_core::interface::Refusal;
use merogate_core::{decode, Layout};

use crate::log::{self, Entry};
use crate::settings::settings;
use crate::store::{commit, Stored};
use crate::types::{Blob, Refused};
use crate::Rules;

/// Questions that may be open at a time. For each the chain puts cycles aside, as much as the answer could ever cost, so a crowd of them would
/// leave none for the rest.
const MOST_OPEN: u32 = 8;

thread_local! {
    static OPEN: Cell<u32> = const { Cell::new(0) };
}

/// A question that is open, until this is dropped, which the chain does also when what follows traps.
struct Open;

impl Open {
    fn take() -> Result<Self, Refusal> {
        let open = OPEN.get();
        if open >= MOST_OPEN {
            return Err(Refusal::CyclesLow);
        }
        OPEN.set(open + 1);
        Ok(Self)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        OPEN.set(OPEN.get().saturating_sub(1));
    }
}

/// Asks a query of the predecessor: what it has, or none when it has nothing, or answers nothing that it would answer.
pub async fn ask_predecessor<T: Layout>(
    method: &str,
    question: impl ArgumentEncoder,
) -> Result<Option<T>, Refused> {
    let predecessor = settings(&Stored::open()).predecessor.ok_or(Refusal::ContextNotFound)?;
    let _open = Open::take()?;
    let call = Call::bounded_wait(Principal::from_slice(&predecessor), method);
    match call.with_args(&question).await {
        Ok(answer) => {
            let bytes: Option<Blob> = answer.candid().ok();
            Ok(bytes.and_then(|bytes| decode::<Option<T>>(&bytes).ok()).flatten())
        }
        Err(CallFailed::InsufficientLiquidCycleBalance(_)) => Err(Refusal::CyclesLow.into()),
        Err(_) => Ok(None),
    }
}

/// Stores what is taken over, as it is decided now; whether all of it is here.
pub fn take_over<R: Rules>(
    adopt: impl FnOnce(&Stored) -> Result<Adoption, Refusal>,
) -> Result<bool, Refused> {
    let stored = Stored::open();
    let Adoption { group, mut writes, event } = adopt(&stored)?;
    if let Some(event) = &event {
        let entry = Entry::unsigned(log::next_place(&stored), &group, event);
        writes.extend(log::remember::<R>(&stored, &entry));
    }
    commit(&stored.0, &writes);
    Ok(event.is_some())
}
