//! Nobody who calls pays, so what is made is bounded: a number for each day, and nothing below a reserve of cycles. What exists is not touched
//! by either.
use merogate_core::interface::Refusal;
use merogate_core::{record, Event, View};
use merogate_icp_tree::Write;

use crate::settings::Settings;
use crate::store::{key, row, Table};

const DAY_SECONDS: u64 = 86_400;
/// What is announced of what is made.
const CREATED: [&str; 2] = ["ContextCreated", "PackagePublished"];

record! {
    /// What was made in one day.
    pub struct Creations {
        pub day: u64,
        pub made: u32,
    }
}

fn creations_key() -> Vec<u8> {
    key(Table::Creations, &[])
}

/// How many were made today.
pub(crate) fn made_today(view: &impl View, now: u64) -> u32 {
    let last: Option<Creations> = merogate_core::read(view, &creations_key());
    last.filter(|last| last.day == now / DAY_SECONDS).map_or(0, |last| last.made)
}

/// What is written down of a change, when it makes something; or why it may not now.
pub(crate) fn admit(
    view: &impl View,
    settings: &Settings,
    now: u64,
    event: Option<&Event>,
) -> Result<Option<Write>, Refusal> {
    if !event.is_some_and(|event| CREATED.contains(&event.name)) {
        return Ok(None);
    }
    let made = made_today(view, now);
    if made >= settings.daily {
        return Err(Refusal::DailyLimit);
    }
    if ic_cdk::api::canister_liquid_cycle_balance() < settings.reserve {
        return Err(Refusal::CyclesLow);
    }
    Ok(Some(row(creations_key(), &Creations { day: now / DAY_SECONDS, made: made + 1 })))
}
