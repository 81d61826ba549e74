//! The one door for signed requests, and what is asked about them.
use alloc::vec::Vec;

use merogate_core::interface::{limit, VERSION};
use merogate_core::{Decision, Here, Id, Refused};
use soroban_sdk::{Bytes, Env};

use crate::{answer, events, store, Chain, Refusal};

/// What is different in each of the contracts.
pub trait Rules {
    fn decide(chain: &Chain<'_>, here: &Here<'_>, envelope: &[u8], signature: &[u8]) -> Decision;
}

fn decide<R: Rules>(chain: &Chain<'_>, envelope: &Bytes, signature: &Bytes) -> Decision {
    let domain = chain.domain();
    let here = Here { domain: &domain, now: chain.now(), has_predecessor: false };
    // what is longer is refused for that, and need not be copied whole for it
    let most = limit::ENVELOPE_BYTES as u32 + 1;
    let envelope = envelope.slice(..envelope.len().min(most)).to_alloc_vec();
    let signature = signature.slice(..signature.len().min(65)).to_alloc_vec();
    R::decide(chain, &here, &envelope, &signature)
}

/// Does what a request asks for, whoever brings it: who pays for the transaction has no other part in it. Whether anything changed.
pub fn apply<R: Rules>(env: &Env, envelope: &Bytes, signature: &Bytes) -> Result<bool, Refusal> {
    let chain = Chain::new(env);
    let accepted = decide::<R>(&chain, envelope, signature)
        .map_err(|refused| Refusal::from(refused.refusal))?;
    store::commit(env, &accepted.writes, &chain.into_asked());
    if let Some(event) = &accepted.event {
        events::announce(env, event);
    }
    Ok(accepted.event.is_some())
}

/// Number of the refusal, or 0; the nonce that would have been right; bytes that would have to be paid for, of which there are none here.
pub fn check<R: Rules>(env: &Env, envelope: &Bytes, signature: &Bytes) -> Bytes {
    let (number, expected) = match decide::<R>(&Chain::new(env), envelope, signature) {
        Err(Refused { refusal, expected }) => (refusal.number(), expected),
        Ok(_) => (0, None),
    };
    answer(env, &(number, expected, 0i64))
}

/// Version of the interface, network, predecessor and operations so far, of which there are none.
pub fn info(env: &Env) -> Bytes {
    let network: Id = env.ledger().network_id().to_array();
    answer(env, &(VERSION as u16, network.to_vec(), None::<Vec<u8>>, 0u64))
}
