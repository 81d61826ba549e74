//! Rows and their tree against a map and a tree that is made anew of all of it.
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use merogate_icp_tree::{Hash, Platform, Tree, Write};

const PAGE: usize = 65_536;

/// Memory, and something that differs where its input does: what a hash is, another test compares.
#[derive(Default)]
struct Fake {
    memory: RefCell<Vec<u8>>,
    hashes: Cell<usize>,
}

impl Platform for &Fake {
    fn pages(&self) -> u64 {
        (self.memory.borrow().len() / PAGE) as u64
    }

    fn grow(&self, pages: u64) {
        let length = self.memory.borrow().len() + pages as usize * PAGE;
        self.memory.borrow_mut().resize(length, 0);
    }

    fn read(&self, at: u64, to: &mut [u8]) {
        let at = at as usize;
        to.copy_from_slice(&self.memory.borrow()[at..at + to.len()]);
    }

    fn write(&self, at: u64, bytes: &[u8]) {
        let at = at as usize;
        self.memory.borrow_mut()[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn sha256(&self, parts: &[&[u8]]) -> Hash {
        self.hashes.set(self.hashes.get() + 1);
        let mut words = [0x9e37_79b9_7f4a_7c15u64, 1, 2, 3];
        for byte in parts.iter().flat_map(|part| part.iter()) {
            for (at, word) in words.iter_mut().enumerate() {
                *word = (*word ^ u64::from(*byte)).wrapping_mul(0x1000_0000_01b3 + 2 * at as u64);
                *word ^= *word >> 29;
            }
        }
        let mut hash = [1; 32];
        for (bytes, word) in hash.chunks_exact_mut(8).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        hash
    }
}

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    /// Few bytes and few values of them, so that keys meet, and begin with each other.
    fn key(&mut self) -> Vec<u8> {
        let length = 1 + self.below(5);
        (0..length).map(|_| [0, 1, 2, 0x7f, 0x80, 0xff][self.below(6)]).collect()
    }

    fn value(&mut self) -> Vec<u8> {
        let length = [0, 1, 30, 31, 60, 400][self.below(6)];
        (0..length).map(|_| self.below(256) as u8).collect()
    }
}

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// The bits of a key, each byte behind a bit that says that there is one.
fn bits(key: &[u8]) -> Vec<bool> {
    key.iter()
        .flat_map(|byte| [true].into_iter().chain((0..8).map(move |at| byte >> (7 - at) & 1 == 1)))
        .collect()
}

/// The root of all rows, computed from nothing.
fn root(fake: &Fake, rows: &[(&Vec<u8>, &Vec<u8>)]) -> Hash {
    match rows {
        [] => fake.sha256(&[b"\x11ic-hashtree-empty"]),
        [(key, value)] => {
            let leaf = fake.sha256(&[b"\x10ic-hashtree-leaf", value]);
            fake.sha256(&[b"\x13ic-hashtree-labeled", key, &leaf])
        }
        [(first, _), .., (last, _)] => {
            let (first, last) = (bits(first), bits(last));
            let bit = |bits: &Vec<bool>, at: usize| bits.get(at).copied().unwrap_or(false);
            let at = (0..).find(|at| bit(&first, *at) != bit(&last, *at)).unwrap();
            let middle = rows.partition_point(|(key, _)| !bit(&bits(key), at));
            let (left, right) = rows.split_at(middle);
            fake.sha256(&[b"\x10ic-hashtree-fork", &root(fake, left), &root(fake, right)])
        }
    }
}

fn check(fake: &Fake, rows: &Rows) {
    let all: Vec<_> = rows.iter().collect();
    assert_eq!(Tree::open(fake).root_hash(), root(&fake, &all));
}

#[test]
fn has_the_rows_and_the_root_of_a_map_whatever_is_done() {
    for seed in 0..12 {
        let fake = Fake::default();
        let mut numbers = Numbers(seed);
        let mut rows = Rows::new();
        Tree::create(&fake);
        check(&fake, &rows);
        for _ in 0..40 {
            let mut writes: Vec<Write> = Vec::new();
            for _ in 0..numbers.below(6) {
                let is_there = numbers.below(3) > 0;
                writes.push((numbers.key(), is_there.then(|| numbers.value())));
            }
            Tree::open(&fake).apply(&writes);
            for (key, value) in writes {
                match value {
                    Some(value) => rows.insert(key, value),
                    None => rows.remove(&key),
                };
            }
            check(&fake, &rows);
            let key = numbers.key();
            assert_eq!(Tree::open(&fake).get(&key), rows.get(&key).cloned());
        }
        for key in rows.keys() {
            assert_eq!(Tree::open(&fake).get(key).as_ref(), rows.get(key));
        }
    }
}

#[test]
fn gives_space_back() {
    let fake = Fake::default();
    let tree = Tree::create(&fake);
    let mut length = 0;
    for round in 0..8u8 {
        let keys = (0..200u8).map(|at| vec![at, round]);
        let all: Vec<Write> = keys.map(|key| (key, Some(vec![round; 300]))).collect();
        tree.apply(&all);
        let none: Vec<Write> = all.into_iter().map(|(key, _)| (key, None)).collect();
        tree.apply(&none);
        length = if round == 0 { fake.pages() } else { length };
        assert_eq!(fake.pages(), length);
    }
    check(&fake, &Rows::new());
}

impl Fake {
    fn pages(&self) -> u64 {
        Platform::pages(&self)
    }

    fn sha256(&self, parts: &[&[u8]]) -> Hash {
        Platform::sha256(&self, parts)
    }
}

#[test]
fn computes_hashes_of_the_paths_that_changed_alone() {
    let fake = Fake::default();
    let tree = Tree::create(&fake);
    let key = |number: u32| number.reverse_bits().to_be_bytes().to_vec();
    let all: Vec<Write> = (0..1_024).map(|number| (key(number), Some(vec![1]))).collect();
    tree.apply(&all);
    fake.hashes.set(0);
    tree.apply(&[(key(77), Some(vec![2]))]);
    // two of the leaf, and one for each level
    assert_eq!(fake.hashes.replace(0), 2 + 10);
    // the upper levels of two paths are the same
    tree.apply(&[(key(77), Some(vec![3])), (key(76), Some(vec![3])), (vec![9], None)]);
    assert!(fake.hashes.get() <= 2 * (2 + 10));
}

#[test]
#[should_panic(expected = "the memory is of another kind")]
fn takes_no_memory_for_its_own_that_is_not() {
    let fake = Fake::default();
    (&&fake).grow(1);
    Tree::open(&fake);
}

#[test]
#[should_panic(expected = "the memory is in use")]
fn begins_only_where_nothing_is() {
    let fake = Fake::default();
    Tree::create(&fake);
    Tree::create(&fake);
}
