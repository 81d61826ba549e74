//! What a contract gives the rules to work with, and what it gets from them.
use alloc::{string::String, vec::Vec};

use crate::envelope::{Domain, Head};
use crate::interface::{FieldType, Refusal};
use crate::layout::{Id, Layout, Signature};

/// What is stored, by key.
pub trait View {
    fn get(&self, key: &[u8]) -> Option<Vec<u8>>;
}

/// What a chain computes for its contracts.
pub trait Host {
    fn sha256(&self, bytes: &[u8]) -> Id;

    /// Whether a key signed a message, by RFC 8032. It is asked only of strong keys and canonical signatures, on which all verifiers agree.
    fn verify(&self, key: &Id, message: &[u8], signature: &Signature) -> bool;

    /// Whether bytes are the address of a contract on this chain.
    fn is_contract(&self, address: &[u8]) -> bool;
}

/// What a contract knows of itself and its time.
pub struct Here<'a> {
    pub domain: &'a Domain,
    /// Unix seconds.
    pub now: u64,
    /// Whether it takes groups over from another contract.
    pub has_predecessor: bool,
}

/// Why a request has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    pub refusal: Refusal,
    /// With `BadNonce`: the nonce that would have been right.
    pub expected: Option<u64>,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, expected: None }
    }
}

/// What a request does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Who asked, and with which nonce.
    pub head: Head,
    /// The group, or the package, that it is about: where what is stored belongs to.
    pub group: Id,
    /// What is to be stored, in the order of the keys; none removes.
    pub writes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// None when the state was already as asked.
    pub event: Option<Event>,
}

/// An answer to a request.
pub type Decision = Result<Accepted, Refused>;

/// What a contract announces, in words and values that every chain has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub name: &'static str,
    pub subject: Id,
    pub signer: Id,
    /// The nonce that the operation used.
    pub nonce: u64,
    /// The revision that the change moved, afterwards; 0 for changes that no revision counts.
    pub revision: u64,
    /// See `interface::EVENTS`.
    pub fields: Vec<(&'static str, Value)>,
}

impl Event {
    /// Its name and head, then names of fields with their values, one after another, as bytes with a length.
    pub fn write(&self, to: &mut Vec<u8>) {
        let Self { name, subject, signer, nonce, revision, .. } = self;
        String::from(*name).write(to);
        subject.write(to);
        signer.write(to);
        nonce.write(to);
        revision.write(to);
        self.field_bytes().write(to);
    }

    /// Names of fields with their values, one after another.
    pub fn field_bytes(&self) -> Vec<u8> {
        let mut values = Vec::new();
        for (name, value) in &self.fields {
            String::from(*name).write(&mut values);
            value.write(&mut values);
        }
        values
    }
}

/// What a field of an event holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Id(Id),
    Ids(Vec<Id>),
    U8s(Vec<u8>),
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    Bool(bool),
    Text(String),
    Bytes(Vec<u8>),
}

impl Value {
    pub fn field_type(&self) -> FieldType {
        match self {
            Value::Id(_) => FieldType::Id,
            Value::Ids(_) => FieldType::Ids,
            Value::U8s(_) => FieldType::U8s,
            Value::U8(_) => FieldType::U8,
            Value::U16(_) => FieldType::U16,
            Value::U32(_) => FieldType::U32,
            Value::U64(_) => FieldType::U64,
            Value::Bool(_) => FieldType::Bool,
            Value::Text(_) => FieldType::Text,
            Value::Bytes(_) => FieldType::Bytes,
        }
    }

    /// The bytes of the value alone: what it is, the table of events says.
    pub fn write(&self, to: &mut Vec<u8>) {
        match self {
            Value::Id(value) => value.write(to),
            Value::Ids(value) => value.write(to),
            Value::U8(value) => value.write(to),
            Value::U16(value) => value.write(to),
            Value::U32(value) => value.write(to),
            Value::U64(value) => value.write(to),
            Value::Bool(value) => value.write(to),
            Value::Text(value) => value.write(to),
            Value::U8s(value) | Value::Bytes(value) => value.write(to),
        }
    }
}

/// What an operation came to: an event without whose it is.
pub(crate) struct Change {
    pub name: &'static str,
    pub revision: u64,
    pub fields: Vec<(&'static str, Value)>,
}

impl Change {
    pub fn announced(self, head: &Head) -> Event {
        let Change { name, revision, fields } = self;
        let &Head { subject, signer, nonce, .. } = head;
        Event { name, subject, signer, nonce, revision, fields }
    }
}

/// What the rules of an operation answer: a change, none, or why it must not happen.
pub(crate) type Outcome = Result<Option<Change>, Refused>;

/// A change that happened.
pub(crate) fn changed(
    name: &'static str,
    revision: u64,
    fields: Vec<(&'static str, Value)>,
) -> Outcome {
    Ok(Some(Change { name, revision, fields }))
}
