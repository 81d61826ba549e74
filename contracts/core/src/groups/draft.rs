//! A group while an operation changes it: header, members and slots kept consistent, on top of what is stored.
use crate::draft::{read, Draft};
use crate::groups::state::{
    group_key, member_key, past_key, past_of, slot_key, Group, Member, Past,
};
use crate::interface::{capability, limit, Refusal, Role};
use crate::layout::Id;

/// First nonce of a member that joins at a revision of the member list. The revision only grows, so whoever comes back starts above every
/// nonce it ever had.
pub(crate) fn first_nonce(members_revision: u64) -> u64 {
    members_revision << 32
}

/// 1 for a holder of `MANAGE_MEMBERS`, otherwise 0.
fn manages(capabilities: u8) -> u32 {
    u32::from(capabilities & capability::MANAGE_MEMBERS != 0)
}

pub(crate) struct GroupDraft<'a> {
    pub id: Id,
    pub rows: Draft<'a>,
    header: Group,
}

impl<'a> GroupDraft<'a> {
    pub fn new(id: Id, rows: Draft<'a>, header: Group) -> Self {
        Self { id, rows, header }
    }

    pub fn header(&self) -> &Group {
        &self.header
    }

    /// Changes the header.
    pub fn update(&mut self, change: impl FnOnce(&mut Group)) {
        change(&mut self.header);
        self.rows.set(group_key(&self.id), &self.header);
    }

    pub fn member(&self, identity: &Id) -> Option<Member> {
        read(&self.rows, &member_key(&self.id, identity))
    }

    pub fn set_member(&mut self, identity: &Id, member: &Member) {
        self.rows.set(member_key(&self.id, identity), member);
    }

    /// What still counts of who is no member.
    pub fn past(&self, identity: &Id, now: u64) -> Option<Past> {
        past_of(&self.rows, &self.id, identity, now)
    }

    pub fn set_past(&mut self, identity: &Id, past: &Past) {
        self.rows.set(past_key(&self.id, identity), past);
    }

    /// Moves the revision of the member list.
    pub fn bump_members(&mut self) -> Result<(), Refusal> {
        if self.header.members_revision >= limit::MEMBERS_REVISION {
            return Err(Refusal::LimitExceeded);
        }
        self.update(|header| header.members_revision += 1);
        Ok(())
    }

    /// Adds a member in the last slot. The revision it joins at is the header's: bump first.
    pub fn insert(&mut self, identity: &Id, role: Role, capabilities: u8) -> Result<(), Refusal> {
        let Group { count: slot, members_revision: joined_revision, .. } = self.header;
        if slot as usize >= limit::MEMBERS {
            return Err(Refusal::LimitExceeded);
        }
        let nonce = first_nonce(joined_revision);
        let member = Member { slot, role, capabilities, nonce, joined_revision, series: 0 };
        self.set_member(identity, &member);
        self.rows.remove(past_key(&self.id, identity));
        self.rows.set(slot_key(&self.id, slot), identity);
        self.update(|header| {
            header.count += 1;
            header.managers += manages(capabilities);
        });
        Ok(())
    }

    /// Removes a member, of which its nonce is kept; the one in the last slot takes its place.
    pub fn remove(&mut self, identity: &Id, member: &Member, barred: bool, until: u64) {
        let last = slot_key(&self.id, self.header.count - 1);
        if let Some(moved) = read::<Id>(&self.rows, &last) {
            if let Some(state) = self.member(&moved).filter(|state| state.slot != member.slot) {
                self.set_member(&moved, &Member { slot: member.slot, ..state });
                self.rows.set(slot_key(&self.id, member.slot), &moved);
            }
        }
        self.rows.remove(last);
        self.rows.remove(member_key(&self.id, identity));
        self.set_past(identity, &Past { nonce: member.nonce, barred, until });
        self.update(|header| {
            header.count -= 1;
            header.managers -= manages(member.capabilities);
        });
    }

    /// Replaces all bits of a member.
    pub fn set_capabilities(&mut self, identity: &Id, member: &Member, capabilities: u8) {
        self.set_member(identity, &Member { capabilities, ..member.clone() });
        self.update(|header| {
            header.managers -= manages(member.capabilities);
            header.managers += manages(capabilities);
        });
    }
}
