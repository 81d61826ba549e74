//! What the registry stores. Everything is found by key, and no operation looks at more than a bounded number of records.
use alloc::{string::String, vec::Vec};

use crate::layout::{record, Id};
use crate::packages::operation::Release;

record! {
    /// The header of a package.
    pub struct Package {
        pub name: String,
        pub description: String,
        pub repository: String,
        pub owners: Vec<Id>,
        /// Identities that may accept to be owners.
        pub offered: Vec<Id>,
        pub revision: u64,
        /// Releases; they are numbered 1 .. releases in the order of publication, so that 0 can stand for none.
        pub releases: u32,
        /// Those of them that are not yanked.
        pub available: u32,
    }
}

record! {
    /// A release. Those of one channel of one line that are not yanked are linked, so that yanking the highest shows the next one.
    pub struct Published {
        pub release: Release,
        pub publisher: Id,
        /// Number of the next lower release of its channel and line; 0 for none.
        pub previous: u32,
        /// Number of the next higher one; 0 for none.
        pub next: u32,
        /// None while it is not yanked.
        pub yank_reason: Option<String>,
    }
}

/// Stable versions and pre-releases are offered apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Stable,
    PreRelease,
}

record! {
    /// A line: all releases with one major number. Numbers of the highest release of each channel that is not yanked; 0 for none. The next
    /// release must be above both.
    pub struct Line {
        pub stable: u32,
        pub pre_release: u32,
    }
}

impl Line {
    pub fn highest(&self, channel: Channel) -> u32 {
        match channel {
            Channel::Stable => self.stable,
            Channel::PreRelease => self.pre_release,
        }
    }

    pub(crate) fn with_highest(self, channel: Channel, number: u32) -> Self {
        match channel {
            Channel::Stable => Self { stable: number, ..self },
            Channel::PreRelease => Self { pre_release: number, ..self },
        }
    }
}

/// What a key begins with, so that no table's keys are another's.
#[repr(u8)]
enum Table {
    Packages = 1,
    Releases,
    Numbers,
    Lines,
    Majors,
    Nonces,
}

fn key(table: Table, id: &Id, rest: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + id.len() + rest.len());
    key.push(table as u8);
    key.extend_from_slice(id);
    key.extend_from_slice(rest);
    key
}

/// Key of a [`Package`].
pub fn package_key(id: &Id) -> Vec<u8> {
    key(Table::Packages, id, &[])
}

/// Key of a [`Published`].
pub fn release_key(id: &Id, number: u32) -> Vec<u8> {
    key(Table::Releases, id, &number.to_be_bytes())
}

/// Key of the number of a release, a u32.
pub fn number_key(id: &Id, version: &str) -> Vec<u8> {
    key(Table::Numbers, id, version.as_bytes())
}

/// Key of a [`Line`].
pub fn line_key(id: &Id, major: u32) -> Vec<u8> {
    key(Table::Lines, id, &major.to_be_bytes())
}

/// Key of a word of 256 bits, see `majors`.
pub(crate) fn word_key(id: &Id, channel: Channel, level: u8, prefix: u32) -> Vec<u8> {
    let [a, b, c, d] = prefix.to_be_bytes();
    key(Table::Majors, id, &[channel as u8, level, a, b, c, d])
}

/// Key of the next nonce of a signer, a u64; never forgotten.
pub fn nonce_key(signer: &Id) -> Vec<u8> {
    key(Table::Nonces, signer, &[])
}
