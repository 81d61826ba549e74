//! Entries of the ledger, one for each row of the rules, and how long they live. None is lost when its time is over: it is archived, and
//! whoever needs it pays for having it back.
use alloc::vec::Vec;

use soroban_sdk::{Bytes, Env};

use crate::Refusal;

/// Ledgers of a day, at five seconds each.
const DAY: u32 = 17_280;
/// How long what was touched lives at least.
const THRESHOLD: u32 = 90 * DAY;
/// How long it lives when less than that was left.
const HORIZON: u32 = 120 * DAY;
/// Most rows that one call keeps alive: a transaction may write as many entries, and those that were archived are written.
const MOST_KEYS: u32 = 50;

/// A row that is there lives on.
fn extend(env: &Env, key: &Bytes) {
    env.storage().persistent().extend_ttl(key, THRESHOLD, HORIZON);
}

/// Without the code's, for which whoever sends the next request would pay: that is most of all that is stored.
fn extend_instance(env: &Env) {
    let contract = env.current_contract_address();
    env.deployer().extend_ttl_for_contract_instance(contract, THRESHOLD, HORIZON);
}

/// Makes changes, in the order of their keys. What changed, and what was asked for on the way, lives on.
pub(crate) fn commit(env: &Env, writes: &[(Vec<u8>, Option<Vec<u8>>)], asked: &[Vec<u8>]) {
    let rows = env.storage().persistent();
    for (key, value) in writes {
        let key = Bytes::from_slice(env, key);
        match value {
            Some(value) => {
                rows.set(&key, &Bytes::from_slice(env, value));
                extend(env, &key);
            }
            None => rows.remove(&key),
        }
    }
    for key in asked {
        if writes.binary_search_by(|(written, _)| written.cmp(key)).is_err() {
            extend(env, &Bytes::from_slice(env, key));
        }
    }
    extend_instance(env);
}

/// Rows by their keys, those that are there, and the instance live on. Anybody may pay for it.
pub fn keep_alive(env: &Env, keys: &soroban_sdk::Vec<Bytes>) -> Result<(), Refusal> {
    if keys.len() > MOST_KEYS {
        return Err(Refusal::LimitExceeded);
    }
    for key in keys.iter().filter(|key| env.storage().persistent().has(key)) {
        extend(env, &key);
    }
    extend_instance(env);
    Ok(())
}

/// The instance and its code live on, which other contracts may share. Anybody may pay for it.
pub fn keep_code(env: &Env) {
    extend_instance(env);
    let contract = env.current_contract_address();
    env.deployer().extend_ttl_for_code(contract, THRESHOLD, HORIZON);
}
