/**
 * The rules of invitations: a claim joins its signer, a revocation ends one invitation before its time, its inviter voids all of its own
 * (docs/protocol.md, Anchor). An invitation is known by the digest of its terms, so two are never taken for one.
 */
import { equalBytes } from '../../../../node/primitives/bytes.ts'
import type { PublicKey } from '../../../../node/primitives/ids.ts'
import { CAPABILITIES } from '../../../../node/anchor/anchor.ts'
import { claimDigest, invitationDigest } from '../../../../node/anchor/envelope.ts'
import type { RefusalName } from '../../../../node/anchor/errors.ts'
import {
  MAX_INVITATION_SECONDS,
  MAX_BATCH,
  MAX_LIVE_INVITATIONS,
  MAX_SERIES,
} from '../../../../node/anchor/limits.ts'
import type { InvitationTerms } from '../../../../node/anchor/operations.ts'
import { isSameDomain } from '../../../../node/anchor/envelope-layout.ts'
import type { AnnouncedTerms } from '../../../../node/anchor/events.ts'
import type { GroupDraft } from './draft.ts'
import { changed, refuse, type Request, type RuleOutcome } from '../request.ts'
import { bookKey, invitationKey, type InvitationState } from './state.ts'

/** An invitation, and its inviter's word for it. */
type Given = Pick<Request<'claimInvitation'>['operation'], 'terms' | 'inviterSignature'>

/** Whether an invitation was really given for this group, by a member that is one since and has not voided it. */
function checkGiven(
  { envelope, group, keys }: Pick<Request, 'envelope' | 'group' | 'keys'>,
  { terms, inviterSignature }: Given,
): RefusalName | undefined {
  // the envelope's own domain was compared with the contract's before
  if (!isSameDomain(terms.domain, envelope.domain)) return 'WrongDomain'
  const inviter = group.member(terms.inviter)
  const isGiven =
    equalBytes(terms.group, group.id) &&
    inviter?.joinedRevision === terms.membership &&
    inviter.series === terms.series &&
    keys.verify(terms.inviter, invitationDigest(terms), inviterSignature)
  return isGiven ? undefined : 'InvitationInvalid'
}

/** Whether it was given to this claimant, by somebody who still may. */
function checkClaim(request: Request<'claimInvitation'>): RefusalName | undefined {
  const { terms, claimSignature } = request.operation
  const needed = CAPABILITIES.manageMembers | terms.capabilities
  const held = request.group.member(terms.inviter)?.capabilities ?? 0
  const isClaimed =
    (held & needed) === needed &&
    request.keys.verify(terms.claimKey, claimDigest(terms, request.signer), claimSignature)
  return isClaimed ? undefined : 'InvitationInvalid'
}

/** What is remembered of an invitation that has not expired. */
function recall(group: GroupDraft, terms: InvitationTerms): InvitationState {
  const known = group.draft.get('invitations', invitationKey(invitationDigest(terms)))
  return known ?? { uses: 0, revoked: false, notAfter: terms.notAfter }
}

/** Whether nobody can use an invitation any more, and why. */
function checkUsable(known: InvitationState, terms: InvitationTerms): RefusalName | undefined {
  if (known.revoked) return 'InvitationRevoked'
  return known.uses >= terms.maxUses ? 'InvitationUsed' : undefined
}

/**
 * Remembers what became of an invitation. One that was not known takes a place of the member at whose expense that is, which gives up places of those
 * that expired: some of them at a time, since a chain may bound what one request changes.
 */
function remember(
  group: GroupDraft,
  terms: InvitationTerms,
  value: InvitationState,
  holder: PublicKey,
  now: bigint,
): RefusalName | undefined {
  const { draft } = group
  const member = group.member(holder)
  if (member === undefined) return 'NotAMember' // both that call this have looked
  const invitation = invitationKey(invitationDigest(terms))
  if (draft.get('invitations', invitation) === undefined) {
    const key = bookKey(group.id, holder, member)
    const book = draft.get('books', key) ?? []
    const over = book.filter(({ notAfter }) => notAfter < now).slice(0, MAX_BATCH)
    for (const place of over) draft.set('invitations', place.invitation, undefined)
    const kept = book.filter((place) => !over.includes(place))
    if (kept.length >= MAX_LIVE_INVITATIONS) return 'LimitExceeded'
    draft.set('books', key, [...kept, { invitation, notAfter: terms.notAfter }])
  }
  draft.set('invitations', invitation, value)
  return undefined
}

/** The signer becomes a member with the role and the bits of the invitation. */
export function claimInvitation(request: Request<'claimInvitation'>): RuleOutcome {
  const { operation, signer, group, now } = request
  const { terms } = operation
  const wrong = checkGiven(request, operation) ?? checkClaim(request)
  if (wrong !== undefined) return refuse(wrong)
  if (now > terms.notAfter) return refuse('Expired')
  if (terms.notAfter > now + MAX_INVITATION_SECONDS) return refuse('LimitExceeded')
  const known = recall(group, terms)
  const unusable = checkUsable(known, terms)
  if (unusable !== undefined) return refuse(unusable)
  if (group.member(signer) !== undefined) return refuse('AlreadyMember')
  if (group.past(signer, now)?.barred === true) return refuse('Barred')
  if (terms.role === 'relay' && terms.capabilities !== 0) return refuse('RoleForbids')
  const used = { ...known, uses: known.uses + 1 }
  const full =
    remember(group, terms, used, terms.inviter, now) ??
    group.bumpMembers() ??
    group.insert(signer, terms.role, terms.capabilities)
  if (full !== undefined) return refuse(full)
  return changed({ name: 'InvitationClaimed', ...announced(terms) }, group.header.membersRevision)
}

/**
 * No more claims of an invitation. It takes a place of whoever revokes, and stays revoked when that goes: an invitation that leaked must not come back
 * to life. What nobody can use any more is not revoked.
 */
export function revokeInvitation(request: Request<'revokeInvitation'>): RuleOutcome {
  const { operation, signer, group, now } = request
  const { terms } = operation
  const wrong = checkGiven(request, operation)
  if (wrong !== undefined) return refuse(wrong)
  if (now > terms.notAfter) return refuse('Expired')
  const known = recall(group, terms)
  const refused =
    checkUsable(known, terms) ?? remember(group, terms, { ...known, revoked: true }, signer, now)
  if (refused !== undefined) return refuse(refused)
  return changed({ name: 'InvitationRevoked', ...announced(terms) })
}

/** Every invitation that the signer gave until now is void, and the places that they took are free. */
export function voidInvitations({ signer, group }: Request<'voidInvitations'>): RuleOutcome {
  const member = group.member(signer)
  if (member === undefined) return refuse('NotAMember')
  const series = member.series + 1
  if (series > MAX_SERIES) return refuse('LimitExceeded')
  group.setMember(signer, { ...member, series })
  return changed({ name: 'InvitationsVoided', series })
}

function announced(terms: InvitationTerms): {
  readonly invitation: Uint8Array
  readonly terms: AnnouncedTerms
} {
  const { domain: _, group: __, claimKey: ___, ...told } = terms
  return { invitation: invitationDigest(terms), terms: told }
}
