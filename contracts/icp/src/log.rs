//! The last operations that were applied, for nodes to read on from a place: what happened, and whether a given request did.
use merogate_core::{record, Accepted, Bytes, Event, Id, View};
use merogate_icp_tree::Write;

use crate::store::{key, row, Table};
use crate::Rules;

/// Operations that are remembered.
const LENGTH: u64 = 65_536;
/// Most that one answer has.
const PAGE: u64 = 100;

record! {
    /// An operation that was applied.
    pub struct Entry {
        pub place: u64,
        /// Of its message, Unix time in nanoseconds.
        pub time: u64,
        /// What its signer signed.
        pub digest: Id,
        pub signer: Id,
        pub nonce: u64,
        pub group: Id,
        /// None when it changed nothing.
        pub event: Option<Bytes>,
    }
}

fn bytes_of(event: &Event) -> Bytes {
    let mut bytes = Vec::new();
    event.write(&mut bytes);
    bytes
}

impl Entry {
    pub fn new(place: u64, digest: Id, accepted: &Accepted) -> Self {
        let Accepted { head, group, event, .. } = accepted;
        let (signer, nonce, group) = (head.signer, head.nonce, *group);
        let event = event.as_ref().map(bytes_of);
        Self { place, time: ic_cdk::api::time(), digest, signer, nonce, group, event }
    }

    /// Of what nobody signed.
    pub fn unsigned(place: u64, group: &Id, event: &Event) -> Self {
        let Event { signer, nonce, .. } = *event;
        let (digest, group, event) = ([0; 32], *group, Some(bytes_of(event)));
        Self { place, time: ic_cdk::api::time(), digest, signer, nonce, group, event }
    }

    /// By which it is found: a nonce of a signer is used once.
    fn applied_key<R: Rules>(&self) -> Vec<u8> {
        applied_key(&R::counted_in(&self.group), &self.signer, self.nonce)
    }
}

fn slot_of(place: u64) -> u64 {
    place % LENGTH
}

fn entry_key(slot: u64) -> Vec<u8> {
    key(Table::Log, &slot.to_be_bytes())
}

/// Requests of one signer lie side by side, in the order of their nonces: such rows have short paths.
fn applied_key(counted_in: &Id, signer: &Id, nonce: u64) -> Vec<u8> {
    key(Table::Applied, &[&counted_in[..], signer, &nonce.to_be_bytes()].concat())
}

fn counter_key() -> Vec<u8> {
    key(Table::Operations, &[])
}

/// The row of how many operations were applied.
pub(crate) fn counter(operations: u64) -> Write {
    row(counter_key(), &operations)
}

/// Operations that were applied: the place of the next one.
pub(crate) fn next_place(view: &impl View) -> u64 {
    merogate_core::read(view, &counter_key()).unwrap_or(0)
}

/// The first place that is remembered.
fn oldest_place(next: u64) -> u64 {
    next.saturating_sub(LENGTH)
}

/// Remembers an operation at the next place, and forgets what has its slot.
pub(crate) fn remember<R: Rules>(view: &impl View, entry: &Entry) -> Vec<Write> {
    let slot = slot_of(entry.place);
    let mut writes = Vec::with_capacity(4);
    let before: Option<Entry> = merogate_core::read(view, &entry_key(slot));
    if let Some(index) = before.map(|before| before.applied_key::<R>()) {
        // whoever came back after long may have used the nonce again
        if merogate_core::read(view, &index) == Some(slot) {
            writes.push((index, None));
        }
    }
    writes.push(row(entry_key(slot), entry));
    writes.push(row(entry.applied_key::<R>(), &slot));
    writes.push(counter(entry.place + 1));
    writes
}

/// Reads operations from a place on, or from the first that is remembered.
pub(crate) fn read_page(view: &impl View, from: Option<u64>, length: u32) {
    let next = next_place(view);
    let oldest = oldest_place(next);
    let start = from.unwrap_or(oldest).clamp(oldest, next);
    let end = start.saturating_add(u64::from(length).min(PAGE)).min(next);
    for place in start..end {
        view.get(&entry_key(slot_of(place)));
    }
}

/// Reads all that says how a request fared: the place it has, when it has one, or else the nonce that its signer must use next.
pub(crate) fn read_fate<R: Rules>(view: &impl View, subject: &Id, signer: &Id, nonce: u64) {
    let group = R::group_of(view, subject);
    let index = applied_key(&R::counted_in(&group), signer, nonce);
    match merogate_core::read::<u64>(view, &index) {
        Some(slot) => {
            view.get(&entry_key(slot));
        }
        None => {
            R::next_nonce(view, &group, signer);
        }
    }
}
