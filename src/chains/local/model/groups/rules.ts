/** The rules of each operation on contexts, members and capabilities (docs/protocol.md, Anchor). Invitations have a file of their own. */
import { equalBytes } from '../../../../node/primitives/bytes.ts'
import type { PublicKey } from '../../../../node/primitives/ids.ts'
import type { ApplicationRecord, MigrationRecord } from '../../../../node/anchor/anchor.ts'
import { deriveContextId } from '../../../../node/anchor/envelope.ts'
import {
  MAX_INVITATION_SECONDS,
  MAX_U64,
  MAX_VALIDITY_SECONDS,
  MIGRATION_SECONDS,
} from '../../../../node/anchor/limits.ts'
import { firstNonce, type GroupDraft } from './draft.ts'
import { changed, NOTHING, refuse, type Request, type RuleOutcome } from '../request.ts'
import { headerKey, type PastState } from './state.ts'
import { ALL_CAPABILITIES } from '../../../../node/anchor/validate.ts'

function isSameApplication(a: ApplicationRecord, b: ApplicationRecord): boolean {
  return (
    equalBytes(a.id, b.id) &&
    equalBytes(a.blob, b.blob) &&
    a.size === b.size &&
    a.source === b.source &&
    equalBytes(a.metadata, b.metadata)
  )
}

/** A context in a group of its own, or in the group that was given. */
export function createContext(request: Request<'createContext'>): RuleOutcome {
  const { envelope, operation, signer, group, context: contract } = request
  const own = contract.hasPredecessor === true ? contract.domain.contract : undefined
  const id = deriveContextId(signer, operation.salt, own)
  if (!equalBytes(id, envelope.subject)) return refuse('ContextIdMismatch')
  if (operation.group === undefined) {
    const wrong = group.insert(signer, 'writer', ALL_CAPABILITIES)
    if (wrong !== undefined) return refuse(wrong)
  }
  const { application, options } = operation
  const context = { group: group.id, application, applicationRevision: 1n }
  group.draft.set('contexts', headerKey(id), context)
  const made = operation.group === undefined ? { options } : {}
  return changed({ name: 'ContextCreated', context: id, group: group.id, application, ...made }, 1n)
}

/** Another application; the record that is already there changes nothing. */
export function updateApplication(request: Request<'updateApplication'>): RuleOutcome {
  const { envelope, operation, group } = request
  const key = headerKey(envelope.subject)
  const context = group.draft.get('contexts', key)
  if (context === undefined) return refuse('ContextNotFound')
  if (isSameApplication(context.application, operation.application)) return NOTHING
  const applicationRevision = context.applicationRevision + 1n
  if (applicationRevision > MAX_U64) return refuse('LimitExceeded')
  const { application } = operation
  group.draft.set('contexts', key, { ...context, application, applicationRevision })
  return changed({ name: 'ApplicationUpdated', application }, applicationRevision)
}

/** New members; those that are already members keep their role. */
export function addMembers(request: Request<'addMembers'>): RuleOutcome {
  const { operation, group, keys } = request
  if (!operation.ids.every((id) => keys.isStrong(id))) return refuse('WeakKey')
  const ids = operation.ids.filter((id) => group.member(id) === undefined)
  if (ids.length === 0) return NOTHING
  let wrong = group.bumpMembers()
  for (const id of ids) wrong ??= group.insert(id, operation.role, 0)
  if (wrong !== undefined) return refuse(wrong)
  const { role } = operation
  return changed({ name: 'MembersAdded', ids, role }, group.header.membersRevision)
}

/** What is kept of those who go now: until nothing that they signed is good any more, and barred until no ticket of today is. */
function departure(now: bigint, mayReturn: boolean): Omit<PastState, 'nonce'> {
  const seconds = mayReturn ? MAX_VALIDITY_SECONDS : MAX_INVITATION_SECONDS
  return { barred: !mayReturn, until: now + seconds }
}

function removeIdentities(
  group: GroupDraft,
  identities: readonly PublicKey[],
  now: bigint,
  mayReturn: boolean,
): RuleOutcome {
  const past = departure(now, mayReturn)
  const ids: PublicKey[] = []
  for (const identity of identities) {
    const member = group.member(identity)
    if (member !== undefined) {
      group.remove(identity, member, past)
    } else {
      const before = group.past(identity, now)
      if (mayReturn || before?.barred === true) continue
      group.setPast(identity, { ...past, nonce: before?.nonce ?? 0n })
    }
    ids.push(identity)
  }
  if (ids.length === 0) return NOTHING
  const wrong = group.bumpMembers()
  if (wrong !== undefined) return refuse(wrong)
  return changed({ name: 'MembersRemoved', ids, ...past }, group.header.membersRevision)
}

/**
 * Members go, with everything they may do. Unless they may return, none of those named comes back by an invitation: also who left a moment before,
 * or was no member at all.
 */
export function removeMembers(request: Request<'removeMembers'>): RuleOutcome {
  const { group, now, operation } = request
  return removeIdentities(group, operation.ids, now, operation.mayReturn)
}

/** The signer goes, and may return. */
export function leave(request: Request<'leave'>): RuleOutcome {
  return removeIdentities(request.group, [request.signer], request.now, true)
}

/** Bits given or taken; the signer holds them all, which was checked before. Only a grant needs its targets to be members. */
export function changeCapabilities(request: Request<'grant' | 'revoke'>): RuleOutcome {
  const { operation, group } = request
  const isGrant = operation.kind === 'grant'
  const changes: { identity: PublicKey; capabilities: number }[] = []
  for (const { identity, capabilities: bits } of operation.changes) {
    const member = group.member(identity)
    if (member === undefined) {
      if (isGrant) return refuse('TargetNotMember')
      continue
    }
    if (isGrant && member.role === 'relay') return refuse('RoleForbids')
    const capabilities = isGrant ? member.capabilities | bits : member.capabilities & ~bits
    if (capabilities === member.capabilities) continue
    group.setCapabilities(identity, member, capabilities)
    changes.push({ identity, capabilities })
  }
  if (changes.length === 0) return NOTHING
  const capabilitiesRevision = group.header.capabilitiesRevision + 1n
  if (capabilitiesRevision > MAX_U64) return refuse('LimitExceeded')
  group.update({ capabilitiesRevision })
  return changed({ name: 'CapabilitiesChanged', changes }, capabilitiesRevision)
}

/** Roles of members; who holds a capability cannot become a relay. */
export function setRole(request: Request<'setRole'>): RuleOutcome {
  const { operation, group } = request
  const { role } = operation
  const ids: PublicKey[] = []
  for (const id of operation.ids) {
    const member = group.member(id)
    if (member === undefined) return refuse('TargetNotMember')
    if (role === 'relay' && member.capabilities !== 0) return refuse('RoleForbids')
    if (member.role === role) continue
    group.setMember(id, { ...member, role })
    ids.push(id)
  }
  if (ids.length === 0) return NOTHING
  const wrong = group.bumpMembers()
  if (wrong !== undefined) return refuse(wrong)
  return changed({ name: 'RolesChanged', ids, role }, group.header.membersRevision)
}

/**
 * A higher next nonce for the signer, so that what it signed and did not send is void. It stays below the first nonce of any later
 * membership of the same identity, otherwise what was used before a removal could be used again after it.
 */
export function bumpNonce(request: Request<'bumpNonce'>): RuleOutcome {
  const { envelope, operation, signer, group } = request
  const member = group.member(signer)
  if (member === undefined) return refuse('NotAMember')
  // the envelope's own nonce was right
  if (operation.to < member.nonce) return refuse('BadNonce', envelope.nonce)
  if (operation.to > firstNonce(group.header.membersRevision + 1n)) return refuse('LimitExceeded')
  group.setMember(signer, { ...member, nonce: operation.to })
  return changed({ name: 'NonceBumped', to: operation.to })
}

/** No changes any more, ever: a move that was planned is called off. */
export function seal(request: Request<'seal'>): RuleOutcome {
  request.group.update({ sealed: true, migration: undefined })
  return changed({ name: 'ContextSealed' })
}

/** Other options; those that stand already change nothing. */
export function setOptions(request: Request<'setOptions'>): RuleOutcome {
  const { operation, group } = request
  const { options } = operation
  if (options.approvers === group.header.options.approvers) return NOTHING
  group.update({ options })
  return changed({ name: 'OptionsChanged', options })
}

/** The group is to move, to stay, or to go elsewhere and later than was planned. */
export function migrateTo(request: Request<'migrateTo'>): RuleOutcome {
  const { operation, group, now, context } = request
  const { contract: successor } = operation
  let migration: MigrationRecord | undefined
  if (successor.length > 0) {
    const isOurs = equalBytes(successor, context.domain.contract)
    if (isOurs || context.isContract?.(successor) === false) return refuse('Malformed')
    migration = { successor, movesAt: now + MIGRATION_SECONDS }
  } else if (group.header.migration === undefined) return NOTHING
  group.update({ migration })
  return changed({ name: 'MigrationPlanned', migration })
}
