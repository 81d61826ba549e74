//! Where the shell keeps what is its own, beside the records of the rules.
use merogate_core::{encode, Layout};
use near_sdk::env;

use crate::chain::Chain;

/// Bytes that each record costs besides its key and value.
const RECORD_BYTES: usize = 40;

/// What a key begins with. The tables of the rules are numbered from 1, these from 128: no key of one is another's.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Table {
    Settings = 128,
    Operations,
    Ring,
    Applied,
    GroupCredits,
    AccountCredits,
}

pub(crate) fn key(table: Table, rest: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + rest.len());
    key.push(table as u8);
    key.extend_from_slice(rest);
    key
}

pub(crate) fn read<T: Layout>(key: &[u8]) -> Option<T> {
    merogate_core::read(&Chain, key)
}

pub(crate) fn write(key: &[u8], record: &impl Layout) {
    env::storage_write(key, &encode(record));
}

/// Bytes of storage that a record takes.
pub(crate) fn size_of(key: &[u8], value: &[u8]) -> usize {
    RECORD_BYTES + key.len() + value.len()
}

/// Bytes by which storage grows with some changes.
pub(crate) fn growth_of(writes: &[(Vec<u8>, Option<Vec<u8>>)]) -> i64 {
    let size = |key: &[u8], value: &Option<Vec<u8>>| -> i64 {
        value.as_ref().map_or(0, |value| size_of(key, value) as i64)
    };
    writes.iter().map(|(key, value)| size(key, value) - size(key, &env::storage_read(key))).sum()
}

/// Makes changes.
pub(crate) fn commit(writes: &[(Vec<u8>, Option<Vec<u8>>)]) {
    for (key, value) in writes {
        match value {
            Some(value) => env::storage_write(key, value),
            None => env::storage_remove(key),
        };
    }
}
