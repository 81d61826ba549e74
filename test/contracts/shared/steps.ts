/** Random requests for the comparison of a contract with its model: as chance makes them, and what they mean when their turn comes. */
import fc from 'fast-check'
import type { Role, Signer } from '../../../src/node/anchor/anchor.ts'
import { headerKey, standingOf } from '../../../src/chains/local/model/groups/state.ts'
import type { Domain, InvitationTerms, Operation } from '../../../src/node/anchor/operations.ts'
import { type ContextId, GroupId, PublicKey } from '../../../src/node/primitives/ids.ts'
import {
  application,
  contextOf,
  creation,
  ownGroup,
  person,
} from '../../compliance/anchor-support.ts'
import type { Door } from '../../support/ethereum-proofs.ts'
import type { Pair, Verdict } from './pair.ts'

/** They have accounts. */
export const PEOPLE: readonly Signer[] = ['A', 'B', 'C', 'D', 'E'].map(person)
export const A: Signer = person('A')
export const B: Signer = person('B')
/** Has no account. */
const UNBOUND = person('unbound')
/** A key of small order: y = 1. */
const WEAK: Signer = { ...A, publicKey: PublicKey.from(Uint8Array.of(1, ...new Uint8Array(31))) }
const SIGNERS = [...PEOPLE, UNBOUND, WEAK]
/** Whoever may be, or have been, a member. */
export const EVERYBODY: readonly PublicKey[] = SIGNERS.map(({ publicKey }) => publicKey)
/** The context that every sequence begins with; its group is what most requests are about. */
export const FIRST: ContextId = contextOf(A)
/** Contexts that may come to be, and whose they are. */
const CONTEXTS = [FIRST, contextOf(A, 2), contextOf(B, 3), contextOf(A, 4)]
const OWNERS = [A, A, B, A]

const index = (max: number): fc.Arbitrary<number> => fc.nat({ max: max - 1 })
/** A usual value, and now and then another. */
function mostly<T>(usual: T, ...others: readonly [T, ...T[]]): fc.Arbitrary<T> {
  const [weight, rest] = [12, fc.constantFrom(...others)]
  return fc.oneof({ weight, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: rest })
}

const who = fc.oneof({ weight: 12, arbitrary: index(5) }, { weight: 1, arbitrary: index(7) })
const few = fc.uniqueArray(who, { minLength: 1, maxLength: 3 })
const role: fc.Arbitrary<Role> = fc.constantFrom('writer', 'reader', 'relay')

/** How often each is asked for. A sealed group refuses all, so that is rare. */
export const WEIGHTS: Readonly<Record<Operation['kind'], number>> = {
  ...{ addMembers: 72, removeMembers: 60, grant: 60, revoke: 24, setRole: 24, leave: 12 },
  ...{ updateApplication: 24, createContext: 24, claimInvitation: 72, revokeInvitation: 24 },
  ...{ bumpNonce: 12, setOptions: 22, seal: 2, voidInvitations: 6, migrateTo: 10 },
}

function entriesOf<K extends string>(record: Readonly<Record<K, number>>): [K, number][] {
  return Object.entries(record) as [K, number][] // a record has its keys and no others
}

/** A step as chance made it; what it means depends on what happened before. People and contexts are numbers of the lists above. */
interface Step {
  readonly kind: Operation['kind']
  readonly signer: number
  readonly door: Door
  readonly nonceShift: bigint
  readonly proof: 'own' | 'foreign' | 'garbage'
  readonly garbage: Uint8Array
  readonly seconds: number
  /** Time goes on to when the group moves, where it does. */
  readonly isMoving: boolean
  readonly validFor: bigint
  /** Added to the revision that is; no revision is asked for without. */
  readonly membersShift: bigint | undefined
  readonly applicationShift: bigint | undefined
  readonly domain: 'ours' | 'chain' | 'network' | 'contract'
  readonly targets: readonly number[]
  readonly role: Role
  readonly mayReturn: boolean
  readonly bits: number
  readonly context: number
  readonly inGroup: boolean
  readonly application: number
  readonly approvers: 'govern' | 'members'
  readonly invite: {
    readonly inviter: number
    readonly by: Door
    readonly nonce: bigint
    readonly capabilities: number
    readonly notAfter: bigint
    readonly maxUses: number
    /** The terms that were made for this inviter and number before, where there are some. */
    readonly isKnown: boolean
    readonly wrong: 'no' | 'group' | 'domain' | 'claimant' | 'signer' | 'bytes'
  }
  readonly bump: bigint
  readonly successor: 'another' | 'none' | 'itself' | 'zero' | 'short' | 'long'
}

/** Random steps that come in by some doors, of which an inviter uses those that are a signature. */
export function stepBy(doors: readonly Door[]): fc.Arbitrary<Step> {
  return fc.record({
    kind: fc.oneof(
      ...entriesOf(WEIGHTS).map(([kind, weight]) => ({ weight, arbitrary: fc.constant(kind) })),
    ),
    signer: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: who }),
    door: fc.constantFrom<Door>(...doors),
    nonceShift: mostly(0n, -1n, 1n, 1n << 32n),
    proof: mostly<'own' | 'foreign' | 'garbage'>('own', 'foreign', 'garbage'),
    garbage: fc.uint8Array({ maxLength: 70 }),
    seconds: fc.oneof(
      { weight: 9, arbitrary: fc.nat({ max: 3 }) },
      { weight: 1, arbitrary: index(60) },
    ),
    isMoving: mostly(false, true),
    validFor: mostly(600n, -1n, 0n, 86_400n, 86_401n),
    membersShift: mostly<bigint | undefined>(undefined, 0n, 1n),
    applicationShift: mostly<bigint | undefined>(undefined, 0n, 1n),
    domain: mostly<'ours' | 'chain' | 'network' | 'contract'>(
      'ours',
      'chain',
      'network',
      'contract',
    ),
    targets: few,
    role,
    mayReturn: fc.nat({ max: 3 }).map((n) => n === 0),
    bits: fc.oneof(
      { weight: 2, arbitrary: fc.constantFrom(2, 1, 16) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 31 }) },
    ),
    context: fc.oneof(
      { weight: 7, arbitrary: fc.constant(0) },
      { weight: 2, arbitrary: index(CONTEXTS.length) },
    ),
    inGroup: fc.boolean(),
    application: index(3),
    approvers: fc.constantFrom('govern' as const, 'members' as const),
    invite: fc.record({
      inviter: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: who }),
      by: fc.constantFrom(...doors.filter((door) => door !== 'sender')),
      nonce: fc.bigInt({ min: 0n, max: 3n }),
      capabilities: mostly(0, 1, 2, 31),
      notAfter: fc.constantFrom(5n, 60n, 600n, 600n),
      maxUses: fc.integer({ min: 0, max: 5 }),
      isKnown: mostly(true, false),
      wrong: mostly<'no' | 'group' | 'domain' | 'claimant' | 'signer' | 'bytes'>(
        'no',
        'group',
        'domain',
        'claimant',
        'signer',
        'bytes',
      ),
    }),
    successor: mostly<Step['successor']>(
      'another',
      'none',
      'none',
      'itself',
      'zero',
      'short',
      'long',
    ),
    bump: fc.oneof(
      fc.bigInt({ min: 0n, max: 3n }),
      fc.bigInt({ min: (1n << 32n) - 40n, max: (1n << 33n) + 2n }),
    ),
  })
}

/** Contracts that there may be, and what is none. */
function successorOf(pair: Pair, { successor }: Step): Uint8Array {
  const own = pair.domain().contract
  if (successor === 'itself') return own
  if (successor === 'another' && pair.successor !== undefined) return pair.successor
  const lengths = { another: 20, zero: 20, none: 0, short: 19, long: 65 }
  // where addresses say by their end of what they are, one that ends in 2 is a key's, and in 4 nobody's
  const nobody = pair.successor?.at(-1) === 1 ? 4 : 0
  const fillings = { another: 7, zero: nobody, none: 0, short: 2, long: 7 }
  return new Uint8Array(lengths[successor]).fill(fillings[successor])
}

function someone(position: number): Signer {
  return SIGNERS[position] ?? A
}

/** Who asks: an invitation is mostly claimed by one of those who come and go. */
function signerOf(s: Step): Signer {
  const isUsual = s.kind === 'claimInvitation' && s.signer === 0
  return someone(isUsual ? 1 + ((s.targets[0] ?? 0) % 2) : s.signer)
}

function contextAt(position: number): ContextId {
  return CONTEXTS[position] ?? FIRST
}

/** The context that a step is about: a creation makes one that is not there from the start. */
function placeOf(s: Step): number {
  return s.kind === 'createContext' ? s.application + 1 : s.context
}

/** A contract's domain that is not quite ours. */
function elsewhere(ours: Domain, wrong: Step['domain']): Domain {
  const other = (bytes: Uint8Array): Uint8Array =>
    bytes.map((byte, at) => (at === 0 ? byte ^ 1 : byte))
  if (wrong === 'chain') return { ...ours, chain: 1 }
  if (wrong === 'network') return { ...ours, network: other(ours.network) }
  if (wrong === 'contract') return { ...ours, contract: other(ours.contract) }
  return ours
}

/** Group that a step is about, as far as the model knows. */
function groupOf(pair: Pair, s: Step, subject: Uint8Array): GroupId {
  if (s.kind === 'createContext') return ownGroup(FIRST)
  const context = pair.state.get('contexts', headerKey(GroupId.from(subject)))
  return s.kind === 'updateApplication' && context !== undefined
    ? context.group
    : GroupId.from(subject)
}

async function operationOf(pair: Pair, s: Step, group: GroupId): Promise<Operation> {
  const ids = s.targets.map((position) => someone(position).publicKey)
  const changes = ids.map((identity) => ({ identity, capabilities: s.bits }))
  const { kind } = s
  switch (kind) {
    case 'createContext':
      return {
        ...creation(placeOf(s) + 1, s.inGroup ? ownGroup(FIRST) : undefined),
        options: { approvers: s.approvers },
        application: application(s.application),
      }
    case 'updateApplication':
      return { kind, application: application(s.application) }
    case 'addMembers':
    case 'setRole':
      return { kind, ids, role: s.role }
    case 'removeMembers':
      return { kind, ids, mayReturn: s.mayReturn }
    case 'grant':
    case 'revoke':
      return { kind, changes }
    case 'claimInvitation':
      return claimAt(pair, s, group)
    case 'revokeInvitation':
      return pair.revocation(
        termsAt(pair, s, group),
        s.invite.wrong === 'signer' ? B : someone(s.invite.inviter),
        s.invite.by,
      )
    case 'bumpNonce': {
      const record = pair.member(group, signerOf(s).publicKey)
      return { kind, to: (record?.nonce ?? 0n) + s.bump }
    }
    case 'setOptions':
      return { kind, options: { approvers: s.approvers } }
    case 'migrateTo':
      return { kind, contract: successorOf(pair, s) }
    case 'leave':
    case 'seal':
    case 'voidInvitations':
      return { kind }
  }
}

/** Terms of an invitation: those that were made before, which may have come to their end, or new ones. */
function termsAt(pair: Pair, s: Step, group: GroupId): InvitationTerms {
  const { nonce: inviteNonce, capabilities, maxUses, wrong, isKnown } = s.invite
  const inviter = someone(s.invite.inviter)
  const name = `${s.invite.inviter} ${inviteNonce}`
  const known = pair.tickets.get(name)
  if (isKnown && known !== undefined && wrong === 'no') return known
  const { joinedRevision, series } = standingOf(pair.state, group, inviter.publicKey, pair.now)
  const terms = pair.termsOf({
    ...{ inviter: inviter.publicKey, inviteNonce, capabilities, maxUses, role: s.role },
    notAfter: pair.now + s.invite.notAfter - 6n,
    group: wrong === 'group' ? GroupId.from(new Uint8Array(32)) : group,
    domain: elsewhere(pair.domain(), wrong === 'domain' ? 'contract' : 'ours'),
    ...{ membership: joinedRevision, series },
  })
  // who asks for what it may not, or for too late, asks once
  if (wrong === 'no' && terms.notAfter >= pair.now) pair.tickets.set(name, terms)
  return terms
}

async function claimAt(pair: Pair, s: Step, group: GroupId): Promise<Operation> {
  const { wrong, by } = s.invite
  const inviter = someone(s.invite.inviter)
  const terms = termsAt(pair, s, group)
  const claimant = wrong === 'claimant' ? UNBOUND.publicKey : signerOf(s).publicKey
  const claim = await pair.claim(terms, claimant, wrong === 'signer' ? B : inviter, by)
  if (wrong !== 'bytes') return claim
  return {
    ...claim,
    claimSignature: claim.claimSignature.map((byte, at) => (at === 40 ? byte ^ 4 : byte)),
  }
}

/** Makes of a step what it means now, and sends it to both. */
export async function take(pair: Pair, s: Step): Promise<Verdict> {
  pair.now += BigInt(s.seconds) + 1n
  const movesAt = pair.state.get('groups', headerKey(FIRST))?.migration?.movesAt ?? 0n
  if (s.isMoving && movesAt > pair.now) pair.now = movesAt - BigInt(s.seconds % 2)
  const isCreation = s.kind === 'createContext'
  const position = placeOf(s)
  const subject = contextAt(position)
  // whoever may create the context mostly does
  const signer = isCreation && s.signer === 0 ? (OWNERS[position] ?? A) : signerOf(s)
  const group = groupOf(pair, s, subject)
  const operation = await operationOf(pair, s, group)
  const held =
    isCreation && !s.inGroup ? 0n : standingOf(pair.state, group, signer.publicKey, pair.now).nonce
  const nonce = held + s.nonceShift
  const header = pair.state.get('groups', headerKey(group))
  const context = pair.state.get('contexts', headerKey(subject))
  const shifted = (seen: bigint | undefined, shift: bigint | undefined): bigint | undefined =>
    shift === undefined ? undefined : (seen ?? 0n) + shift
  const verdict = await pair.submit(
    {
      domain: elsewhere(pair.domain(), s.domain),
      subject,
      signer: signer.publicKey,
      nonce: nonce < 0n ? 0n : nonce,
      validUntil: pair.now + s.validFor,
      ifMembersRevision: shifted(header?.membersRevision, s.membersShift),
      ifApplicationRevision: shifted(context?.applicationRevision, s.applicationShift),
      operation,
    },
    {
      door: s.door,
      signWith: s.proof === 'foreign' ? (signer === B ? A : B) : signer,
      garbage: s.proof === 'garbage' ? s.garbage : undefined,
    },
  )
  for (const target of s.targets) await pair.compareStanding(group, someone(target).publicKey)
  if ('terms' in operation) await pair.compareInvitation(operation.terms)
  return verdict
}

/** Refusals that a sequence can meet. Limits of the bytes are another test's, and those of counts have their own. */
export const REFUSALS: readonly string[] = [
  ...['AlreadyMember', 'BadNonce', 'BadSignature', 'Barred', 'ContextExists', 'ContextIdMismatch'],
  ...['ContextNotFound', 'Expired', 'InvitationInvalid', 'InvitationRevoked', 'InvitationUsed'],
  ...['LastManager', 'LimitExceeded', 'Malformed', 'Moved', 'NotAMember', 'RevisionMismatch'],
  ...['RoleForbids', 'Sealed', 'TargetNotMember', 'Unauthorized', 'WeakKey', 'WrongDomain'],
]
