//! Rows in stable memory, each with a key of its own, and the tree of their hashes, of which the Internet Computer certifies the root.
//!
//! Both are one: a row is a leaf of a tree over the bits of the keys (a crit-bit tree), whose inner nodes have the hashes of their children.
//! So a row is found, changed and proven along one path, whose length is about the logarithm of how many rows there are. Everything lies in
//! stable memory, and nothing on the heap: an upgrade has nothing to do.
//!
//! The shape of the tree is what the keys make it, whatever was done in which order, and as a hash tree of the Internet Computer it is: inner
//! nodes are forks, a leaf is a label (the key) with a value. Keys stand in the order of their bytes, so what is not there is proven by its
//! neighbours.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;

mod bits;
mod nodes;
mod space;
mod tree;
mod witness;

pub use tree::Tree;

/// A SHA-256.
pub type Hash = [u8; 32];
/// What to store under a key; none removes.
pub type Write = (alloc::vec::Vec<u8>, Option<alloc::vec::Vec<u8>>);

/// Memory that outlives upgrades, and what computes hashes.
pub trait Platform {
    /// Pages of 64 KiB that there are.
    fn pages(&self) -> u64;

    /// Adds pages, which are zero. Ends the message when there are none.
    fn grow(&self, pages: u64);

    fn read(&self, at: u64, to: &mut [u8]);

    fn write(&self, at: u64, bytes: &[u8]);

    /// Of parts, one after another.
    fn sha256(&self, parts: &[&[u8]]) -> Hash;
}
