//! Proofs: the tree with some rows, and the hashes of all others.
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::bits::{bit, difference};
use crate::nodes::{key_of, read_inner, read_way, value_hash, value_of, Inner};
use crate::space::{root, Link};
use crate::tree::Tree;
use crate::{Hash, Platform};

/// Kinds of nodes as the Internet Computer numbers them.
const EMPTY: u8 = 0;
const FORK: u8 = 1;
const LABELED: u8 = 2;
const LEAF: u8 = 3;
const PRUNED: u8 = 4;
/// Marks the bytes as CBOR.
const SELF_DESCRIBED: [u8; 3] = [0xd9, 0xd9, 0xf7];

/// Beginning of an array of so many, the first of which is a kind of node.
fn write_node(kind: u8, length: u8, to: &mut Vec<u8>) {
    to.extend_from_slice(&[0x80 | length, kind]);
}

fn write_bytes(bytes: &[u8], to: &mut Vec<u8>) {
    const MAJOR: u8 = 0x40;
    match bytes.len() {
        length @ 0..=23 => to.push(MAJOR | length as u8),
        length @ 24..=0xff => to.extend_from_slice(&[MAJOR | 24, length as u8]),
        length => {
            to.push(MAJOR | 25);
            // no row is that long
            to.extend_from_slice(&(length as u16).to_be_bytes());
        }
    }
    to.extend_from_slice(bytes);
}

fn write_pruned(hash: &Hash, to: &mut Vec<u8>) {
    write_node(PRUNED, 2, to);
    write_bytes(hash, to);
}

impl<P: Platform> Tree<P> {
    /// What proves what is stored under some keys, or that nothing is: a hash tree in CBOR, whose root is the certified one.
    pub fn witness<'a>(&self, keys: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
        // whether the value is shown, by key
        let mut shown = BTreeMap::new();
        for key in keys {
            let nearest = self.nearest(key);
            match nearest.and_then(|leaf| difference(key, &key_of(&self.platform, leaf))) {
                None => {
                    shown.insert(key.to_vec(), true);
                }
                Some(position) => {
                    for neighbour in self.neighbours(key, position) {
                        shown.entry(neighbour).or_insert(false);
                    }
                }
            }
        }
        let mut to = SELF_DESCRIBED.to_vec();
        let shown: Vec<_> = shown.into_iter().collect();
        match root(&self.platform) {
            (Link::NONE, _) => write_node(EMPTY, 1, &mut to),
            (link, hash) => self.write_tree(link, &hash, &shown, &mut to),
        }
        to
    }

    /// Keys right before and behind one that is not there, which differs from the nearest first at a position.
    fn neighbours(&self, key: &[u8], position: u16) -> Vec<Vec<u8>> {
        let (mut link, _) = root(&self.platform);
        // what hangs on the other side of the way
        let mut beside = [None; 2];
        while !link.is_leaf() {
            let way = read_way(&self.platform, link);
            if way.bit >= position {
                break;
            }
            let side = bit(key, way.bit);
            beside[1 - side] = Some(way.links[1 - side]);
            link = way.links[side];
        }
        // all that hangs here is on one side of the key
        beside[1 - bit(key, position)] = Some(link);
        let [before, behind] = beside;
        let ends = [before.map(|link| self.end(link, 1)), behind.map(|link| self.end(link, 0))];
        ends.into_iter().flatten().collect()
    }

    /// The last key on one side.
    fn end(&self, mut link: Link, side: usize) -> Vec<u8> {
        while !link.is_leaf() {
            link = read_way(&self.platform, link).links[side];
        }
        key_of(&self.platform, link)
    }

    fn write_tree(&self, link: Link, hash: &Hash, shown: &[(Vec<u8>, bool)], to: &mut Vec<u8>) {
        let Some((key, is_whole)) = shown.first() else {
            return write_pruned(hash, to);
        };
        if link.is_leaf() {
            write_node(LABELED, 3, to);
            write_bytes(key, to);
            let value = value_of(&self.platform, link);
            if *is_whole {
                write_node(LEAF, 2, to);
                write_bytes(&value, to);
            } else {
                write_pruned(&value_hash(&self.platform, &value), to);
            }
            return;
        }
        let Inner { bit: position, links, hashes } = read_inner(&self.platform, link);
        let middle = shown.partition_point(|(key, _)| bit(key, position) == 0);
        let (left, right) = shown.split_at(middle);
        write_node(FORK, 3, to);
        self.write_tree(links[0], &hashes[0], left, to);
        self.write_tree(links[1], &hashes[1], right, to);
    }
}
