//! How a contract takes over what has moved to it from its predecessor: as it stands there, by anybody's call. Nothing is taken over of
//! invitations and of those who went: what was signed for the predecessor names it and is void here.
use alloc::{vec, vec::Vec};

use crate::draft::{read, Draft};
use crate::groups::state::{
    adopted_key, context_key, group_key, has_moved, member_key, slot_key, Context, Group, Member,
};
use crate::host::{Event, View};
use crate::interface::Refusal;
use crate::layout::Id;

/// Who signs what nobody signs.
const NOBODY: Id = [0; 32];

/// What is taken over.
pub struct Adoption {
    pub group: Id,
    pub writes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// None while there are members to come.
    pub event: Option<Event>,
}

fn event(name: &'static str, subject: &Id, revision: u64) -> Event {
    Event { name, subject: *subject, signer: NOBODY, nonce: 0, revision, fields: vec![] }
}

/// The slot of the next member to take over of a group that is not here. Whoever asks for members asks from there.
pub fn next_slot(view: &impl View, id: &Id) -> Result<u32, Refusal> {
    match read::<Group>(view, &group_key(id)) {
        Some(_) => Err(Refusal::ContextExists),
        None => Ok(read(view, &adopted_key(id)).unwrap_or(0)),
    }
}

/// The next members of a group that has moved here, in the order of their slots; with the last of them the group. Until then it does not
/// exist. It is the answer of another contract, for which some time passed: all is looked at again.
pub fn adopt_members(
    view: &impl View,
    contract: &[u8],
    now: u64,
    id: &Id,
    first_slot: u32,
    given: Option<(Group, Vec<(Id, Member)>)>,
) -> Result<Adoption, Refusal> {
    if next_slot(view, id)? != first_slot {
        return Err(Refusal::RevisionMismatch);
    }
    let (header, members) = given.ok_or(Refusal::ContextNotFound)?;
    let is_ours = has_moved(&header, now)
        && header.migration.as_ref().is_some_and(|migration| migration.successor == contract);
    if !is_ours || members.is_empty() {
        return Err(Refusal::ContextNotFound);
    }
    let mut rows = Draft::new(view);
    let mut slot = first_slot;
    for (identity, member) in &members {
        rows.set(slot_key(id, slot), identity);
        rows.set(member_key(id, identity), member);
        slot += 1;
    }
    let is_last = slot >= header.count;
    let revision = header.members_revision;
    if is_last {
        rows.remove(adopted_key(id));
        rows.set(group_key(id), &Group { migration: None, ..header });
    } else {
        rows.set(adopted_key(id), &slot);
    }
    let event = is_last.then(|| event("GroupAdopted", id, revision));
    Ok(Adoption { group: *id, writes: rows.into_writes(), event })
}

/// A context whose group is here. Contexts that are made here have other ids than the predecessor's: only by moving can such a group be here.
pub fn adopt_context(
    view: &impl View,
    id: &Id,
    given: Option<Context>,
) -> Result<Adoption, Refusal> {
    if read::<Context>(view, &context_key(id)).is_some() {
        return Err(Refusal::ContextExists);
    }
    let context = given.ok_or(Refusal::ContextNotFound)?;
    if read::<Group>(view, &group_key(&context.group)).is_none() {
        return Err(Refusal::ContextNotFound);
    }
    let mut rows = Draft::new(view);
    rows.set(context_key(id), &context);
    let event = Some(event("ContextAdopted", id, context.application_revision));
    Ok(Adoption { group: context.group, writes: rows.into_writes(), event })
}
