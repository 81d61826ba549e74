//! What the chain gives the rules.
use ed25519_dalek::{Verifier, VerifyingKey};
use merogate_core::{Host, Id, Signature};
use merogate_icp_tree::Platform;

use crate::store::Stable;

/// The longest principal there may be, and what ends those that are a key's, are derived, or are nobody's.
const PRINCIPAL_BYTES: usize = 29;
const NO_CANISTERS: [u8; 3] = [2, 3, 4];

pub struct Chain;

impl Host for Chain {
    fn sha256(&self, bytes: &[u8]) -> Id {
        Stable.sha256(&[bytes])
    }

    fn verify(&self, key: &Id, message: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        VerifyingKey::from_bytes(key).is_ok_and(|key| key.verify(message, &signature).is_ok())
    }

    /// No canister can look another up, so this is all there is to see: whether it can be none.
    fn is_contract(&self, address: &[u8]) -> bool {
        address.len() <= PRINCIPAL_BYTES
            && address.last().is_some_and(|class| !NO_CANISTERS.contains(class))
    }
}

/// The canister's own address.
pub fn address() -> Vec<u8> {
    ic_cdk::api::canister_self().as_slice().to_vec()
}

/// Unix seconds.
pub fn now() -> u64 {
    ic_cdk::api::time() / 1_000_000_000
}
