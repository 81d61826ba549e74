//! The rules of each operation on packages.
use alloc::{vec, vec::Vec};

use crate::envelope::{tagged_hash, Head};
use crate::host::{changed, Host, Outcome, Value};
use crate::interface::{limit, tag, Refusal};
use crate::keys::is_strong;
use crate::layout::{encode, Id};
use crate::packages::draft::PackageDraft;
use crate::packages::operation::Release;
use crate::packages::state::Package;

/// Id of the package that an identity makes with a name: nobody else can create it, and the name alone belongs to nobody.
pub fn package_id(host: &impl Host, creator: &Id, name: &str) -> Id {
    tagged_hash(host, tag::PACKAGE, &[creator, name.as_bytes()])
}

/// A package that its creator owns.
pub(super) fn create_package(
    host: &impl Host,
    head: &Head,
    draft: &mut PackageDraft<'_>,
) -> Outcome {
    let Package { name, description, repository, .. } = draft.header().clone();
    if package_id(host, &head.signer, &name) != head.subject {
        return Err(Refusal::PackageIdMismatch.into());
    }
    let revision = draft.update(|header| header.owners = vec![head.signer])?;
    let fields = vec![
        ("name", Value::Text(name)),
        ("description", Value::Text(description)),
        ("repository", Value::Text(repository)),
    ];
    changed("PackagePublished", revision, fields)
}

/// A release above all others of its line that are on offer. What was yanked closes nothing, and its number is never free again.
pub(super) fn publish_release(
    head: &Head,
    draft: &mut PackageDraft<'_>,
    release: &Release,
) -> Outcome {
    if draft.header().available as usize >= limit::RELEASES {
        return Err(Refusal::LimitExceeded.into());
    }
    if !draft.is_next(&release.version) {
        return Err(Refusal::VersionTooLow.into());
    }
    draft.insert(release, head.signer);
    let revision = draft.update(|header| {
        header.releases += 1;
        header.available += 1;
    })?;
    let fields = vec![
        ("version", Value::Text(release.version.clone())),
        ("release", Value::Bytes(encode(release))),
    ];
    changed("ReleasePublished", revision, fields)
}

/// A release is offered no more; it was yanked once and for all.
pub(super) fn yank_release(draft: &mut PackageDraft<'_>, version: &str, reason: &str) -> Outcome {
    let (number, published) = draft.find(version).ok_or(Refusal::ReleaseNotFound)?;
    if published.yank_reason.is_some() {
        return Ok(None);
    }
    draft.yank(number, published, reason.into());
    let revision = draft.update(|header| header.available -= 1)?;
    let fields =
        vec![("version", Value::Text(version.into())), ("reason", Value::Text(reason.into()))];
    changed("ReleaseYanked", revision, fields)
}

/// An offer to become an owner; who is one, or has one, keeps what it has.
pub(super) fn add_owner(draft: &mut PackageDraft<'_>, owner: &Id) -> Outcome {
    if !is_strong(owner) {
        return Err(Refusal::WeakKey.into());
    }
    let Package { owners, offered, .. } = draft.header();
    if owners.contains(owner) || offered.contains(owner) {
        return Ok(None);
    }
    if owners.len() + offered.len() >= limit::PACKAGE_OWNERS {
        return Err(Refusal::LimitExceeded.into());
    }
    let revision = draft.update(|header| header.offered.push(*owner))?;
    changed("OwnershipOffered", revision, vec![("owner", Value::Id(*owner))])
}

/// The signer is an owner; the first offer takes the place of its own.
pub(super) fn accept_ownership(head: &Head, draft: &mut PackageDraft<'_>) -> Outcome {
    let owner = head.signer;
    let revision = draft.update(|header| {
        header.owners.push(owner);
        if let Some(place) = header.offered.iter().position(|offered| *offered == owner) {
            header.offered.swap(0, place);
            header.offered.remove(0);
        }
    })?;
    changed("OwnerChanged", revision, owner_changed(owner, true))
}

/// One owner less, and with it all open offers, so that who is put out leaves no door open; or one offer less. Somebody must remain, and
/// offers do not count.
pub(super) fn remove_owner(draft: &mut PackageDraft<'_>, owner: &Id) -> Outcome {
    let Package { owners, offered, .. } = draft.header();
    let revision = if offered.contains(owner) {
        draft.update(|header| leave_out(&mut header.offered, owner))?
    } else if !owners.contains(owner) {
        return Ok(None);
    } else if owners.len() == 1 {
        return Err(Refusal::LastOwner.into());
    } else {
        draft.update(|header| {
            leave_out(&mut header.owners, owner);
            header.offered.clear();
        })?
    };
    changed("OwnerChanged", revision, owner_changed(*owner, false))
}

fn owner_changed(owner: Id, is_owner: bool) -> Vec<(&'static str, Value)> {
    vec![("owner", Value::Id(owner)), ("isOwner", Value::Bool(is_owner))]
}

/// A list without somebody, whose place the last one takes.
fn leave_out(list: &mut Vec<Id>, gone: &Id) {
    if let Some(place) = list.iter().position(|one| one == gone) {
        list.swap_remove(place);
    }
}
