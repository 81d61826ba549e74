/**
 * The reference model of the membership contract: one pure function from what is stored and a signed request to what is to be stored,
 * or to the refusal that every chain answers alike (chain-contracts.md 7.4). It reads by key, answers with effects and changes nothing
 * itself, so a refusal has no effect, nonce included.
 */
import { isMerogateError } from '../../errors.ts'
import { equalBytes } from '../../primitives/bytes.ts'
import { GroupId } from '../../primitives/ids.ts'
import { CAPABILITIES } from '../anchor.ts'
import { envelopeCodec, envelopeDigest, type Envelope } from '../envelope.ts'
import { refusal, type Refusal, type RefusalName } from '../errors.ts'
import { MAX_ENVELOPE_BYTES, MAX_VALIDITY_SECONDS } from '../limits.ts'
import type { Domain, Operation } from '../operations.ts'
import type { AnchorEvent } from './events.ts'
import { GroupDraft } from './group-draft.ts'
import { claimInvitation, isSameDomain, revokeInvitation } from './invitations.ts'
import { type KeyRules, refuse, type Request, type RuleOutcome } from './request.ts'
import * as rules from './rules.ts'
import { Draft, headerKey, type Effect, type GroupState, type StateView } from './state.ts'
import { validateOperation } from './validate.ts'

/** A signed request as it was received. */
export interface SignedEnvelope {
  readonly envelope: Uint8Array
  /** Over `envelopeDigest`, 64 bytes. */
  readonly signature: Uint8Array
}

/** What the contract knows besides its records. */
export interface DecideContext {
  readonly domain: Domain
  /** The contract's clock, Unix seconds. */
  readonly now: bigint
  readonly keys: KeyRules
}

/** What is to be stored and announced, or why nothing is. */
export type Decision =
  | {
      readonly accepted: true
      readonly envelope: Envelope
      readonly effects: readonly Effect[]
      /** Undefined when the state was already as asked. */
      readonly event: AnchorEvent | undefined
    }
  | { readonly accepted: false; readonly refusal: Refusal }

/** The group of an operation that makes its own. */
function newGroup(operation: Extract<Operation, { kind: 'createContext' }>): GroupState {
  return {
    membersRevision: 1n,
    capabilitiesRevision: 1n,
    count: 0,
    managers: 0,
    options: operation.options,
    sealed: false,
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
      return CAPABILITIES.manageMembers | CAPABILITIES.proxy
    case 'revokeInvitation':
      return equalBytes(operation.inviter, signer) ? 0 : CAPABILITIES.manageMembers
    case 'claimInvitation':
    case 'leave':
    case 'bumpNonce':
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
  }
}

function decode(bytes: Uint8Array): Envelope | RefusalName {
  if (bytes.length > MAX_ENVELOPE_BYTES) return 'LimitExceeded'
  try {
    return envelopeCodec.decode(bytes)
  } catch (error) {
    if (isMerogateError(error, 'CODEC_MALFORMED')) return 'Malformed'
    throw error
  }
}

/** The group that the operation is about: the subject, the subject's, or the one it names. Fails when it is not as it must be. */
function openGroup(envelope: Envelope, draft: Draft): GroupDraft | RefusalName {
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
  return header.sealed ? 'Sealed' : new GroupDraft(id, draft, header)
}

/** The signer's standing: a record with this nonce and the needed bits, or no record where the operation makes one. */
function checkSigner(envelope: Envelope, group: GroupDraft): Refusal | undefined {
  const { operation, signer, nonce } = envelope
  const isNewcomer =
    operation.kind === 'claimInvitation' ||
    (operation.kind === 'createContext' && operation.group === undefined)
  if (isNewcomer) return nonce === 0n ? undefined : refusal('BadNonce', 0n)
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
  const envelope = decode(signed.envelope)
  if (typeof envelope === 'string') return refusal(envelope)
  const { operation, signer, validUntil } = envelope
  const { domain, now, keys } = context
  const wrong = validateOperation(operation)
  if (wrong !== undefined) return refusal(wrong)
  if (!isSameDomain(envelope.domain, domain)) return refusal('WrongDomain')
  if (validUntil < now || validUntil > now + MAX_VALIDITY_SECONDS) return refusal('Expired')
  const group = openGroup(envelope, new Draft(view))
  if (typeof group === 'string') return refusal(group)
  if (!keys.isStrong(signer)) return refusal('WeakKey')
  const isSigned = keys.verify(signer, envelopeDigest(signed.envelope), signed.signature)
  if (!isSigned) return refusal('BadSignature')
  const unfit = checkSigner(envelope, group)
  if (unfit !== undefined) return unfit
  if (!hasRevisions(envelope, group)) return refusal('RevisionMismatch')
  return { envelope, operation, signer, group, now, keys }
}

/** Decides on one signed request. Deterministic: the same view, bytes and time give the same answer everywhere. */
export function decide(view: StateView, signed: SignedEnvelope, context: DecideContext): Decision {
  const request = check(view, signed, context)
  if ('number' in request) return { accepted: false, refusal: request }
  const { envelope, group } = request
  const applied = applyRules(request)
  const isOrphaned = group.header.managers === 0 && !group.header.sealed
  const outcome = 'event' in applied && isOrphaned ? refuse('LastManager') : applied
  if ('refusal' in outcome) return { accepted: false, refusal: outcome.refusal }
  const { subject, signer, nonce } = envelope
  const { event: body, revision } = outcome
  const event = body === undefined ? undefined : { ...body, subject, signer, nonce, revision }
  return { accepted: true, envelope, effects: group.draft.effects(), event }
}
