//! The last operations that were applied, for nodes to read on from a place: what happened, and whether a given request did.
use merogate_core::{encode, record, Accepted, Bytes, Event, Id};
use near_sdk::env;

use crate::calls::answer;
use crate::store::{self, Table};
use crate::Rules;

/// Operations that are remembered.
const LENGTH: u64 = 1024;
/// Most that one answer has.
const PAGE: u64 = 100;

record! {
    /// An operation that was applied.
    pub struct Entry {
        pub height: u64,
        /// What its signer signed.
        pub digest: Id,
        pub signer: Id,
        pub nonce: u64,
        /// Where its storage belongs to.
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
    pub fn new(digest: Id, accepted: &Accepted) -> Self {
        let Accepted { head, group, event, .. } = accepted;
        Self {
            height: env::block_height(),
            digest,
            signer: head.signer,
            nonce: head.nonce,
            group: *group,
            event: event.as_ref().map(bytes_of),
        }
    }

    /// Of what nobody signed.
    pub fn unsigned(group: &Id, event: &Event) -> Self {
        Self {
            height: env::block_height(),
            digest: [0; 32],
            signer: event.signer,
            nonce: event.nonce,
            group: *group,
            event: Some(bytes_of(event)),
        }
    }

    /// By which it is found: a nonce of a signer is used once.
    fn applied_key<R: Rules>(&self) -> Vec<u8> {
        applied_key(&R::counted_in(&self.group), &self.signer, self.nonce)
    }

    /// Bytes that remembering it takes, at a place that is free.
    pub fn size<R: Rules>(&self, place: u64) -> i64 {
        let (key, index) = (entry_key(place), self.applied_key::<R>());
        let slot = slot_of(place);
        let is_there = store::read::<u16>(&index).is_some_and(|other| other != slot);
        let index_size = if is_there { 0 } else { store::size_of(&index, &encode(&slot)) };
        (store::size_of(&key, &encode(self)) + index_size) as i64
    }
}

fn slot_of(place: u64) -> u16 {
    (place % LENGTH) as u16
}

fn entry_key(place: u64) -> Vec<u8> {
    store::key(Table::Ring, &slot_of(place).to_be_bytes())
}

fn applied_key(counted_in: &Id, signer: &Id, nonce: u64) -> Vec<u8> {
    let name = [&counted_in[..], signer, &nonce.to_le_bytes()].concat();
    store::key(Table::Applied, &env::sha256_array(name))
}

fn counter_key() -> Vec<u8> {
    store::key(Table::Operations, &[])
}

/// Operations that were applied: the place of the next one.
pub(crate) fn next_place() -> u64 {
    store::read(&counter_key()).unwrap_or(0)
}

/// The first place that is remembered.
fn oldest_place(next: u64) -> u64 {
    next.saturating_sub(LENGTH)
}

/// Forgets what has the slot of a place: the group that paid for it, and bytes that are free now.
pub(crate) fn release<R: Rules>(place: u64) -> Option<(Id, u64)> {
    let key = entry_key(place);
    let entry: Entry = store::read(&key)?;
    let before = env::storage_usage();
    let index = entry.applied_key::<R>();
    // whoever came back after long may have used the nonce again
    if store::read(&index) == Some(slot_of(place)) {
        env::storage_remove(&index);
    }
    env::storage_remove(&key);
    Some((entry.group, before - env::storage_usage()))
}

/// Remembers an operation at a place that is free.
pub(crate) fn remember<R: Rules>(place: u64, entry: &Entry) {
    store::write(&entry_key(place), entry);
    store::write(&entry.applied_key::<R>(), &slot_of(place));
    store::write(&counter_key(), &(place + 1));
}

/// `changes`: the place after the last one, the first one that is remembered, and operations from a place on, or from the first.
pub(crate) fn changes(from: Option<u64>, length: u32) {
    let next = next_place();
    let oldest = oldest_place(next);
    let start = from.unwrap_or(oldest).clamp(oldest, next);
    let end = start.saturating_add(u64::from(length).min(PAGE)).min(next);
    let item = |place: u64| {
        let Entry { height, digest, signer, nonce, event, .. } = store::read(&entry_key(place))?;
        Some((place, height, digest, signer, nonce, event))
    };
    let items: Vec<_> = (start..end).filter_map(item).collect();
    answer(&(next, oldest, items));
}

/// How a request fared.
pub(crate) enum Fate {
    /// The ring reaches back far enough, and has it not.
    NotApplied,
    /// At this height.
    Applied(u64),
    Unknown,
}

/// What became of a request that is good still, or was a day ago.
pub(crate) fn fate_of<R: Rules>(subject: &Id, signer: &Id, nonce: u64, digest: &Id) -> Fate {
    let group = R::group_of(subject);
    let index = applied_key(&R::counted_in(&group), signer, nonce);
    if let Some(slot) = store::read::<u16>(&index) {
        let entry: Option<Entry> = store::read(&entry_key(slot.into()));
        return match entry.filter(|entry| entry.digest == *digest) {
            Some(entry) => Fate::Applied(entry.height),
            None => Fate::NotApplied,
        };
    }
    let is_used = R::next_nonce(&group, signer) > nonce;
    if is_used && oldest_place(next_place()) > 0 {
        Fate::Unknown
    } else {
        Fate::NotApplied
    }
}
