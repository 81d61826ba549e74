//! Contexts, groups, members and invitations on the Internet Computer.
use merogate_core::groups::{self, adoption, queries, state};
use merogate_core::interface::Refusal;
use merogate_core::{encode, Decision, Here, Id, View};
use merogate_icp::{
    address, ask_predecessor, id, now, proven, shared_methods, take_over, Blob, Chain, Proven,
    Refused, Rules, Stored,
};

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

/// A group's header and some of its members, for a canister that takes it over.
#[ic_cdk::query]
fn exported_group(group: Blob, offset: u32, length: u32) -> Blob {
    let (stored, group) = (Stored::open(), id(&group));
    let header = queries::group(&stored, &group);
    let page = queries::member_page(&stored, &group, offset, length);
    Blob::from(encode(&header.zip(page).map(|(header, page)| (header, page.items))))
}

/// The same of a context.
#[ic_cdk::query]
fn exported_context(context: Blob) -> Blob {
    Blob::from(encode(&queries::context(&Stored::open(), &id(&context))))
}

/// Asks the predecessor for the next members of a group, so many at most; whether the group is here now.
#[ic_cdk::update]
async fn adopt_group(group: Blob, length: u32) -> Result<bool, Refused> {
    let id = id(&group);
    let slot = adoption::next_slot(&Stored::open(), &id)?;
    let given = ask_predecessor("exported_group", (group, slot, length)).await?;
    take_over::<Contexts>(|view| adoption::adopt_members(view, &address(), now(), &id, slot, given))
}

/// Asks the predecessor for a context.
#[ic_cdk::update]
async fn adopt_context(context: Blob) -> Result<bool, Refused> {
    let id = id(&context);
    if queries::context(&Stored::open(), &id).is_some() {
        return Err(Refusal::ContextExists.into());
    }
    let given = ask_predecessor("exported_context", (context,)).await?;
    take_over::<Contexts>(|view| adoption::adopt_context(view, &id, given))
}

ic_cdk::export_candid!();
