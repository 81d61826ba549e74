//! What a canister knows of itself: given once, and never changed but for the version.
use merogate_core::interface::{chain, VERSION};
use merogate_core::{record, Domain, Host, View};
use merogate_icp_tree::Tree;

use crate::chain::{address, Chain};
use crate::log;
use crate::store::{certify, commit, key, row, Stable, Stored, Table};
use crate::types::InitArguments;

/// Contexts, or packages, that may be made in a day.
const DAILY: u32 = 1_000;
/// Cycles below which nothing is made: what is there lives on them.
const RESERVE: u128 = 1_000_000_000_000;

record! {
    pub struct Settings {
        pub version: u16,
        /// The network's name, such as `ic`.
        pub network: String,
        /// The canister that groups are taken over from.
        pub predecessor: Option<Vec<u8>>,
        pub daily: u32,
        pub reserve: u128,
    }
}

pub(crate) fn settings_key() -> Vec<u8> {
    key(Table::Settings, &[])
}

pub(crate) fn settings(view: &impl View) -> Settings {
    match merogate_core::read(view, &settings_key()) {
        Some(settings) => settings,
        None => ic_cdk::trap("the canister is not initialised"),
    }
}

/// Which contract this is.
pub(crate) fn domain(settings: &Settings) -> Domain {
    Domain {
        chain: chain::ICP,
        network: Chain.sha256(settings.network.as_bytes()),
        contract: address(),
    }
}

/// Of a new canister.
pub fn initialise(given: InitArguments) {
    let InitArguments { network, predecessor, daily, reserve } = given;
    if network.is_empty() {
        ic_cdk::trap("expected a network");
    }
    let predecessor = predecessor.map(|canister| canister.as_slice().to_vec());
    if let Some(canister) = &predecessor {
        if *canister == address() || !Chain.is_contract(canister) {
            ic_cdk::trap("expected another canister as predecessor");
        }
    }
    let (daily, reserve) = (daily.unwrap_or(DAILY), reserve.unwrap_or(RESERVE));
    let settings = Settings { version: VERSION as u16, network, predecessor, daily, reserve };
    let tree = Tree::create(Stable);
    commit(&tree, &[row(settings_key(), &settings), log::counter(0)]);
}

/// After an upgrade: what is certified the chain does not keep, all else is where it was.
pub fn upgraded() {
    let stored = Stored::open();
    let settings = settings(&stored);
    if u32::from(settings.version) == VERSION {
        certify(&stored.0);
    } else {
        commit(
            &stored.0,
            &[row(settings_key(), &Settings { version: VERSION as u16, ..settings })],
        );
    }
}
