//! Contexts, groups, members and invitations on the Internet Computer.
use merogate_core::groups::{self, queries, state};
use merogate_core::{Decision, Here, Id, View};
use merogate_icp::{id, now, proven, shared_methods, Blob, Chain, Proven, Rules};

struct Contexts;

impl Rules for Contexts {
    fn decide(view: &impl View, here: &Here<'_>, envelope: &[u8], signature: &[u8]) -> Decision {
        groups::decide(view, &Chain, here, envelope, signature)
    }

    fn group_of(view: &impl View, subject: &Id) -> Id {
        queries::group_of(view, subject)
    }

    fn counted_in(group: &Id) -> Id {
        *group
    }

    fn next_nonce(view: &impl View, group: &Id, signer: &Id) -> u64 {
        state::standing_of(view, group, signer, now()).nonce
    }
}

shared_methods!(Contexts);

#[ic_cdk::query]
fn context(context: Blob) -> Proven {
    proven(|view| {
        queries::context(view, &id(&context));
    })
}

#[ic_cdk::query]
fn group(group: Blob) -> Proven {
    proven(|view| {
        queries::group(view, &id(&group));
    })
}

#[ic_cdk::query]
fn member(group: Blob, identity: Blob) -> Proven {
    proven(|view| {
        let group = id(&group);
        queries::group(view, &group);
        queries::member(view, &group, &id(&identity));
    })
}

/// Where an identity stands in a group, member or not.
#[ic_cdk::query]
fn standing(group: Blob, identity: Blob) -> Proven {
    proven(|view| {
        let group = id(&group);
        queries::group(view, &group);
        state::standing_of(view, &group, &id(&identity), now());
    })
}

/// Members in the order of their slots.
#[ic_cdk::query]
fn members(group: Blob, offset: u32, length: u32) -> Proven {
    proven(|view| {
        queries::member_page(view, &id(&group), offset, length);
    })
}

#[ic_cdk::query]
fn invitation(digest: Blob) -> Proven {
    proven(|view| {
        queries::invitation(view, &id(&digest), now());
    })
}

ic_cdk::export_candid!();
