//! What the chain gives the rules.
use alloc::vec::Vec;
use core::cell::RefCell;

use merogate_core::interface::chain;
use merogate_core::{Domain, Host, Id, Signature, View};
use soroban_sdk::address_payload::AddressPayload;
use soroban_sdk::{Address, Bytes, BytesN, Env};

pub struct Chain<'a> {
    pub env: &'a Env,
    /// Keys of the rows that were asked for and are there.
    asked: RefCell<Vec<Vec<u8>>>,
}

impl<'a> Chain<'a> {
    pub fn new(env: &'a Env) -> Self {
        Self { env, asked: RefCell::default() }
    }

    /// Unix seconds.
    pub fn now(&self) -> u64 {
        self.env.ledger().timestamp()
    }

    /// Keys of the rows that were asked for and are there.
    pub(crate) fn into_asked(self) -> Vec<Vec<u8>> {
        self.asked.into_inner()
    }

    /// Which contract this is.
    pub(crate) fn domain(&self) -> Domain {
        let contract = match self.env.current_contract_address().to_payload() {
            Some(AddressPayload::ContractIdHash(id)) => id.to_array().to_vec(),
            _ => panic!("the contract is none"),
        };
        let network = self.env.ledger().network_id().to_array();
        Domain { chain: chain::STELLAR, network, contract }
    }
}

impl View for Chain<'_> {
    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        let row = Bytes::from_slice(self.env, key);
        let value: Bytes = self.env.storage().persistent().get(&row)?;
        self.asked.borrow_mut().push(key.to_vec());
        Some(value.to_alloc_vec())
    }
}

impl Host for Chain<'_> {
    fn sha256(&self, bytes: &[u8]) -> Id {
        self.env.crypto().sha256(&Bytes::from_slice(self.env, bytes)).to_array()
    }

    /// The host ends the call when the signature is another's: this never answers no.
    fn verify(&self, key: &Id, message: &[u8], signature: &Signature) -> bool {
        self.env.crypto().ed25519_verify(
            &BytesN::from_array(self.env, key),
            &Bytes::from_slice(self.env, message),
            &BytesN::from_array(self.env, signature),
        );
        true
    }

    fn is_contract(&self, address: &[u8]) -> bool {
        let Ok(id) = Id::try_from(address) else { return false };
        let id = AddressPayload::ContractIdHash(BytesN::from_array(self.env, &id));
        Address::from_payload(self.env, id).exists()
    }
}
