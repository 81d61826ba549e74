//! Nodes as they lie in memory, and their hashes as the Internet Computer computes them.
use alloc::vec::Vec;

use crate::space::{give, read_u64, take, write_u64, Link};
use crate::{Hash, Platform};

/// In the place of a hash that is still to be computed: no text has it.
pub(crate) const UNKNOWN: Hash = [0; 32];

const LEAF: &[u8] = b"\x10ic-hashtree-leaf";
const LABELED: &[u8] = b"\x13ic-hashtree-labeled";
const FORK: &[u8] = b"\x10ic-hashtree-fork";
const EMPTY: &[u8] = b"\x11ic-hashtree-empty";

/// Where the parts of an inner node lie in it.
const LINKS: u64 = 2;
const HASHES: u64 = 18;
const INNER: usize = 82;

/// What splits the keys below it: the first bit in which they differ. They have links and hashes of both sides.
pub(crate) struct Inner {
    pub bit: u16,
    pub links: [Link; 2],
    pub hashes: [Hash; 2],
}

/// A node without hashes, to find one's way.
pub(crate) struct Way {
    pub bit: u16,
    pub links: [Link; 2],
}

fn u16_at(bytes: &[u8]) -> u16 {
    u16::from_le_bytes([bytes[0], bytes[1]])
}

fn link_at(bytes: &[u8]) -> Link {
    let mut link = [0; 8];
    link.copy_from_slice(&bytes[..8]);
    Link(u64::from_le_bytes(link))
}

fn hash_at(bytes: &[u8]) -> Hash {
    let mut hash = [0; 32];
    hash.copy_from_slice(&bytes[..32]);
    hash
}

pub(crate) fn read_way(platform: &impl Platform, link: Link) -> Way {
    let mut bytes = [0; HASHES as usize];
    platform.read(link.at(), &mut bytes);
    Way { bit: u16_at(&bytes), links: [link_at(&bytes[2..]), link_at(&bytes[10..])] }
}

pub(crate) fn read_inner(platform: &impl Platform, link: Link) -> Inner {
    let mut bytes = [0; INNER];
    platform.read(link.at(), &mut bytes);
    Inner {
        bit: u16_at(&bytes),
        links: [link_at(&bytes[2..]), link_at(&bytes[10..])],
        hashes: [hash_at(&bytes[18..]), hash_at(&bytes[50..])],
    }
}

pub(crate) fn new_inner(platform: &impl Platform, inner: &Inner) -> Link {
    let at = take(platform, INNER as u64);
    let mut bytes = [0; INNER];
    bytes[..2].copy_from_slice(&inner.bit.to_le_bytes());
    for (side, (link, hash)) in inner.links.iter().zip(&inner.hashes).enumerate() {
        bytes[2 + 8 * side..10 + 8 * side].copy_from_slice(&link.0.to_le_bytes());
        bytes[18 + 32 * side..50 + 32 * side].copy_from_slice(hash);
    }
    platform.write(at, &bytes);
    Link(at)
}

pub(crate) fn give_inner(platform: &impl Platform, link: Link) {
    give(platform, link.at(), INNER as u64);
}

pub(crate) fn set_child(platform: &impl Platform, node: Link, side: usize, child: Link) {
    write_u64(platform, node.at() + LINKS + 8 * side as u64, child.0);
}

pub(crate) fn set_hash(platform: &impl Platform, node: Link, side: usize, hash: &Hash) {
    platform.write(node.at() + HASHES + 32 * side as u64, hash);
}

/// Lengths of the key and the value of a leaf, in front of them.
fn lengths(platform: &impl Platform, link: Link) -> (usize, usize) {
    let both = read_u64(platform, link.at());
    ((both & 0xffff_ffff) as usize, (both >> 32) as usize)
}

fn size_of(key: usize, value: usize) -> u64 {
    (8 + key + value) as u64
}

pub(crate) fn new_leaf(platform: &impl Platform, key: &[u8], value: &[u8]) -> Link {
    let at = take(platform, size_of(key.len(), value.len()));
    write_leaf(platform, at, key, value);
    Link::leaf(at)
}

fn write_leaf(platform: &impl Platform, at: u64, key: &[u8], value: &[u8]) {
    let mut bytes = Vec::with_capacity(8 + key.len() + value.len());
    bytes.extend_from_slice(&(key.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&(value.len() as u32).to_le_bytes());
    bytes.extend_from_slice(key);
    bytes.extend_from_slice(value);
    platform.write(at, &bytes);
}

/// A leaf with another value: where it lies then.
pub(crate) fn replace_leaf(platform: &impl Platform, link: Link, key: &[u8], value: &[u8]) -> Link {
    let (before, length) = lengths(platform, link);
    let (old, new) = (size_of(before, length), size_of(key.len(), value.len()));
    if crate::space::fits(old, new) {
        write_leaf(platform, link.at(), key, value);
        return link;
    }
    give(platform, link.at(), old);
    new_leaf(platform, key, value)
}

pub(crate) fn give_leaf(platform: &impl Platform, link: Link) {
    let (key, value) = lengths(platform, link);
    give(platform, link.at(), size_of(key, value));
}

pub(crate) fn key_of(platform: &impl Platform, link: Link) -> Vec<u8> {
    let (length, _) = lengths(platform, link);
    let mut key = alloc::vec![0; length];
    platform.read(link.at() + 8, &mut key);
    key
}

pub(crate) fn value_of(platform: &impl Platform, link: Link) -> Vec<u8> {
    let (key, length) = lengths(platform, link);
    let mut value = alloc::vec![0; length];
    platform.read(link.at() + 8 + key as u64, &mut value);
    value
}

/// Hash of a value alone.
pub(crate) fn value_hash(platform: &impl Platform, value: &[u8]) -> Hash {
    platform.sha256(&[LEAF, value])
}

pub(crate) fn leaf_hash(platform: &impl Platform, link: Link) -> Hash {
    let (key, value) = (key_of(platform, link), value_of(platform, link));
    platform.sha256(&[LABELED, &key, &value_hash(platform, &value)])
}

pub(crate) fn fork_hash(platform: &impl Platform, [left, right]: &[Hash; 2]) -> Hash {
    platform.sha256(&[FORK, left, right])
}

/// Of a tree without rows.
pub(crate) fn empty_hash(platform: &impl Platform) -> Hash {
    platform.sha256(&[EMPTY])
}
