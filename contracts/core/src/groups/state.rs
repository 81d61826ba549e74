//! What the membership contract stores: a header per context and per group, a record per member, an index of members by slot, what is kept
//! for a while of those who went, and what is remembered of invitations. Everything is found by key; nothing is scanned, so the cost of an
//! operation does not depend on how many members there are.
use alloc::vec::Vec;

use crate::draft::read;
use crate::groups::operation::{Application, Options};
use crate::host::View;
use crate::interface::Role;
use crate::layout::{record, Id};

record! {
    /// A context: which group's members it has, and what it runs.
    pub struct Context {
        pub group: Id,
        pub application: Application,
        pub application_revision: u64,
    }
}

record! {
    /// Where a group moves, and when.
    pub struct Migration {
        /// The other contract's address as it stands in its domain.
        pub successor: Vec<u8>,
        /// First second at which it has moved, Unix time.
        pub moves_at: u64,
    }
}

record! {
    /// The header of a group.
    pub struct Group {
        pub members_revision: u64,
        pub capabilities_revision: u64,
        /// Members; their slots are 0 .. count - 1.
        pub count: u32,
        /// Members that hold `MANAGE_MEMBERS`.
        pub managers: u32,
        pub options: Options,
        pub sealed: bool,
        pub migration: Option<Migration>,
    }
}

record! {
    /// A member. Everything it may do dies with this record.
    pub struct Member {
        pub slot: u32,
        pub role: Role,
        pub capabilities: u8,
        pub nonce: u64,
        pub joined_revision: u64,
        /// Of the invitations that it gives now.
        pub series: u16,
    }
}

record! {
    /// What is kept of an identity that is no member, until it counts as nothing: its nonces go on, so that no claim that it signed is good
    /// twice, and it may be barred from claiming.
    pub struct Past {
        /// Nonce that its next claim must have.
        pub nonce: u64,
        pub barred: bool,
        /// Last second at which this counts, Unix time.
        pub until: u64,
    }
}

record! {
    /// What is remembered of one invitation until it expires.
    pub struct Invitation {
        pub uses: u32,
        pub revoked: bool,
        pub not_after: u64,
    }
}

record! {
    /// A place that a member has taken for an invitation, until that expires.
    pub struct Place {
        /// Digest of its terms.
        pub invitation: Id,
        pub not_after: u64,
    }
}

/// What a key begins with, so that no table's keys are another's.
#[repr(u8)]
enum Table {
    Contexts = 1,
    Groups,
    Members,
    Past,
    Slots,
    Invitations,
    Books,
    Adopted,
}

fn key(table: Table, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + parts.iter().map(|part| part.len()).sum::<usize>());
    key.push(table as u8);
    for part in parts {
        key.extend_from_slice(part);
    }
    key
}

/// Key of a [`Context`].
pub fn context_key(id: &Id) -> Vec<u8> {
    key(Table::Contexts, &[id])
}

/// Key of a [`Group`].
pub fn group_key(id: &Id) -> Vec<u8> {
    key(Table::Groups, &[id])
}

/// Key of a [`Member`].
pub fn member_key(group: &Id, identity: &Id) -> Vec<u8> {
    key(Table::Members, &[group, identity])
}

/// Key of a [`Past`].
pub fn past_key(group: &Id, identity: &Id) -> Vec<u8> {
    key(Table::Past, &[group, identity])
}

/// Key of the identity in a slot.
pub fn slot_key(group: &Id, slot: u32) -> Vec<u8> {
    key(Table::Slots, &[group, &slot.to_be_bytes()])
}

/// Key of an [`Invitation`]; the terms name the group.
pub fn invitation_key(digest: &Id) -> Vec<u8> {
    key(Table::Invitations, &[digest])
}

/// Key of the [`Place`]s of a member in one membership and one series of invitations. They are given up with either; what was revoked at
/// their expense stays revoked.
pub fn book_key(group: &Id, identity: &Id, member: &Member) -> Vec<u8> {
    let (joined, series) = (member.joined_revision.to_be_bytes(), member.series.to_be_bytes());
    key(Table::Books, &[group, identity, &joined, &series])
}

/// Key of the slots that are taken over of a group that is not all here, a u32.
pub fn adopted_key(group: &Id) -> Vec<u8> {
    key(Table::Adopted, &[group])
}

/// What still counts of an identity that is no member.
pub fn past_of(view: &(impl View + ?Sized), group: &Id, identity: &Id, now: u64) -> Option<Past> {
    read::<Past>(view, &past_key(group, identity)).filter(|past| past.until >= now)
}

/// Whether a group belongs to another contract by now.
pub fn has_moved(group: &Group, now: u64) -> bool {
    group.migration.as_ref().is_some_and(|migration| migration.moves_at <= now)
}

/// Where an identity stands in a group, member or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The nonce that it must use next.
    pub nonce: u64,
    pub joined_revision: u64,
    pub series: u16,
}

pub fn standing_of(view: &(impl View + ?Sized), group: &Id, identity: &Id, now: u64) -> Standing {
    if let Some(member) = read::<Member>(view, &member_key(group, identity)) {
        let Member { nonce, joined_revision, series, .. } = member;
        return Standing { nonce, joined_revision, series };
    }
    let nonce = past_of(view, group, identity, now).map_or(0, |past| past.nonce);
    Standing { nonce, joined_revision: 0, series: 0 }
}
