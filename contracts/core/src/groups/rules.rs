//! The rules of each operation on contexts, members and capabilities. Invitations have a file of their own.
use alloc::{vec, vec::Vec};

use crate::draft::read;
use crate::envelope::tagged_hash;
use crate::groups::decide::Request;
use crate::groups::draft::first_nonce;
use crate::groups::operation::{Application, Change, Options};
use crate::groups::state::{context_key, Context, Member, Migration, Past};
use crate::host::{changed, Host, Outcome, Refused, Value};
use crate::interface::{capability, delay, limit, tag, Refusal, Role};
use crate::keys::is_strong;
use crate::layout::{encode, Id};

/// Id of the context that an author makes with a salt: nobody else can create it, and nobody needs a key for it. A contract that takes
/// groups over from another one has ids of its own, by its address: nobody can take one there that the other has, or will have.
pub fn context_id(host: &impl Host, author: &Id, salt: &Id, successor: &[u8]) -> Id {
    tagged_hash(host, tag::CONTEXT_ID, &[author, salt, successor])
}

/// A context in a group of its own, or in the group that was given.
pub(super) fn create_context<H: Host>(
    request: &mut Request<'_, H>,
    salt: &Id,
    application: &Application,
    options: &Options,
    is_own: bool,
) -> Outcome {
    let Request { host, here, head, group } = request;
    let own: &[u8] = if here.has_predecessor { &here.domain.contract } else { &[] };
    if context_id(*host, &head.signer, salt, own) != head.subject {
        return Err(Refusal::ContextIdMismatch.into());
    }
    if is_own {
        group.insert(&head.signer, Role::Writer, capability::ALL)?;
    }
    let context =
        Context { group: group.id, application: application.clone(), application_revision: 1 };
    group.rows.set(context_key(&head.subject), &context);
    let approvers = if is_own { options.approvers.number() } else { 0 };
    let fields = vec![
        ("group", Value::Id(group.id)),
        ("application", Value::Bytes(encode(application))),
        ("approvers", Value::U8(approvers)),
    ];
    changed("ContextCreated", 1, fields)
}

/// Another application; the record that is already there changes nothing.
pub(super) fn update_application<H: Host>(
    request: &mut Request<'_, H>,
    application: &Application,
) -> Outcome {
    let group = &mut request.group;
    let key = context_key(&request.head.subject);
    let context: Context = read(&group.rows, &key).ok_or(Refusal::ContextNotFound)?;
    if context.application == *application {
        return Ok(None);
    }
    let application_revision =
        context.application_revision.checked_add(1).ok_or(Refusal::LimitExceeded)?;
    let application = application.clone();
    let fields = vec![("application", Value::Bytes(encode(&application)))];
    group.rows.set(key, &Context { application, application_revision, ..context });
    changed("ApplicationUpdated", application_revision, fields)
}

/// New members; those that are already members keep their role.
pub(super) fn add_members<H: Host>(
    request: &mut Request<'_, H>,
    ids: &[Id],
    role: Role,
) -> Outcome {
    let group = &mut request.group;
    if !ids.iter().all(is_strong) {
        return Err(Refusal::WeakKey.into());
    }
    let new: Vec<Id> = ids.iter().filter(|id| group.member(id).is_none()).copied().collect();
    if new.is_empty() {
        return Ok(None);
    }
    group.bump_members()?;
    for id in &new {
        group.insert(id, role, 0)?;
    }
    let fields = vec![("role", Value::U8(role.number())), ("ids", Value::Ids(new))];
    changed("MembersAdded", group.header().members_revision, fields)
}

/// Members go, with everything they may do. What is kept of them lasts until nothing that they signed is good any more. Unless they may
/// return, none of those named comes back by an invitation, until no ticket of today is left: also who left a moment before, or was no
/// member at all.
pub(super) fn remove_members<H: Host>(
    request: &mut Request<'_, H>,
    identities: &[Id],
    may_return: bool,
) -> Outcome {
    let Request { here, group, .. } = request;
    let barred = !may_return;
    let seconds = if may_return { limit::VALIDITY_SECONDS } else { limit::INVITATION_SECONDS };
    let until = here.now + seconds;
    let mut ids = Vec::new();
    for identity in identities {
        if let Some(member) = group.member(identity) {
            group.remove(identity, &member, barred, until);
        } else {
            let before = group.past(identity, here.now);
            if may_return || before.as_ref().is_some_and(|past| past.barred) {
                continue;
            }
            let nonce = before.map_or(0, |past| past.nonce);
            group.set_past(identity, &Past { nonce, barred, until });
        }
        ids.push(*identity);
    }
    if ids.is_empty() {
        return Ok(None);
    }
    group.bump_members()?;
    let fields = vec![
        ("barred", Value::Bool(barred)),
        ("until", Value::U64(until)),
        ("ids", Value::Ids(ids)),
    ];
    changed("MembersRemoved", group.header().members_revision, fields)
}

/// Bits given or taken; the signer holds them all, which was checked before. Only a grant needs its targets to be members.
pub(super) fn change_capabilities<H: Host>(
    request: &mut Request<'_, H>,
    changes: &[Change],
    is_grant: bool,
) -> Outcome {
    let group = &mut request.group;
    let (mut ids, mut all) = (Vec::new(), Vec::new());
    for Change { identity, capabilities: bits } in changes {
        let Some(member) = group.member(identity) else {
            if is_grant {
                return Err(Refusal::TargetNotMember.into());
            }
            continue;
        };
        if is_grant && member.role == Role::Relay {
            return Err(Refusal::RoleForbids.into());
        }
        let held = member.capabilities;
        let capabilities = if is_grant { held | bits } else { held & !bits };
        if capabilities == held {
            continue;
        }
        group.set_capabilities(identity, &member, capabilities);
        ids.push(*identity);
        all.push(capabilities);
    }
    if ids.is_empty() {
        return Ok(None);
    }
    let revision =
        group.header().capabilities_revision.checked_add(1).ok_or(Refusal::LimitExceeded)?;
    group.update(|header| header.capabilities_revision = revision);
    let fields = vec![("ids", Value::Ids(ids)), ("capabilities", Value::U8s(all))];
    changed("CapabilitiesChanged", revision, fields)
}

/// Roles of members; who holds a capability cannot become a relay.
pub(super) fn set_role<H: Host>(request: &mut Request<'_, H>, all: &[Id], role: Role) -> Outcome {
    let group = &mut request.group;
    let mut ids = Vec::new();
    for id in all {
        let member = group.member(id).ok_or(Refusal::TargetNotMember)?;
        if role == Role::Relay && member.capabilities != 0 {
            return Err(Refusal::RoleForbids.into());
        }
        if member.role == role {
            continue;
        }
        group.set_member(id, &Member { role, ..member });
        ids.push(*id);
    }
    if ids.is_empty() {
        return Ok(None);
    }
    group.bump_members()?;
    let fields = vec![("role", Value::U8(role.number())), ("ids", Value::Ids(ids))];
    changed("RolesChanged", group.header().members_revision, fields)
}

/// A higher next nonce for the signer, so that what it signed and did not send is void. It stays below the first nonce of any later
/// membership of the same identity, otherwise what was used before a removal could be used again after it.
pub(super) fn bump_nonce<H: Host>(request: &mut Request<'_, H>, to: u64) -> Outcome {
    let Request { head, group, .. } = request;
    let member = group.member(&head.signer).ok_or(Refusal::NotAMember)?;
    if to < member.nonce {
        // the envelope's own nonce was right
        return Err(Refused { refusal: Refusal::BadNonce, expected: Some(head.nonce) });
    }
    let next = group.header().members_revision + 1;
    // behind the last revision nobody joins any more
    if next <= limit::MEMBERS_REVISION && to > first_nonce(next) {
        return Err(Refusal::LimitExceeded.into());
    }
    group.set_member(&head.signer, &Member { nonce: to, ..member });
    changed("NonceBumped", 0, vec![("to", Value::U64(to))])
}

/// No changes any more, ever: a move that was planned is called off.
pub(super) fn seal<H: Host>(request: &mut Request<'_, H>) -> Outcome {
    request.group.update(|header| {
        header.sealed = true;
        header.migration = None;
    });
    changed("ContextSealed", 0, vec![])
}

/// Other options; those that stand already change nothing.
pub(super) fn set_options<H: Host>(request: &mut Request<'_, H>, options: &Options) -> Outcome {
    let group = &mut request.group;
    if *options == group.header().options {
        return Ok(None);
    }
    group.update(|header| header.options = options.clone());
    let fields = vec![("approvers", Value::U8(options.approvers.number()))];
    changed("OptionsChanged", 0, fields)
}

/// The group is to move, to stay, or to go elsewhere and later than was planned.
pub(super) fn migrate_to<H: Host>(request: &mut Request<'_, H>, successor: &[u8]) -> Outcome {
    let Request { host, here, group, .. } = request;
    let migration = if successor.is_empty() {
        if group.header().migration.is_none() {
            return Ok(None);
        }
        None
    } else {
        if successor == here.domain.contract || !host.is_contract(successor) {
            return Err(Refusal::Malformed.into());
        }
        let moves_at = here.now + delay::MIGRATION_SECONDS;
        Some(Migration { successor: successor.to_vec(), moves_at })
    };
    let moves_at = migration.as_ref().map_or(0, |migration| migration.moves_at);
    group.update(|header| header.migration = migration);
    let fields =
        vec![("successor", Value::Bytes(successor.to_vec())), ("movesAt", Value::U64(moves_at))];
    changed("MigrationPlanned", 0, fields)
}
