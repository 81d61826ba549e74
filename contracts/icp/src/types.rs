//! What goes in and out, in Candid.
use candid::{CandidType, Deserialize, Principal};
use merogate_core::Id;
use serde_bytes::ByteBuf;

pub type Blob = ByteBuf;

/// The 32 bytes that something is named by. Ends the message when there are more or less.
pub fn id(bytes: &Blob) -> Id {
    match Id::try_from(bytes.as_slice()) {
        Ok(id) => id,
        Err(_) => ic_cdk::trap("expected 32 bytes"),
    }
}

/// What a canister is given once.
#[derive(CandidType, Deserialize)]
pub struct InitArguments {
    pub network: String,
    pub predecessor: Option<Principal>,
    pub daily: Option<u32>,
    pub reserve: Option<u128>,
}

/// A request that had its effect.
#[derive(CandidType)]
pub struct Applied {
    /// Among all that were applied, from 0.
    pub place: u64,
    /// Whether anything is other than before.
    pub changed: bool,
}

/// Why a request has none.
#[derive(CandidType)]
pub struct Refused {
    pub number: u8,
    pub name: String,
    /// With `BadNonce`: the nonce that would have been right.
    pub expected: Option<u64>,
}

impl<T: Into<merogate_core::Refused>> From<T> for Refused {
    fn from(refused: T) -> Self {
        let merogate_core::Refused { refusal, expected } = refused.into();
        Self { number: refusal.number(), name: refusal.name().into(), expected }
    }
}

/// Rows, and the proof that they are what is stored.
#[derive(CandidType)]
pub struct Proven {
    /// Of the root of the tree of all rows, by the chain.
    pub certificate: Blob,
    /// The tree with the rows that were asked for, in CBOR.
    pub witness: Blob,
}

/// What the canister lives on.
#[derive(CandidType)]
pub struct Cycles {
    pub balance: u128,
    /// What may be spent before it freezes.
    pub liquid: Option<u128>,
    /// Bytes of heap and stable memory.
    pub memory: u64,
    pub created_today: u32,
    pub daily: u32,
    pub reserve: u128,
}
