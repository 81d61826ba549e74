//! Answers that prove themselves: the rows that a query reads, those that are not there too, in the tree that the chain certifies. Whoever gets
//! them makes the same query over them again.
use core::cell::RefCell;
use std::collections::BTreeSet;

use merogate_core::View;

use crate::log::next_place;
use crate::settings::settings;
use crate::store::Stored;
use crate::types::{Blob, Proven};

/// What is stored, and which of it was asked for.
pub struct Recorder {
    stored: Stored,
    asked: RefCell<BTreeSet<Vec<u8>>>,
}

impl View for Recorder {
    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.asked.borrow_mut().insert(key.to_vec());
        self.stored.get(key)
    }
}

/// Proves what is read. There is a certificate only for who asks the canister itself, by a query.
pub fn proven(read: impl FnOnce(&Recorder)) -> Proven {
    let Some(certificate) = ic_cdk::api::data_certificate() else {
        ic_cdk::trap("there is a certificate in queries only");
    };
    let recorder = Recorder { stored: Stored::open(), asked: RefCell::default() };
    // which contract it is, and up to where it came, is part of every answer
    settings(&recorder);
    next_place(&recorder);
    read(&recorder);
    let asked = recorder.asked.into_inner();
    let witness = recorder.stored.0.witness(asked.iter().map(Vec::as_slice));
    Proven { certificate: Blob::from(certificate), witness: Blob::from(witness) }
}
