/**
 * The reference model of the membership contract: one pure function from what is stored and a signed request to what is to be stored,
 * or to the refusal that every chain answers alike (docs/protocol.md, Anchor). It reads by key, answers with effects and changes nothing
 * itself, so a refusal has no effect, nonce included.
 */
import { equalBytes } from '../../../../node/primitives/bytes.ts'
import { GroupId } from '../../../../node/primitives/ids.ts'
import { CAPABILITIES } from '../../../../node/anchor/anchor.ts'
import { envelopeCodec, type Envelope } from '../../../../node/anchor/envelope.ts'
import { refusal, type Refusal, type RefusalName } from '../../../../node/anchor/errors.ts'
import type { Operation, Subject } from '../../../../node/anchor/operations.ts'
import {
  checkDomainAndTime,
  checkSignature,
  conclude,
  decodeEnvelope,
  type DecisionOf,
} from '../checks.ts'
import type { SignedEnvelope } from '../../../../node/anchor/service.ts'
import type { AnchorEvent, EventBody } from '../../../../node/anchor/events.ts'
import { GroupDraft } from './draft.ts'
import { claimInvitation, revokeInvitation, voidInvitations } from './invitations.ts'
import { refuse, type DecideContext, type Request, type RuleOutcome } from '../request.ts'
import * as rules from './rules.ts'
import {
  headerKey,
  hasMoved,
  type Draft,
  type Effect,
  type GroupState,
  standingOf,
  type StateView,
  type Tables,
} from './state.ts'
import { TableDraft } from '../tables.ts'
import { validateOperation } from '../../../../node/anchor/validate.ts'

export type Decision = DecisionOf<Envelope, Effect, AnchorEvent>

/** The group of an operation that makes its own. */
function newGroup(operation: Extract<Operation, { kind: 'createContext' }>): GroupState {
  return {
    membersRevision: 1n,
    capabilitiesRevision: 1n,
    count: 0,
    managers: 0,
    options: operation.options,
    sealed: false,
    migration: undefined,
  }
}

/** Bits the signer must hold. */
function neededCapabilities({ operation, signer }: Envelope): number {
  switch (operation.kind) {
    case 'createContext':
      return operation.group === undefined ? 0 : CAPABILITIES.manageContexts
    case 'updateApplication':
      return CAPABILITIES.manageApplication
    case 'addMembers':
    case 'removeMembers':
    case 'setOptions':
    case 'setRole':
      return CAPABILITIES.manageMembers
    case 'grant':
    case 'revoke':
      return operation.changes.reduce((all, { capabilities }) => all | capabilities, 0)
    case 'seal':
    case 'migrateTo':
      return CAPABILITIES.manageMembers | CAPABILITIES.proxy
    case 'revokeInvitation':
      return equalBytes(operation.terms.inviter, signer) ? 0 : CAPABILITIES.manageMembers
    case 'claimInvitation':
    case 'leave':
    case 'bumpNonce':
    case 'voidInvitations':
      return 0
  }
}

/** The rules of the operation itself. */
function applyRules(request: Request): RuleOutcome {
  const { operation } = request
  switch (operation.kind) {
    case 'createContext':
      return rules.createContext({ ...request, operation })
    case 'updateApplication':
      return rules.updateApplication({ ...request, operation })
    case 'addMembers':
      return rules.addMembers({ ...request, operation })
    case 'removeMembers':
      return rules.removeMembers({ ...request, operation })
    case 'grant':
    case 'revoke':
      return rules.changeCapabilities({ ...request, operation })
    case 'leave':
      return rules.leave({ ...request, operation })
    case 'claimInvitation':
      return claimInvitation({ ...request, operation })
    case 'revokeInvitation':
      return revokeInvitation({ ...request, operation })
    case 'bumpNonce':
      return rules.bumpNonce({ ...request, operation })
    case 'seal':
      return rules.seal({ ...request, operation })
    case 'setOptions':
      return rules.setOptions({ ...request, operation })
    case 'setRole':
      return rules.setRole({ ...request, operation })
    case 'voidInvitations':
      return voidInvitations({ ...request, operation })
    case 'migrateTo':
      return rules.migrateTo({ ...request, operation })
  }
}

/** The group that the operation is about: the subject, the subject's, or the one it names. Fails when it is not as it must be. */
function openGroup(envelope: Envelope, draft: Draft, now: bigint): GroupDraft | RefusalName {
  const { subject, operation } = envelope
  const context = draft.get('contexts', headerKey(subject))
  let id = GroupId.from(subject)
  if (operation.kind === 'createContext') {
    if (context !== undefined) return 'ContextExists'
    if (operation.group === undefined) return new GroupDraft(id, draft, newGroup(operation))
    id = operation.group
  } else if (operation.kind === 'updateApplication') {
    if (context === undefined) return 'ContextNotFound'
    id = context.group
  }
  const header = draft.get('groups', headerKey(id))
  if (header === undefined) return 'ContextNotFound'
  if (header.sealed) return 'Sealed'
  return hasMoved(header, now) ? 'Moved' : new GroupDraft(id, draft, header)
}

/**
 * The signer's standing: a record with this nonce and the needed bits, or none where the operation makes one. A claim has the nonce of what
 * there is of its signer, so that it is good once: who went comes back by a claim that it signs anew.
 */
function checkSigner(envelope: Envelope, group: GroupDraft, now: bigint): Refusal | undefined {
  const { operation, signer, nonce } = envelope
  const isNewcomer =
    operation.kind === 'claimInvitation' ||
    (operation.kind === 'createContext' && operation.group === undefined)
  if (isNewcomer) {
    const { nonce: expected } = standingOf(group.draft, group.id, signer, now)
    return nonce === expected ? undefined : refusal('BadNonce', expected)
  }
  const member = group.member(signer)
  if (member === undefined) return refusal('NotAMember')
  if (nonce !== member.nonce) return refusal('BadNonce', member.nonce)
  const needed = neededCapabilities(envelope)
  if ((member.capabilities & needed) !== needed) return refusal('Unauthorized')
  group.setMember(signer, { ...member, nonce: nonce + 1n })
  return undefined
}

/** Whether the revisions are those the signer saw. What does not exist yet has none. */
function hasRevisions(envelope: Envelope, group: GroupDraft): boolean {
  const { ifMembersRevision, ifApplicationRevision, subject } = envelope
  const stored = group.draft.get('groups', headerKey(group.id))
  const context = group.draft.get('contexts', headerKey(subject))
  return (
    (ifMembersRevision === undefined || ifMembersRevision === stored?.membersRevision) &&
    (ifApplicationRevision === undefined || ifApplicationRevision === context?.applicationRevision)
  )
}

/** The checks in their order; the first that fails names the refusal. */
function check(view: StateView, signed: SignedEnvelope, context: DecideContext): Request | Refusal {
  const envelope = decodeEnvelope(envelopeCodec, signed.envelope)
  if (typeof envelope === 'string') return refusal(envelope)
  const { operation, signer } = envelope
  const wrong = validateOperation(operation) ?? checkDomainAndTime(envelope, context)
  if (wrong !== undefined) return refusal(wrong)
  const { now, keys } = context
  const group = openGroup(envelope, new TableDraft<Tables>(view), now)
  if (typeof group === 'string') return refusal(group)
  const unproven = checkSignature(envelope, signed, keys)
  if (unproven !== undefined) return refusal(unproven)
  const unfit = checkSigner(envelope, group, now)
  if (unfit !== undefined) return unfit
  if (!hasRevisions(envelope, group)) return refusal('RevisionMismatch')
  return { envelope, operation, signer, group, now, keys, context }
}

/** Decides on one signed request. Deterministic: the same view, bytes and time give the same answer everywhere. */
export function decide(view: StateView, signed: SignedEnvelope, context: DecideContext): Decision {
  const request = check(view, signed, context)
  if ('number' in request) return { accepted: false, refusal: request }
  const { envelope, group } = request
  const applied = applyRules(request)
  const isOrphaned = group.header.managers === 0 && !group.header.sealed
  const outcome = 'event' in applied && isOrphaned ? refuse('LastManager') : applied
  return conclude<EventBody, Subject, Envelope, Effect>(envelope, outcome, () =>
    group.draft.effects(),
  )
}
