//! Changes on top of what is stored: reads see them, what is stored does not.
use alloc::{collections::BTreeMap, vec::Vec};
use core::cell::RefCell;

use crate::host::View;
use crate::layout::{decode, encode, Layout};

type Rows = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

pub(crate) struct Draft<'a> {
    view: &'a dyn View,
    /// What was read before: storage is paid for by the read.
    seen: RefCell<Rows>,
    changed: Rows,
}

/// The record that stored bytes are. They were written by this contract alone.
fn record_of<T: Layout>(bytes: &[u8]) -> T {
    match decode(bytes) {
        Ok(record) => record,
        Err(_) => panic!("a stored record is damaged"),
    }
}

/// A record as it is stored.
pub fn read<T: Layout>(view: &(impl View + ?Sized), key: &[u8]) -> Option<T> {
    view.get(key).map(|bytes| record_of(&bytes))
}

impl View for Draft<'_> {
    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        if let Some(value) = self.changed.get(key) {
            return value.clone();
        }
        let mut seen = self.seen.borrow_mut();
        if let Some(value) = seen.get(key) {
            return value.clone();
        }
        let value = self.view.get(key);
        seen.insert(key.to_vec(), value.clone());
        value
    }
}

impl<'a> Draft<'a> {
    pub fn new(view: &'a dyn View) -> Self {
        Self { view, seen: RefCell::default(), changed: Rows::new() }
    }

    pub fn set(&mut self, key: Vec<u8>, record: &impl Layout) {
        self.changed.insert(key, Some(encode(record)));
    }

    pub fn remove(&mut self, key: Vec<u8>) {
        self.changed.insert(key, None);
    }

    /// What is to be stored, without what is stored like that already.
    pub fn into_writes(self) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        let Self { view, seen, changed } = self;
        let seen = seen.into_inner();
        let is_stored = |key: &Vec<u8>, value: &Option<Vec<u8>>| match seen.get(key) {
            Some(stored) => stored == value,
            None => view.get(key) == *value,
        };
        changed.into_iter().filter(|(key, value)| !is_stored(key, value)).collect()
    }
}
