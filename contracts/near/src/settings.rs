//! What a contract knows of itself: given once, and never changed.
use merogate_core::interface::{chain, VERSION};
use merogate_core::{record, Domain};
use near_sdk::env;

use crate::calls::{answer, input};
use crate::chain::account;
use crate::json;
use crate::store::{self, Table};

record! {
    pub struct Settings {
        /// The network's name, such as `mainnet`.
        pub network: String,
        /// Account of the contract that groups are taken over from.
        pub predecessor: Option<Vec<u8>>,
    }
}

/// What it was given. A contract that is not initialised does nothing.
pub(crate) fn settings() -> Settings {
    match store::read(&store::key(Table::Settings, &[])) {
        Some(settings) => settings,
        None => env::panic_str("the contract is not initialised"),
    }
}

/// Which contract this is.
pub(crate) fn domain(settings: &Settings) -> Domain {
    Domain {
        chain: chain::NEAR,
        network: env::sha256_array(&settings.network),
        contract: account(),
    }
}

/// Whether the caller is the account itself, or the one that it is a sub-account of: nobody else can have made it, and in the transaction
/// that makes, deploys and initialises it, that one is the caller.
fn is_own_call() -> bool {
    let (account, caller) = (env::current_account_id(), env::predecessor_account_id());
    let parent = account.as_str().split_once('.').map(|(_, parent)| parent);
    account == caller || parent == Some(caller.as_str())
}

/// `new`: in the transaction that deploys it.
pub fn initialise() {
    if !is_own_call() {
        env::panic_str("only the account itself initialises its contract");
    }
    let key = store::key(Table::Settings, &[]);
    if env::storage_has_key(&key) {
        env::panic_str("the contract is initialised");
    }
    let given = json::arguments(&input());
    let Some(network) = given.text("network").filter(|network| !network.is_empty()) else {
        env::panic_str("expected a network");
    };
    let predecessor = given.text("predecessor").map(|account| account.as_bytes().to_vec());
    if let Some(account) = &predecessor {
        let is_other = account.as_slice() != env::current_account_id().as_bytes();
        if !is_other || !env::is_valid_account_id(account) {
            env::panic_str("expected another account as predecessor");
        }
    }
    store::write(&key, &Settings { network: network.into(), predecessor });
    store::write(&store::key(Table::Operations, &[]), &0u64);
}

/// `info`: version of the interface, network, predecessor, operations so far.
pub(crate) fn info(operations: u64) {
    let Settings { network, predecessor } = settings();
    answer(&(VERSION as u16, network, predecessor, operations));
}
