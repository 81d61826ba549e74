//! The package registry on Stellar.
#![no_std]

use merogate_core::packages::{self, queries, state::Channel};
use merogate_core::{Decision, Here};
use merogate_stellar::{answer, Chain, Refusal, Rules};
use soroban_sdk::{contract, contractimpl, Bytes, BytesN, Env, Vec};

struct Registry;

impl Rules for Registry {
    fn decide(chain: &Chain<'_>, here: &Here<'_>, envelope: &[u8], signature: &[u8]) -> Decision {
        packages::decide(chain, chain, here, envelope, signature)
    }
}

#[contract]
pub struct Packages;

#[contractimpl]
impl Packages {
    /// Does what a signed request asks for, whoever brings it. Whether anything changed.
    pub fn apply(env: Env, envelope: Bytes, signature: Bytes) -> Result<bool, Refusal> {
        merogate_stellar::apply::<Registry>(&env, &envelope, &signature)
    }

    /// What `apply` would answer: number of the refusal, or 0; the nonce that would have been right; an i64 that is 0.
    pub fn check(env: Env, envelope: Bytes, signature: Bytes) -> Bytes {
        merogate_stellar::check::<Registry>(&env, &envelope, &signature)
    }

    /// Lets rows live on by their keys, 50 at most, and the instance.
    pub fn keep_alive(env: Env, keys: Vec<Bytes>) -> Result<(), Refusal> {
        merogate_stellar::keep_alive(&env, &keys)
    }

    /// Lets the instance live on, and the code.
    pub fn keep_code(env: Env) {
        merogate_stellar::keep_code(&env);
    }

    /// Version of the interface, network, no predecessor, and 0.
    pub fn info(env: Env) -> Bytes {
        merogate_stellar::info(&env)
    }

    pub fn package(env: Env, id: BytesN<32>) -> Bytes {
        answer(&env, &queries::package(&Chain::new(&env), &id.to_array()))
    }

    /// A release with its position in the order of publication, by its version.
    pub fn release(env: Env, id: BytesN<32>, version: Bytes) -> Bytes {
        let version = version.to_alloc_vec();
        let found = core::str::from_utf8(&version)
            .ok()
            .and_then(|version| queries::release(&Chain::new(&env), &id.to_array(), version));
        answer(&env, &found)
    }

    /// The highest stable release, and the highest pre-release.
    pub fn latest(env: Env, id: BytesN<32>) -> Bytes {
        let (chain, id) = (Chain::new(&env), id.to_array());
        let of = |channel| queries::latest(&chain, &id, channel);
        answer(&env, &(of(Channel::Stable), of(Channel::PreRelease)))
    }

    /// Revision, total, and releases, newest first.
    pub fn releases(env: Env, id: BytesN<32>, offset: u32, length: u32) -> Bytes {
        let page = queries::release_page(&Chain::new(&env), &id.to_array(), offset, length);
        answer(
            &env,
            &page.map(|queries::ReleasePage { revision, total, items }| (revision, total, items)),
        )
    }

    /// The nonce that a signer must use next.
    pub fn nonce(env: Env, signer: BytesN<32>) -> Bytes {
        answer(&env, &queries::nonce(&Chain::new(&env), &signer.to_array()))
    }
}
