//! What can be read of the stored records. Each costs a few look-ups by key.
use alloc::vec::Vec;

use crate::draft::read;
use crate::groups::state::{
    context_key, group_key, invitation_key, member_key, slot_key, Context, Group, Invitation,
    Member,
};
use crate::host::View;
use crate::interface::limit;
use crate::layout::Id;

/// A context by its id.
pub fn context(view: &impl View, id: &Id) -> Option<Context> {
    read(view, &context_key(id))
}

/// The group of a context, or the one that has the id itself.
pub fn group_of(view: &impl View, id: &Id) -> Id {
    context(view, id).map_or(*id, |context| context.group)
}

/// A group by its id. Whoever has a context's id asks the context for its group first.
pub fn group(view: &impl View, id: &Id) -> Option<Group> {
    read(view, &group_key(id))
}

/// A member of a group.
pub fn member(view: &impl View, group: &Id, identity: &Id) -> Option<Member> {
    read(view, &member_key(group, identity))
}

/// What is remembered of an invitation, by the digest of its terms, until it expires.
pub fn invitation(view: &impl View, digest: &Id, now: u64) -> Option<Invitation> {
    read::<Invitation>(view, &invitation_key(digest)).filter(|known| known.not_after >= now)
}

/// Part of a list of members. Start over when another page shows another revision.
pub struct MemberPage {
    pub revision: u64,
    pub total: u32,
    pub items: Vec<(Id, Member)>,
}

/// Members in the order of their slots; at most `limit::PAGE`, whatever is asked for.
pub fn member_page(view: &impl View, id: &Id, offset: u32, length: u32) -> Option<MemberPage> {
    let Group { members_revision: revision, count: total, .. } = group(view, id)?;
    let most = length.min(limit::PAGE as u32);
    let end = offset.saturating_add(most).min(total);
    let at = |slot: u32| {
        let identity: Id = read(view, &slot_key(id, slot))?;
        Some((identity, member(view, id, &identity)?))
    };
    Some(MemberPage { revision, total, items: (offset..end).filter_map(at).collect() })
}
