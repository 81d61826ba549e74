//! Contexts, groups, members and invitations on NEAR.
use merogate_core::groups::{self, adoption, queries, state};
use merogate_core::interface::Refusal;
use merogate_core::{Decision, Here, Id};
use merogate_near::{
    account, answer, arguments, ask_predecessor, entry_points, finish_adoption, now, refuse,
    shared_entry_points, Chain, Rules,
};

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
    exported_group => export_group();
    adopt_group => take_over_group();
    finish_group => group_was_told();
    adopt_context => take_over_context();
    finish_context => context_was_told();
}

/// A group's header and some of its members, for a contract that takes it over.
fn export_group() {
    let (group, offset, length) = arguments();
    let header = queries::group(&Chain, &group);
    let page = queries::member_page(&Chain, &group, offset, length);
    answer(&header.zip(page).map(|(header, page)| (header, page.items)));
}

fn next_slot(group: &Id) -> u32 {
    adoption::next_slot(&Chain, group).unwrap_or_else(|refusal| refuse(refusal))
}

/// Asks the predecessor for the next members of a group, so many at most.
fn take_over_group() {
    let (group, length): (Id, u32) = arguments();
    let slot = next_slot(&group);
    ask_predecessor("exported_group", &(group, slot, length), "finish_group", &(group, slot));
}

fn group_was_told() {
    finish_adoption::<Contexts, _, _>(|(group, slot), given| {
        adoption::adopt_members(&Chain, &account(), now(), &group, slot, given)
    });
}

/// Asks the predecessor for a context.
fn take_over_context() {
    let id: Id = arguments();
    if queries::context(&Chain, &id).is_some() {
        refuse(Refusal::ContextExists);
    }
    ask_predecessor("context", &id, "finish_context", &id);
}

fn context_was_told() {
    finish_adoption::<Contexts, _, _>(|id, given| adoption::adopt_context(&Chain, &id, given));
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
