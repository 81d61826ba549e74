//! The one door for signed requests, and what is asked about them.
use merogate_core::{envelope_digest, Accepted, Bytes, Decision, Here, Id, Layout, Refused};
use near_sdk::env;

use crate::calls::{answer, arguments, refuse};
use crate::chain::{now, Chain};
use crate::credit::{attached, give_back, pay_back, settle, Credit};
use crate::events;
use crate::ring::{self, Entry, Fate};
use crate::settings::{self, domain, settings};
use crate::store;
use crate::Rules;
use merogate_core::interface::Refusal;

fn decide<R: Rules>(envelope: &[u8], signature: &[u8]) -> Decision {
    let settings = settings();
    let has_predecessor = settings.predecessor.is_some();
    let here = Here { domain: &domain(&settings), now: now(), has_predecessor };
    R::decide(&here, envelope, signature)
}

/// `apply`: does what a request asks for, whoever brings it. The account that calls pays, and has no other part in it.
pub fn apply<R: Rules>() {
    let (envelope, signature): (Bytes, Bytes) = arguments();
    let accepted = match decide::<R>(&envelope, &signature) {
        Ok(accepted) => accepted,
        Err(refused) => refuse(refused),
    };
    let place = make_room::<R>();
    let before = env::storage_usage();
    store::commit(&accepted.writes);
    ring::remember::<R>(place, &Entry::new(envelope_digest(&Chain, &envelope), &accepted));
    let growth = env::storage_usage() as i64 - before as i64;
    match settle(&accepted.group, &env::predecessor_account_id(), attached(), growth) {
        Some(rest) => pay_back(rest),
        None => refuse(Refusal::InsufficientDeposit),
    }
    if let Some(event) = &accepted.event {
        events::announce(event);
    }
    answer(&accepted.event.is_some());
}

/// A free place among what is remembered. What was there gives its group back what it paid for it.
pub(crate) fn make_room<R: Rules>() -> u64 {
    let place = ring::next_place();
    if let Some((group, freed)) = ring::release::<R>(place) {
        give_back(&group, freed);
    }
    place
}

/// `check`: number of the refusal, or 0; the nonce that would have been right; bytes that would have to be paid for.
pub fn check<R: Rules>() {
    let (envelope, signature): (Bytes, Bytes) = arguments();
    let (number, expected, growth) = match decide::<R>(&envelope, &signature) {
        Err(Refused { refusal, expected }) => (refusal.number(), expected, 0),
        Ok(accepted) => (0, None, growth_of::<R>(&envelope, &accepted)),
    };
    answer(&(number, expected, growth));
}

fn growth_of<R: Rules>(envelope: &[u8], accepted: &Accepted) -> i64 {
    let entry = Entry::new(envelope_digest(&Chain, envelope), accepted);
    store::growth_of(&accepted.writes) + entry.size::<R>(ring::next_place())
}

/// `info`: version of the interface, network, predecessor, operations so far.
pub fn info() {
    settings::info(ring::next_place());
}

/// `changes`: what was applied last.
pub fn changes() {
    let (from, length) = arguments();
    ring::changes(from, length);
}

/// `applied`: 0 when it was not, 1 and the height of its block when it was, 2 when that is not known any more.
pub fn applied<R: Rules>() {
    let (subject, signer, nonce, digest): (Id, Id, u64, Id) = arguments();
    let mut to = Vec::new();
    match ring::fate_of::<R>(&subject, &signer, nonce, &digest) {
        Fate::NotApplied => 0u8.write(&mut to),
        Fate::Applied(height) => (1u8, height).write(&mut to),
        Fate::Unknown => 2u8.write(&mut to),
    }
    env::value_return(to);
}

/// `group_deposit`: money for what a group, or package, stores. It stays there.
pub fn group_deposit<R: Rules>() {
    let group: Id = arguments();
    if !R::is_known(&group) {
        refuse(R::NOT_FOUND);
    }
    if !Credit::of_group(&group).add(attached()) {
        refuse(Refusal::InsufficientDeposit);
    }
}

/// `group_credit`: yocto that a group, or package, has for storage.
pub fn group_credit() {
    let group: Id = arguments();
    answer(&Credit::of_group(&group).available());
}
