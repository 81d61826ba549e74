//! The rules of invitations: a claim joins its signer, a revocation ends one invitation before its time, its inviter voids all of its own.
//! An invitation is known by the digest of its terms, so two are never taken for one.
use alloc::{vec, vec::Vec};

use crate::draft::read;
use crate::envelope::tagged_hash;
use crate::groups::decide::Request;
use crate::groups::draft::GroupDraft;
use crate::groups::operation::Terms;
use crate::groups::state::{book_key, invitation_key, Invitation, Member, Place};
use crate::host::{changed, Host, Outcome, Value};
use crate::interface::{capability, limit, tag, Refusal, Role};
use crate::keys::verify;
use crate::layout::{encode, Id, Signature};

/// What an inviter signs.
pub fn invitation_digest(host: &impl Host, terms: &Terms) -> Id {
    tagged_hash(host, tag::INVITATION, &[&encode(terms)])
}

/// What the claim key signs: it names the claimant, so a claim cannot be redirected.
pub fn claim_digest(host: &impl Host, invitation: &Id, claimant: &Id) -> Id {
    tagged_hash(host, tag::CLAIM, &[invitation, claimant])
}

/// Whether an invitation was really given for this group, by a member that is one since and has not voided it: then the inviter's record.
fn check_given<H: Host>(
    request: &Request<'_, H>,
    terms: &Terms,
    digest: &Id,
    signature: &Signature,
) -> Result<Member, Refusal> {
    let Request { host, here, group, .. } = request;
    if terms.domain != *here.domain {
        return Err(Refusal::WrongDomain);
    }
    let is_given = |inviter: &Member| {
        terms.group == group.id
            && inviter.joined_revision == terms.membership
            && inviter.series == terms.series
            && verify(*host, &terms.inviter, digest, signature)
    };
    group.member(&terms.inviter).filter(is_given).ok_or(Refusal::InvitationInvalid)
}

/// Whether it was given to this claimant, by somebody who still may.
fn check_claim<H: Host>(
    request: &Request<'_, H>,
    terms: &Terms,
    inviter: &Member,
    digest: &Id,
    signature: &Signature,
) -> Result<(), Refusal> {
    let needed = capability::MANAGE_MEMBERS | terms.capabilities;
    let claim = claim_digest(request.host, digest, &request.head.signer);
    let is_claimed = inviter.capabilities & needed == needed
        && verify(request.host, &terms.claim_key, &claim, signature);
    if is_claimed {
        Ok(())
    } else {
        Err(Refusal::InvitationInvalid)
    }
}

/// What is remembered of an invitation that has not expired.
fn recall(group: &GroupDraft<'_>, terms: &Terms, digest: &Id) -> Invitation {
    let unused = Invitation { uses: 0, revoked: false, not_after: terms.not_after };
    read(&group.rows, &invitation_key(digest)).unwrap_or(unused)
}

/// Whether nobody can use an invitation any more, and why.
fn check_usable(known: &Invitation, terms: &Terms) -> Result<(), Refusal> {
    if known.revoked {
        return Err(Refusal::InvitationRevoked);
    }
    if known.uses >= terms.max_uses {
        return Err(Refusal::InvitationUsed);
    }
    Ok(())
}

/// Remembers what became of an invitation. One that was not known takes a place of the member at whose expense that is, which gives up
/// places of those that expired: some of them at a time, since a chain may bound what one request changes.
fn remember(
    group: &mut GroupDraft<'_>,
    digest: &Id,
    value: &Invitation,
    holder: &Id,
    now: u64,
) -> Result<(), Refusal> {
    // both that call this have looked
    let member = group.member(holder).ok_or(Refusal::NotAMember)?;
    let key = invitation_key(digest);
    if read::<Invitation>(&group.rows, &key).is_none() {
        let book = book_key(&group.id, holder, &member);
        let places: Vec<Place> = read(&group.rows, &book).unwrap_or_default();
        let mut kept: Vec<Place> = Vec::with_capacity(places.len() + 1);
        let mut given_up = 0;
        for place in places {
            if place.not_after < now && given_up < limit::BATCH {
                group.rows.remove(invitation_key(&place.invitation));
                given_up += 1;
            } else {
                kept.push(place);
            }
        }
        if kept.len() >= limit::LIVE_INVITATIONS {
            return Err(Refusal::LimitExceeded);
        }
        kept.push(Place { invitation: *digest, not_after: value.not_after });
        group.rows.set(book, &kept);
    }
    group.rows.set(key, value);
    Ok(())
}

/// The signer becomes a member with the role and the bits of the invitation.
pub(super) fn claim<H: Host>(
    request: &mut Request<'_, H>,
    terms: &Terms,
    inviter_signature: &Signature,
    claim_signature: &Signature,
) -> Outcome {
    let digest = invitation_digest(request.host, terms);
    let inviter = check_given(request, terms, &digest, inviter_signature)?;
    check_claim(request, terms, &inviter, &digest, claim_signature)?;
    let Request { here, head, group, .. } = request;
    if here.now > terms.not_after {
        return Err(Refusal::Expired.into());
    }
    if terms.not_after > here.now.saturating_add(limit::INVITATION_SECONDS) {
        return Err(Refusal::LimitExceeded.into());
    }
    let known = recall(group, terms, &digest);
    check_usable(&known, terms)?;
    if group.member(&head.signer).is_some() {
        return Err(Refusal::AlreadyMember.into());
    }
    if group.past(&head.signer, here.now).is_some_and(|past| past.barred) {
        return Err(Refusal::Barred.into());
    }
    if terms.role == Role::Relay && terms.capabilities != 0 {
        return Err(Refusal::RoleForbids.into());
    }
    let used = Invitation { uses: known.uses + 1, ..known };
    remember(group, &digest, &used, &terms.inviter, here.now)?;
    group.bump_members()?;
    group.insert(&head.signer, terms.role, terms.capabilities)?;
    changed("InvitationClaimed", group.header().members_revision, announced(terms, digest))
}

/// No more claims of an invitation. It takes a place of whoever revokes, and stays revoked when that goes: an invitation that leaked must
/// not come back to life. What nobody can use any more is not revoked.
pub(super) fn revoke<H: Host>(
    request: &mut Request<'_, H>,
    terms: &Terms,
    inviter_signature: &Signature,
) -> Outcome {
    let digest = invitation_digest(request.host, terms);
    check_given(request, terms, &digest, inviter_signature)?;
    let Request { here, head, group, .. } = request;
    if here.now > terms.not_after {
        return Err(Refusal::Expired.into());
    }
    let known = recall(group, terms, &digest);
    check_usable(&known, terms)?;
    let revoked = Invitation { revoked: true, ..known };
    remember(group, &digest, &revoked, &head.signer, here.now)?;
    changed("InvitationRevoked", 0, announced(terms, digest))
}

/// Every invitation that the signer gave until now is void, and the places that they took are free.
pub(super) fn void<H: Host>(request: &mut Request<'_, H>) -> Outcome {
    let signer = request.signer();
    let group = &mut request.group;
    let member = group.member(&signer).ok_or(Refusal::NotAMember)?;
    if usize::from(member.series) >= limit::SERIES {
        return Err(Refusal::LimitExceeded.into());
    }
    let series = member.series + 1;
    group.set_member(&signer, &Member { series, ..member });
    changed("InvitationsVoided", 0, vec![("series", Value::U16(series))])
}

fn announced(terms: &Terms, digest: Id) -> Vec<(&'static str, Value)> {
    vec![
        ("invitation", Value::Id(digest)),
        ("inviter", Value::Id(terms.inviter)),
        ("role", Value::U8(terms.role.number())),
        ("capabilities", Value::U8(terms.capabilities)),
        ("notAfter", Value::U64(terms.not_after)),
        ("maxUses", Value::U32(terms.max_uses)),
        ("inviteNonce", Value::U64(terms.invite_nonce)),
        ("membership", Value::U64(terms.membership)),
        ("series", Value::U16(terms.series)),
    ]
}
