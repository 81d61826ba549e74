//! What the chain gives the rules.
use merogate_core::{Host, Id, Signature, View};
use near_sdk::env;

pub struct Chain;

impl View for Chain {
    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        env::storage_read(key)
    }
}

impl Host for Chain {
    fn sha256(&self, bytes: &[u8]) -> Id {
        env::sha256_array(bytes)
    }

    fn verify(&self, key: &Id, message: &[u8], signature: &Signature) -> bool {
        env::ed25519_verify(signature, message, key)
    }

    /// No contract can look another up, so this is all there is to see.
    fn is_contract(&self, address: &[u8]) -> bool {
        env::is_valid_account_id(address)
    }
}

/// The contract's own account.
pub fn account() -> Vec<u8> {
    env::current_account_id().as_bytes().to_vec()
}

/// Unix seconds.
pub fn now() -> u64 {
    env::block_timestamp_ms() / 1000
}
