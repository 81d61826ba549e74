//! Contexts, groups, members and invitations on NEAR.
use merogate_core::groups::{self, queries, state};
use merogate_core::interface::Refusal;
use merogate_core::{Decision, Here, Id};
use merogate_near::{answer, arguments, entry_points, now, shared_entry_points, Chain, Rules};

struct Contexts;

impl Rules for Contexts {
    const NOT_FOUND: Refusal = Refusal::ContextNotFound;

    fn decide(here: &Here<'_>, envelope: &[u8], signature: &[u8]) -> Decision {
        groups::decide(&Chain, &Chain, here, envelope, signature)
    }

    fn is_known(group: &Id) -> bool {
        queries::group(&Chain, group).is_some()
    }

    fn group_of(subject: &Id) -> Id {
        queries::group_of(&Chain, subject)
    }

    fn counted_in(group: &Id) -> Id {
        *group
    }

    fn next_nonce(group: &Id, signer: &Id) -> u64 {
        state::standing_of(&Chain, group, signer, now()).nonce
    }
}

shared_entry_points!(Contexts, "contexts");

entry_points! {
    context => answer(&queries::context(&Chain, &arguments()));
    group => group_of_id();
    member => member_of_group();
    standing => standing_in_group();
    members => page_of_members();
    invitation => answer(&queries::invitation(&Chain, &arguments(), now()));
}

/// A group by its own id or that of a context of it: its id, and itself.
fn group_of_id() {
    let id = queries::group_of(&Chain, &arguments());
    answer(&queries::group(&Chain, &id).map(|group| (id, group)));
}

/// Whether the group is known, and the member.
fn member_of_group() {
    let (group, identity) = arguments();
    answer(&(Contexts::is_known(&group), queries::member(&Chain, &group, &identity)));
}

/// Whether the group is known, and where an identity stands in it.
fn standing_in_group() {
    let (group, identity) = arguments();
    let state::Standing { nonce, joined_revision, series } =
        state::standing_of(&Chain, &group, &identity, now());
    answer(&(Contexts::is_known(&group), nonce, joined_revision, series));
}

/// Revision, total, and members in the order of their slots.
fn page_of_members() {
    let (group, offset, length) = arguments();
    let page = queries::member_page(&Chain, &group, offset, length);
    answer(&page.map(|queries::MemberPage { revision, total, items }| (revision, total, items)));
}
