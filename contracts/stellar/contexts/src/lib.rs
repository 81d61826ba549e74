//! Contexts, groups, members and invitations on Stellar.
#![no_std]

use merogate_core::groups::{self, queries, state};
use merogate_core::{Decision, Here};
use merogate_stellar::{answer, Chain, Refusal, Rules};
use soroban_sdk::{contract, contractimpl, Bytes, BytesN, Env, Vec};

struct Groups;

impl Rules for Groups {
    fn decide(chain: &Chain<'_>, here: &Here<'_>, envelope: &[u8], signature: &[u8]) -> Decision {
        groups::decide(chain, chain, here, envelope, signature)
    }
}

#[contract]
pub struct Contexts;

#[contractimpl]
impl Contexts {
    /// Does what a signed request asks for, whoever brings it. Whether anything changed.
    pub fn apply(env: Env, envelope: Bytes, signature: Bytes) -> Result<bool, Refusal> {
        merogate_stellar::apply::<Groups>(&env, &envelope, &signature)
    }

    /// What `apply` would answer: number of the refusal, or 0; the nonce that would have been right; an i64 that is 0.
    pub fn check(env: Env, envelope: Bytes, signature: Bytes) -> Bytes {
        merogate_stellar::check::<Groups>(&env, &envelope, &signature)
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

    pub fn context(env: Env, id: BytesN<32>) -> Bytes {
        answer(&env, &queries::context(&Chain::new(&env), &id.to_array()))
    }

    /// A group by its own id or that of a context of it: its id, and itself.
    pub fn group(env: Env, id: BytesN<32>) -> Bytes {
        let chain = Chain::new(&env);
        let id = queries::group_of(&chain, &id.to_array());
        answer(&env, &queries::group(&chain, &id).map(|group| (id, group)))
    }

    /// Whether the group is known, and the member.
    pub fn member(env: Env, group: BytesN<32>, identity: BytesN<32>) -> Bytes {
        let (chain, group) = (Chain::new(&env), group.to_array());
        let is_known = queries::group(&chain, &group).is_some();
        answer(&env, &(is_known, queries::member(&chain, &group, &identity.to_array())))
    }

    /// Whether the group is known, and where an identity stands in it.
    pub fn standing(env: Env, group: BytesN<32>, identity: BytesN<32>) -> Bytes {
        let (chain, group) = (Chain::new(&env), group.to_array());
        let is_known = queries::group(&chain, &group).is_some();
        let state::Standing { nonce, joined_revision, series } =
            state::standing_of(&chain, &group, &identity.to_array(), chain.now());
        answer(&env, &(is_known, nonce, joined_revision, series))
    }

    /// Revision, total, and members in the order of their slots: for simulation, which may read more than a transaction.
    pub fn members(env: Env, group: BytesN<32>, offset: u32, length: u32) -> Bytes {
        let page = queries::member_page(&Chain::new(&env), &group.to_array(), offset, length);
        answer(
            &env,
            &page.map(|queries::MemberPage { revision, total, items }| (revision, total, items)),
        )
    }

    /// What is remembered of an invitation, by the digest of its terms.
    pub fn invitation(env: Env, digest: BytesN<32>) -> Bytes {
        let chain = Chain::new(&env);
        answer(&env, &queries::invitation(&chain, &digest.to_array(), chain.now()))
    }
}
