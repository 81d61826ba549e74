//! The package registry as one function, in the order of checks of the membership contract: a package takes the place of the group, being
//! an owner that of a capability, and nonces belong to signers, whatever package they speak of.
use alloc::vec;

use crate::draft::{read, Draft};
use crate::envelope::{
    check_domain_and_time, check_nonce, check_signature, decode_envelope, Envelope, Head,
};
use crate::host::{Accepted, Decision, Here, Host, Outcome, Refused, View};
use crate::interface::Refusal;
use crate::packages::draft::PackageDraft;
use crate::packages::operation::Operation;
use crate::packages::rules;
use crate::packages::state::{nonce_key, package_key, Package};

/// The package that the operation is about, or the one it makes: revision 0 and nobody's, until the rules have their say.
fn open_package<'a>(
    Envelope { head, operation }: &Envelope<Operation>,
    rows: Draft<'a>,
) -> Result<PackageDraft<'a>, Refusal> {
    let known: Option<Package> = read(&rows, &package_key(&head.subject));
    let header = match (operation, known) {
        (Operation::CreatePackage { .. }, Some(_)) => return Err(Refusal::PackageExists),
        (Operation::CreatePackage { name, description, repository }, None) => Package {
            name: name.clone(),
            description: description.clone(),
            repository: repository.clone(),
            owners: vec![],
            offered: vec![],
            revision: 0,
            releases: 0,
            available: 0,
        },
        (_, known) => known.ok_or(Refusal::PackageNotFound)?,
    };
    Ok(PackageDraft::new(head.subject, rows, header))
}

/// Whether the signer may ask for it: an owner, or whoever makes a package, or was offered one.
fn is_entitled(
    Envelope { head, operation }: &Envelope<Operation>,
    draft: &PackageDraft<'_>,
) -> bool {
    match operation {
        Operation::CreatePackage { .. } => true,
        Operation::AcceptOwnership {} => draft.header().offered.contains(&head.signer),
        _ => draft.header().owners.contains(&head.signer),
    }
}

/// The signer's standing: its next nonce, and what it is to the package.
fn check_signer(
    envelope: &Envelope<Operation>,
    draft: &mut PackageDraft<'_>,
) -> Result<(), Refused> {
    let Head { signer, nonce, .. } = &envelope.head;
    let key = nonce_key(signer);
    check_nonce(*nonce, read(&draft.rows, &key).unwrap_or(0))?;
    if !is_entitled(envelope, draft) {
        return Err(Refusal::Unauthorized.into());
    }
    // a package has neither a list of members nor an application, so there is no revision of them that could be right
    let Head { if_members_revision, if_application_revision, .. } = &envelope.head;
    if if_members_revision.is_some() || if_application_revision.is_some() {
        return Err(Refusal::RevisionMismatch.into());
    }
    let next = nonce.checked_add(1).ok_or(Refusal::LimitExceeded)?;
    draft.rows.set(key, &next);
    Ok(())
}

/// The rules of the operation itself.
fn apply_rules(
    host: &impl Host,
    Envelope { head, operation }: &Envelope<Operation>,
    draft: &mut PackageDraft<'_>,
) -> Outcome {
    match operation {
        Operation::CreatePackage { .. } => rules::create_package(host, head, draft),
        Operation::PublishRelease { release } => rules::publish_release(head, draft, release),
        Operation::YankRelease { version, reason } => rules::yank_release(draft, version, reason),
        Operation::AddOwner { owner } => rules::add_owner(draft, owner),
        Operation::RemoveOwner { owner } => rules::remove_owner(draft, owner),
        Operation::AcceptOwnership {} => rules::accept_ownership(head, draft),
    }
}

/// Decides on one signed request. The same view, bytes and time give the same answer everywhere.
pub fn decide(
    view: &impl View,
    host: &impl Host,
    here: &Here<'_>,
    bytes: &[u8],
    signature: &[u8],
) -> Decision {
    let envelope: Envelope<Operation> = decode_envelope(bytes)?;
    envelope.operation.validate()?;
    check_domain_and_time(&envelope.head, here)?;
    let mut draft = open_package(&envelope, Draft::new(view))?;
    check_signature(host, &envelope.head.signer, bytes, signature)?;
    check_signer(&envelope, &mut draft)?;
    let change = apply_rules(host, &envelope, &mut draft)?;
    let event = change.map(|change| change.announced(&envelope.head));
    let group = envelope.head.subject;
    Ok(Accepted { head: envelope.head, group, writes: draft.rows.into_writes(), event })
}
