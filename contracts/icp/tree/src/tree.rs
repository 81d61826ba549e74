//! Finding and changing rows.
use alloc::vec::Vec;

use crate::bits::{bit, difference};
use crate::nodes::{
    empty_hash, fork_hash, give_inner, give_leaf, key_of, leaf_hash, new_inner, new_leaf,
    read_inner, read_way, replace_leaf, set_child, set_hash, value_of, Inner, UNKNOWN,
};
use crate::space::{check, format, root, set_root, Link};
use crate::{Hash, Platform, Write};

/// What hangs where: at the root, or on a side of a node.
#[derive(Clone, Copy)]
enum Place {
    Root,
    Below(Link, usize),
}

/// The rows of a memory. It has no state of its own.
pub struct Tree<P: Platform> {
    pub(crate) platform: P,
}

impl<P: Platform> Tree<P> {
    /// Makes a memory ready that was never used, with no rows in it.
    pub fn create(platform: P) -> Self {
        format(&platform);
        let tree = Self { platform };
        tree.resolve();
        tree
    }

    /// Of a memory that was made ready before.
    pub fn open(platform: P) -> Self {
        check(&platform);
        Self { platform }
    }

    /// What is certified: the hash of all rows.
    pub fn root_hash(&self) -> Hash {
        root(&self.platform).1
    }

    /// A row by its key.
    pub fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        let leaf = self.nearest(key)?;
        (key_of(&self.platform, leaf) == key).then(|| value_of(&self.platform, leaf))
    }

    /// Makes changes, and computes the hashes that follow from all of them.
    pub fn apply(&self, writes: &[Write]) {
        for (key, value) in writes {
            match value {
                Some(value) => self.set(key, value),
                None => self.remove(key),
            }
        }
        self.resolve();
    }

    /// The leaf that a key leads to, which has it when any has it.
    pub(crate) fn nearest(&self, key: &[u8]) -> Option<Link> {
        let (mut link, _) = root(&self.platform);
        if link == Link::NONE {
            return None;
        }
        while !link.is_leaf() {
            let way = read_way(&self.platform, link);
            link = way.links[bit(key, way.bit)];
        }
        Some(link)
    }

    /// Goes down to where a key's bit at a position counts, or to the leaf: what hangs there, and its hash so far. No hash on the way is known
    /// any more.
    fn descend(&self, key: &[u8], until: u16) -> (Place, Link, Hash) {
        let (mut link, mut hash) = root(&self.platform);
        set_root(&self.platform, link, &UNKNOWN);
        let mut place = Place::Root;
        while !link.is_leaf() {
            let Inner { bit: position, links, hashes } = read_inner(&self.platform, link);
            if position >= until {
                break;
            }
            let side = bit(key, position);
            hash = hashes[side];
            if hash != UNKNOWN {
                set_hash(&self.platform, link, side, &UNKNOWN);
            }
            place = Place::Below(link, side);
            link = links[side];
        }
        (place, link, hash)
    }

    fn hang(&self, place: Place, link: Link, hash: &Hash) {
        match place {
            Place::Root => set_root(&self.platform, link, hash),
            Place::Below(node, side) => {
                set_child(&self.platform, node, side, link);
                set_hash(&self.platform, node, side, hash);
            }
        }
    }

    fn set(&self, key: &[u8], value: &[u8]) {
        let Some(nearest) = self.nearest(key) else {
            let leaf = new_leaf(&self.platform, key, value);
            return set_root(&self.platform, leaf, &UNKNOWN);
        };
        let Some(position) = difference(key, &key_of(&self.platform, nearest)) else {
            let (place, leaf, _) = self.descend(key, u16::MAX);
            let leaf = replace_leaf(&self.platform, leaf, key, value);
            return self.hang(place, leaf, &UNKNOWN);
        };
        self.insert(key, value, position);
    }

    /// Puts a new leaf beside all that differs from it first at a position. The hash of those stays what it was.
    fn insert(&self, key: &[u8], value: &[u8], position: u16) {
        let (place, other, hash) = self.descend(key, position);
        let side = bit(key, position);
        let (mut links, mut hashes) = ([other; 2], [hash; 2]);
        links[side] = new_leaf(&self.platform, key, value);
        hashes[side] = UNKNOWN;
        let inner = new_inner(&self.platform, &Inner { bit: position, links, hashes });
        self.hang(place, inner, &UNKNOWN);
    }

    fn remove(&self, key: &[u8]) {
        let Some(leaf) = self.nearest(key).filter(|leaf| key_of(&self.platform, *leaf) == key)
        else {
            return;
        };
        match self.descend(key, u16::MAX).0 {
            Place::Root => set_root(&self.platform, Link::NONE, &UNKNOWN),
            Place::Below(parent, side) => {
                // what hangs beside it takes the place of both
                let Inner { bit: position, links, hashes } = read_inner(&self.platform, parent);
                let (above, ..) = self.descend(key, position);
                self.hang(above, links[1 - side], &hashes[1 - side]);
                give_inner(&self.platform, parent);
            }
        }
        give_leaf(&self.platform, leaf);
    }

    /// Computes all hashes that are not known.
    fn resolve(&self) {
        let (link, hash) = root(&self.platform);
        if hash == UNKNOWN {
            let hash = match link {
                Link::NONE => empty_hash(&self.platform),
                link => self.hash_of(link),
            };
            set_root(&self.platform, link, &hash);
        }
    }

    fn hash_of(&self, link: Link) -> Hash {
        if link.is_leaf() {
            return leaf_hash(&self.platform, link);
        }
        let Inner { links, mut hashes, .. } = read_inner(&self.platform, link);
        for side in [0, 1] {
            if hashes[side] == UNKNOWN {
                hashes[side] = self.hash_of(links[side]);
                set_hash(&self.platform, link, side, &hashes[side]);
            }
        }
        fork_hash(&self.platform, &hashes)
    }
}
