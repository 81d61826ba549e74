//! The membership contract as one function: from what is stored and a signed request to what is to be stored, or to the refusal that every
//! chain answers alike. It reads by key, answers with what to store and changes nothing itself, so a refusal has no effect, nonce included.
use crate::draft::{read, Draft};
use crate::envelope::{
    check_domain_and_time, check_nonce, check_signature, decode_envelope, Envelope, Head,
};
use crate::groups::draft::GroupDraft;
use crate::groups::operation::{Operation, Options};
use crate::groups::state::{
    context_key, group_key, has_moved, standing_of, Context, Group, Member,
};
use crate::groups::{invitations, rules};
use crate::host::{Accepted, Decision, Here, Host, Outcome, Refused, View};
use crate::interface::Refusal;
use crate::layout::Id;

/// A request that passed every check up to its operation's own rules.
pub(crate) struct Request<'a, H: Host> {
    pub host: &'a H,
    pub here: &'a Here<'a>,
    pub head: &'a Head,
    pub group: GroupDraft<'a>,
}

impl<H: Host> Request<'_, H> {
    pub fn signer(&self) -> Id {
        self.head.signer
    }
}

/// The group of an operation that makes its own.
fn new_group(options: &Options) -> Group {
    Group {
        members_revision: 1,
        capabilities_revision: 1,
        count: 0,
        managers: 0,
        options: options.clone(),
        sealed: false,
        migration: None,
    }
}

/// The group that the operation is about: the subject, the subject's, or the one it names. Fails when it is not as it must be.
fn open_group<'a>(
    Envelope { head, operation }: &Envelope<Operation>,
    rows: Draft<'a>,
    now: u64,
) -> Result<GroupDraft<'a>, Refusal> {
    let context = read::<Context>(&rows, &context_key(&head.subject));
    let id = match operation {
        Operation::CreateContext { options, group, .. } => {
            if context.is_some() {
                return Err(Refusal::ContextExists);
            }
            match group {
                None => return Ok(GroupDraft::new(head.subject, rows, new_group(options))),
                Some(id) => *id,
            }
        }
        Operation::UpdateApplication { .. } => context.ok_or(Refusal::ContextNotFound)?.group,
        _ => head.subject,
    };
    let header: Group = read(&rows, &group_key(&id)).ok_or(Refusal::ContextNotFound)?;
    if header.sealed {
        return Err(Refusal::Sealed);
    }
    if has_moved(&header, now) {
        return Err(Refusal::Moved);
    }
    Ok(GroupDraft::new(id, rows, header))
}

/// The signer's standing: a record with this nonce and the needed bits, or none where the operation makes one. A claim has the nonce of what
/// there is of its signer, so that it is good once: who went comes back by a claim that it signs anew.
fn check_signer(
    Envelope { head, operation }: &Envelope<Operation>,
    group: &mut GroupDraft<'_>,
    now: u64,
) -> Result<(), Refused> {
    let Head { signer, nonce, .. } = head;
    let is_newcomer = matches!(
        operation,
        Operation::ClaimInvitation { .. } | Operation::CreateContext { group: None, .. }
    );
    if is_newcomer {
        return check_nonce(*nonce, standing_of(&group.rows, &group.id, signer, now).nonce);
    }
    let member = group.member(signer).ok_or(Refusal::NotAMember)?;
    check_nonce(*nonce, member.nonce)?;
    let needed = operation.needed_capabilities(signer);
    if member.capabilities & needed != needed {
        return Err(Refusal::Unauthorized.into());
    }
    let next = nonce.checked_add(1).ok_or(Refusal::LimitExceeded)?;
    group.set_member(signer, &Member { nonce: next, ..member });
    Ok(())
}

/// Whether the revisions are those that the signer saw. What does not exist yet has none.
fn check_revisions(head: &Head, group: &GroupDraft<'_>) -> Result<(), Refusal> {
    let members = || read::<Group>(&group.rows, &group_key(&group.id)).map(|g| g.members_revision);
    let application = || {
        read::<Context>(&group.rows, &context_key(&head.subject)).map(|c| c.application_revision)
    };
    let is_seen = (head.if_members_revision.is_none() || head.if_members_revision == members())
        && (head.if_application_revision.is_none()
            || head.if_application_revision == application());
    if is_seen {
        Ok(())
    } else {
        Err(Refusal::RevisionMismatch)
    }
}

/// The rules of the operation itself.
fn apply_rules<H: Host>(request: &mut Request<'_, H>, operation: &Operation) -> Outcome {
    match operation {
        Operation::CreateContext { salt, application, options, group } => {
            rules::create_context(request, salt, application, options, group.is_none())
        }
        Operation::UpdateApplication { application } => {
            rules::update_application(request, application)
        }
        Operation::AddMembers { ids, role } => rules::add_members(request, ids, *role),
        Operation::RemoveMembers { ids, may_return } => {
            rules::remove_members(request, ids, *may_return)
        }
        Operation::Grant { changes } => rules::change_capabilities(request, changes, true),
        Operation::Revoke { changes } => rules::change_capabilities(request, changes, false),
        Operation::Leave {} => {
            let signer = request.signer();
            rules::remove_members(request, &[signer], true)
        }
        Operation::ClaimInvitation { terms, inviter_signature, claim_signature } => {
            invitations::claim(request, terms, inviter_signature, claim_signature)
        }
        Operation::RevokeInvitation { terms, inviter_signature } => {
            invitations::revoke(request, terms, inviter_signature)
        }
        Operation::BumpNonce { to } => rules::bump_nonce(request, *to),
        Operation::Seal {} => rules::seal(request),
        Operation::SetOptions { options } => rules::set_options(request, options),
        Operation::SetRole { ids, role } => rules::set_role(request, ids, *role),
        Operation::VoidInvitations {} => invitations::void(request),
        Operation::MigrateTo { contract } => rules::migrate_to(request, contract),
    }
}

/// Decides on one signed request. The same view, bytes and time give the same answer everywhere; the first check that fails names the
/// refusal, and a signature of any length has its turn.
pub fn decide(
    view: &impl View,
    host: &impl Host,
    here: &Here<'_>,
    bytes: &[u8],
    signature: &[u8],
) -> Decision {
    let envelope: Envelope<Operation> = decode_envelope(bytes)?;
    let Envelope { head, operation } = &envelope;
    operation.validate()?;
    check_domain_and_time(head, here)?;
    let mut group = open_group(&envelope, Draft::new(view), here.now)?;
    check_signature(host, &head.signer, bytes, signature)?;
    check_signer(&envelope, &mut group, here.now)?;
    check_revisions(head, &group)?;
    let mut request = Request { host, here, head, group };
    let change = apply_rules(&mut request, operation)?;
    let header = request.group.header();
    if header.managers == 0 && !header.sealed {
        return Err(Refusal::LastManager.into());
    }
    let event = change.map(|change| change.announced(head));
    let GroupDraft { id: group, rows, .. } = request.group;
    let writes = rows.into_writes();
    Ok(Accepted { head: envelope.head, group, writes, event })
}
