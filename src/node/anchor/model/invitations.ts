/** The rules of invitations: a claim joins its signer, a revocation ends an invitation before its time (docs/protocol.md, Anchor). */
import { equalBytes } from '../../primitives/bytes.ts'
import { CAPABILITIES } from '../anchor.ts'
import { claimDigest, invitationDigest } from '../envelope.ts'
import type { RefusalName } from '../errors.ts'
import { MAX_INVITATION_SECONDS, MAX_LIVE_INVITATIONS } from '../limits.ts'
import { isSameDomain } from './checks.ts'
import { changed, NOTHING, refuse, type Request, type RuleOutcome } from './request.ts'
import type { InvitationState, Invitations } from './state.ts'

const UNKNOWN: InvitationState = { uses: 0, revoked: false, notAfter: 0n }

/** What is remembered of an invitation. One that expired is forgotten, whether its record is gone yet or not. */
function recall(invitations: Invitations, nonce: bigint, now: bigint): InvitationState {
  const known = invitations.get(nonce) ?? UNKNOWN
  return known.notAfter < now ? UNKNOWN : known
}

/** The invitations without those that expired, and with one replaced. */
function remember(
  invitations: Invitations,
  nonce: bigint,
  invitation: InvitationState,
  now: bigint,
): Invitations | undefined {
  const live = [...invitations].filter(([, { notAfter }]) => notAfter >= now)
  const next = new Map(live).set(nonce, invitation)
  return next.size > MAX_LIVE_INVITATIONS ? undefined : next
}

/** Whether the invitation was really given, for this group, to this claimant, by somebody who still may. */
function checkProofs(request: Request<'claimInvitation'>): RefusalName | undefined {
  const { envelope, operation, signer, group, keys } = request
  const { terms, inviterSignature, claimSignature } = operation
  // the envelope's own domain was compared with the contract's before
  if (!isSameDomain(terms.domain, envelope.domain)) return 'WrongDomain'
  const isGenuine =
    equalBytes(terms.group, group.id) &&
    keys.verify(terms.inviter, invitationDigest(terms), inviterSignature) &&
    keys.verify(terms.claimKey, claimDigest(terms, signer), claimSignature)
  if (!isGenuine) return 'InvitationInvalid'
  const needed = CAPABILITIES.manageMembers | terms.capabilities
  const held = group.member(terms.inviter)?.capabilities ?? 0
  return (held & needed) === needed ? undefined : 'InvitationInvalid'
}

/** The signer becomes a member with the role and the bits of the invitation. */
export function claimInvitation(request: Request<'claimInvitation'>): RuleOutcome {
  const { operation, signer, group, now } = request
  const { terms } = operation
  const wrong = checkProofs(request)
  if (wrong !== undefined) return refuse(wrong)
  if (now > terms.notAfter) return refuse('Expired')
  if (terms.notAfter > now + MAX_INVITATION_SECONDS) return refuse('LimitExceeded')
  const invitations = group.invitations(terms.inviter)
  const known = recall(invitations, terms.inviteNonce, now)
  if (known.revoked) return refuse('InvitationRevoked')
  if (known.uses >= terms.maxUses) return refuse('InvitationUsed')
  if (group.member(signer) !== undefined) return refuse('AlreadyMember')
  if (terms.role === 'relay' && terms.capabilities !== 0) return refuse('RoleForbids')
  const notAfter = known.notAfter > terms.notAfter ? known.notAfter : terms.notAfter
  const used = { uses: known.uses + 1, revoked: false, notAfter }
  const next = remember(invitations, terms.inviteNonce, used, now)
  if (next === undefined) return refuse('LimitExceeded')
  group.setInvitations(terms.inviter, next)
  const full = group.bumpMembers() ?? group.insert(signer, terms.role, terms.capabilities)
  if (full !== undefined) return refuse(full)
  const { inviter, inviteNonce, role, capabilities } = terms
  return changed(
    { name: 'InvitationClaimed', inviter, inviteNonce, role, capabilities },
    group.header.membersRevision,
  )
}

/** No more claims of an invitation. One that has expired, or was revoked before, needs nothing. */
export function revokeInvitation(request: Request<'revokeInvitation'>): RuleOutcome {
  const { operation, group, now } = request
  const { inviter, inviteNonce } = operation
  if (operation.notAfter > now + MAX_INVITATION_SECONDS) return refuse('LimitExceeded')
  const invitations = group.invitations(inviter)
  const known = recall(invitations, inviteNonce, now)
  const notAfter = known.notAfter > operation.notAfter ? known.notAfter : operation.notAfter
  const isRemembered = known.revoked && known.notAfter === notAfter
  if (notAfter < now || isRemembered) return NOTHING
  const next = remember(invitations, inviteNonce, { ...known, revoked: true, notAfter }, now)
  if (next === undefined) return refuse('LimitExceeded')
  group.setInvitations(inviter, next)
  return changed({ name: 'InvitationRevoked', inviter, inviteNonce })
}
