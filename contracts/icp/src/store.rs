//! Rows in stable memory: those of the rules, and the canister's own beside them.
use ic_cdk::api::{certified_data_set, stable_grow, stable_read, stable_size, stable_write};
use merogate_core::{encode, Layout, View};
use merogate_icp_tree::{Hash, Platform, Tree, Write};

use crate::hash::sha256;

/// Stable memory of this canister.
pub(crate) struct Stable;

impl Platform for Stable {
    fn pages(&self) -> u64 {
        stable_size()
    }

    fn grow(&self, pages: u64) {
        if stable_grow(pages) == u64::MAX {
            ic_cdk::trap("there is no more stable memory");
        }
    }

    fn read(&self, at: u64, to: &mut [u8]) {
        stable_read(at, to);
    }

    fn write(&self, at: u64, bytes: &[u8]) {
        stable_write(at, bytes);
    }

    fn sha256(&self, parts: &[&[u8]]) -> Hash {
        sha256(parts)
    }
}

/// What a key begins with. The tables of the rules are numbered from 1, these from 128: no key of one is another's.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Table {
    Settings = 128,
    Operations,
    Log,
    Applied,
    Creations,
}

pub(crate) fn key(table: Table, rest: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + rest.len());
    key.push(table as u8);
    key.extend_from_slice(rest);
    key
}

/// A row to store.
pub(crate) fn row(key: Vec<u8>, record: &impl Layout) -> Write {
    (key, Some(encode(record)))
}

pub(crate) fn rows() -> Tree<Stable> {
    Tree::open(Stable)
}

/// What is stored.
pub struct Stored(pub(crate) Tree<Stable>);

impl Stored {
    pub fn open() -> Self {
        Self(rows())
    }
}

impl View for Stored {
    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.get(key)
    }
}

/// Makes changes, and has the chain certify what there is now.
pub(crate) fn commit(tree: &Tree<Stable>, writes: &[Write]) {
    tree.apply(writes);
    certify(tree);
}

pub(crate) fn certify(tree: &Tree<Stable>) {
    certified_data_set(tree.root_hash());
}
