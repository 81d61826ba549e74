import { expect } from 'chai'
import fc from 'fast-check'
import { CAPABILITIES, type Role } from '../../../src/node/anchor/anchor.ts'
import {
  claimDigest,
  deriveContextId,
  envelopeCodec,
  invitationDigest,
} from '../../../src/node/anchor/envelope.ts'
import {
  adoptContext,
  adoptGroup,
  type Adoption,
} from '../../../src/chains/local/model/groups/adoption.ts'
import { decide, type Decision } from '../../../src/chains/local/model/groups/decide.ts'
import {
  readContext,
  readGroup,
  readMemberPage,
} from '../../../src/chains/local/model/groups/queries.ts'
import type { KeyRules } from '../../../src/chains/local/model/request.ts'
import { headerKey, MemoryState, standingOf } from '../../../src/chains/local/model/groups/state.ts'
import { MAX_VALIDITY_SECONDS, MIGRATION_SECONDS } from '../../../src/node/anchor/limits.ts'
import type { Domain, InvitationTerms, Operation } from '../../../src/node/anchor/operations.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { equalBytes, fromHex, toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import { type ContextId, GroupId, PublicKey } from '../../../src/node/primitives/ids.ts'
import { application, creation, salt } from '../../compliance/anchor-support.ts'
import { Projection } from './projection.ts'
import { expectProjected } from './projected.ts'

const DOMAIN: Domain = { chain: 0, network: new Uint8Array(32), contract: utf8('test') }
/** The contract that groups move to. */
const NEXT: Domain = { ...DOMAIN, contract: utf8('next') }
const PEOPLE = Array.from({ length: 5 }, (_, index) => PublicKey.from(sha256(utf8(`p${index}`))))
const START = 1_800_000_000n

/** A signature of the tests: the hash of key and message, twice. Cheap, and still bound to both. */
function mark(key: Uint8Array, message: Uint8Array): Uint8Array {
  const half = sha256(key, message)
  return Uint8Array.of(...half, ...half)
}

/** What stands for the envelope's own signature, which is another test's matter. */
const UNSIGNED = new Uint8Array(64)

const KEYS: KeyRules = {
  isStrong: () => true,
  verify: (key, message, signature) =>
    signature === UNSIGNED || equalBytes(mark(key, message), signature),
}

/** The contract under test, with everything that is checked after each step. */
class World {
  state = new MemoryState()
  readonly projection = new Projection()
  readonly contexts: ContextId[] = []
  readonly used = new Set<string>()
  /** Envelopes that were accepted. */
  readonly bytes = new Set<string>()
  /** What was accepted of invitations, by their digest. */
  readonly tickets = new Map<string, { uses: number; isRevoked: boolean }>()
  now = START

  /** The group that steps are about: the first context's. */
  get group(): GroupId {
    return GroupId.from(deriveContextId(person(0), salt(0)))
  }

  /** Of the next operation, or of a claim. */
  nonceOf(who: PublicKey): bigint {
    return standingOf(this.state, this.group, who, this.now).nonce
  }

  submit(
    who: PublicKey,
    subject: ContextId | GroupId,
    operation: Operation,
    nonce: bigint,
  ): Decision {
    const fields = { domain: DOMAIN, subject, signer: who, nonce, validUntil: this.now + 60n }
    const envelope = envelopeCodec.encode({ ...fields, operation })
    const before = this.describe()
    const signed = { envelope, signature: UNSIGNED }
    const decision = decide(this.state, signed, { domain: DOMAIN, now: this.now, keys: KEYS })
    expect(this.describe(), 'decide changes nothing').to.deep.equal(before)
    if (decision.accepted) this.#commit(decision, envelope)
    return decision
  }

  /** Somebody sends everything again that was ever taken and still holds. */
  replay(): void {
    for (const bytes of this.bytes) {
      const signed = { envelope: fromHex(bytes), signature: UNSIGNED }
      const decision = decide(this.state, signed, { domain: DOMAIN, now: this.now, keys: KEYS })
      expect(decision.accepted, 'what was taken is not taken again').to.equal(false)
    }
  }

  /** Everything that can be asked, as plain values. */
  describe(): unknown {
    const group = readGroup(this.state, this.group)
    return {
      contexts: this.contexts.map((id) => readContext(this.state, id)),
      group,
      members: readMemberPage(this.state, this.group, 0, 100),
    }
  }

  /** The group and its contexts go over to the next contract, which this one is from now on. */
  move(seconds: bigint): void {
    const { contract } = NEXT
    const before = this.describe() as { group: object }
    const next = new MemoryState()
    const take = (): Adoption[] => {
      const context = { contract, predecessor: this.state, now: this.now }
      const group = adoptGroup(next, this.group, context)
      if (group.accepted) next.apply(group.effects)
      const contexts = this.contexts.map((id) => adoptContext(next, id, context))
      return [group, ...contexts]
    }
    this.now += seconds - 1n
    for (const early of take()) expect(early.accepted, 'a second early').to.equal(false)
    this.now++
    const adoptions = take()
    for (const adoption of adoptions) {
      if (!adoption.accepted) throw new RangeError(adoption.refusal.name)
      next.apply(adoption.effects)
      this.projection.apply(adoption.event)
    }
    for (const again of take()) expect(again.accepted, 'twice').to.equal(false)
    this.state = next
    const after = { ...before, group: { ...before.group, migration: undefined } }
    expect(this.describe(), 'as it was').to.deep.equal(after)
  }

  check(): void {
    const header = this.state.get('groups', headerKey(this.group))
    const page = readMemberPage(this.state, this.group, 0, 100)
    if (header === undefined || page === undefined) return
    const keys = page.items.map(({ identity }) => toHex(identity))
    expect(new Set(keys).size, 'every slot holds another member').to.equal(header.count)
    const managers = page.items.filter(
      ({ capabilities }) => (capabilities & CAPABILITIES.manageMembers) !== 0,
    )
    expect(managers.length, 'the count of managers').to.equal(header.managers)
    if (!header.sealed) expect(managers.length, 'somebody manages').to.be.greaterThan(0)
    for (const { role, capabilities } of page.items) {
      if (role === 'relay') expect(capabilities, 'a relay holds no capability').to.equal(0)
    }
    this.#checkProjection()
  }

  #commit(decision: Extract<Decision, { accepted: true }>, bytes: Uint8Array): void {
    const before = readGroup(this.state, this.group)
    const { envelope, effects, event } = decision
    this.state.apply(effects)
    if (envelope.operation.kind === 'createContext')
      this.contexts.push(envelope.subject as ContextId)
    if (event !== undefined) this.projection.apply(event)
    const after = readGroup(this.state, this.group)
    const movesAt = before?.migration?.movesAt
    expect(movesAt === undefined || this.now < movesAt, 'what moved does not change').to.equal(true)
    for (const revision of ['membersRevision', 'capabilitiesRevision'] as const) {
      const grown = (after?.[revision] ?? 1n) - (before?.[revision] ?? 1n)
      const counts = event !== undefined && event.revision === after?.[revision] && grown === 1n
      expect(grown === 0n || counts, `${revision} grows by 0 or 1 and says so`).to.equal(true)
    }
    expect(this.bytes.has(toHex(bytes)), 'no envelope is good twice').to.equal(false)
    this.bytes.add(toHex(bytes))
    const use = `${toHex(envelope.signer)} ${envelope.nonce}`
    // of who was gone for longer than an envelope holds nothing is kept
    const isForgotten = envelope.nonce === 0n
    expect(!isForgotten && this.used.has(use), 'no nonce is used twice').to.equal(false)
    this.used.add(use)
    if ('terms' in envelope.operation) this.#checkInvitation(envelope.operation)
  }

  /** An invitation is not used more often than it may be, nor after it was revoked, nor later than its inviter stands by it. */
  #checkInvitation(
    operation: Extract<Operation, { kind: 'claimInvitation' | 'revokeInvitation' }>,
  ): void {
    const { terms, kind } = operation
    const id = toHex(invitationDigest(terms))
    const known = this.tickets.get(id) ?? { uses: 0, isRevoked: false }
    expect(known.isRevoked, 'what was revoked is').to.equal(false)
    expect(known.uses, 'as often as it may be').to.be.lessThan(terms.maxUses)
    expect(this.now <= terms.notAfter, 'in time').to.equal(true)
    const uses = kind === 'claimInvitation' ? known.uses + 1 : known.uses
    this.tickets.set(id, { uses, isRevoked: kind === 'revokeInvitation' })
    const { joinedRevision, series } = standingOf(this.state, this.group, terms.inviter, this.now)
    expect([terms.membership, terms.series]).to.deep.equal([joinedRevision, series])
  }

  /** The event log tells as much as the stored records do (row 83). */
  #checkProjection(): void {
    const { state, contexts, now } = this
    const invitations = [...this.tickets.keys()]
    expectProjected(this.projection, {
      ...{ state, contexts, now, invitations, groups: [this.group], people: PEOPLE },
    })
  }
}

function person(index: number): PublicKey {
  return PEOPLE[index % PEOPLE.length] ?? PublicKey.from(new Uint8Array(32))
}

const who = fc.nat({ max: PEOPLE.length - 1 }).map(person)
const some = fc.uniqueArray(fc.nat({ max: PEOPLE.length - 1 }), { minLength: 1, maxLength: 3 })
const ids = some.map((indexes) => indexes.map(person))
const role: fc.Arbitrary<Role> = fc.constantFrom('writer', 'reader', 'relay')
const bits = fc.integer({ min: 1, max: 31 })
const changes = fc
  .tuple(ids, bits)
  .map(([list, capabilities]) => list.map((identity) => ({ identity, capabilities })))

/** What is asked for, given the world as it is. */
type Plan = (world: World, signer: PublicKey) => Operation

const simple: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('addMembers' as const), ids, role }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('removeMembers' as const),
      ids,
      mayReturn: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('grant' as const), changes }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('revoke' as const), changes }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('setRole' as const), ids, role }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const) }) },
  {
    weight: 1,
    arbitrary: fc
      .nat({ max: 3 })
      .map((n) => ({ kind: 'updateApplication' as const, application: application(n) })),
  },
)

/** An invitation and its inviter's word. The same of everything is the same invitation, until its inviter's standing is another. */
const ticket = fc
  .record({
    inviter: fc.oneof(
      { weight: 3, arbitrary: fc.constant(person(0)) },
      { weight: 2, arbitrary: who },
    ),
    role: fc.constantFrom<Role>('writer', 'writer', 'reader', 'relay'),
    capabilities: fc.constantFrom(0, 0, 2, 31),
    nonce: fc.nat({ max: 3 }),
    seconds: fc.constantFrom(20n, 50n),
    // now and then one of an earlier membership or series
    isOld: fc.nat({ max: 9 }).map((n) => n === 0),
  })
  .map(({ inviter, nonce, seconds, isOld, ...given }) => (world: World) => {
    const standing = standingOf(world.state, world.group, inviter, world.now)
    const terms: InvitationTerms = {
      domain: DOMAIN,
      group: world.group,
      inviter,
      claimKey: person(4),
      notAfter: START + seconds,
      maxUses: nonce,
      inviteNonce: BigInt(nonce),
      membership: isOld ? 1n : standing.joinedRevision,
      series: isOld ? 0 : standing.series,
      ...given,
    }
    return { terms, inviterSignature: mark(inviter, invitationDigest(terms)) }
  })

const claiming = ticket.map((make): Plan => (world, signer) => {
  const given = make(world)
  const { terms } = given
  const claimSignature = mark(terms.claimKey, claimDigest(terms, signer))
  return { kind: 'claimInvitation', ...given, claimSignature }
})

const plan: fc.Arbitrary<Plan> = fc.oneof(
  {
    weight: 12,
    arbitrary: simple.map(
      (operation): Plan =>
        () =>
          operation,
    ),
  },
  { weight: 6, arbitrary: claiming },
  {
    weight: 2,
    arbitrary: fc
      .bigInt({ min: -1n, max: (1n << 32n) + 2n })
      .map((more): Plan => (world, signer) => ({
        kind: 'bumpNonce',
        to: world.nonceOf(signer) + more + 1n,
      })),
  },
  {
    weight: 2,
    arbitrary: ticket.map((make): Plan => (world) => ({
      kind: 'revokeInvitation',
      ...make(world),
    })),
  },
  { weight: 1, arbitrary: fc.constant<Plan>(() => ({ kind: 'voidInvitations' })) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(NEXT.contract, new Uint8Array(0))
      .map((contract): Plan => () => ({ kind: 'migrateTo', contract })),
  },
)

const step = fc.record({
  signer: fc.oneof({ weight: 3, arbitrary: fc.constant(person(0)) }, { weight: 2, arbitrary: who }),
  plan,
  // now and then an old, future or foreign nonce
  nonceShift: fc.oneof(
    { weight: 9, arbitrary: fc.constant(0n) },
    { weight: 1, arbitrary: fc.constantFrom(-1n, 1n, 1n << 32n) },
  ),
  // now and then longer than an envelope holds, and what is kept of who left
  seconds: fc.oneof(
    { weight: 30, arbitrary: fc.nat({ max: 3 }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(Number(MAX_VALIDITY_SECONDS) + 1, Number(MIGRATION_SECONDS) - 1),
    },
  ),
  /** Sent again, by whoever has seen it. */
  isReplayed: fc.nat({ max: 7 }).map((n) => n === 0),
})

describe('anchor model', () => {
  it('makes other ids in a contract that takes groups over', () => {
    const [author, own] = [person(0), NEXT.contract]
    const outcome = (subject: ContextId, hasPredecessor: boolean): unknown => {
      const fields = { domain: NEXT, subject, signer: author, nonce: 0n, validUntil: START }
      const envelope = envelopeCodec.encode({ ...fields, operation: creation(0) })
      const contract = { domain: NEXT, now: START, keys: KEYS, hasPredecessor }
      const decision = decide(new MemoryState(), { envelope, signature: UNSIGNED }, contract)
      return decision.accepted || decision.refusal.name
    }
    const [first, other] = [deriveContextId(author, salt(0)), deriveContextId(author, salt(0), own)]
    expect([outcome(first, false), outcome(other, true)]).to.deep.equal([true, true])
    expect([outcome(first, true), outcome(other, false)]).to.deep.equal([
      ...['ContextIdMismatch', 'ContextIdMismatch'],
    ])
  })

  it('hands a group over as it is, to the contract that it moves to, at its second', () => {
    const steps = fc.array(step, { minLength: 5, maxLength: 20 })
    fc.assert(
      fc.property(steps, (list) => {
        const world = new World()
        const first = deriveContextId(person(0), salt(0))
        world.submit(person(0), first, creation(0), 0n)
        for (const { signer, plan: make } of list) {
          world.now++
          world.submit(signer, world.group, make(world, signer), world.nonceOf(signer))
        }
        const moving: Operation = { kind: 'migrateTo', contract: NEXT.contract }
        const { accepted } = world.submit(person(0), first, moving, world.nonceOf(person(0)))
        if (!accepted) return // the author lost what it takes
        world.move(MIGRATION_SECONDS)
        world.check()
      }),
    )
  })

  it('keeps its promises whatever is sent to it', () => {
    const steps = fc.array(step, { minLength: 5, maxLength: 40 })
    let accepted = 0
    let sent = 0
    fc.assert(
      fc.property(steps, fc.boolean(), (list, isSealed) => {
        const world = new World()
        const first = deriveContextId(person(0), salt(0))
        expect(world.submit(person(0), first, creation(0), 0n).accepted).to.equal(true)
        world.check()
        for (const { signer, plan: make, nonceShift, seconds, isReplayed } of list) {
          world.now += BigInt(seconds)
          const operation = make(world, signer)
          const nonce = world.nonceOf(signer) + nonceShift
          const decision = world.submit(signer, world.group, operation, nonce < 0n ? 0n : nonce)
          sent++
          if (decision.accepted) accepted++
          if (isReplayed) world.replay()
          world.check()
        }
        if (!isSealed) return
        world.submit(person(0), world.group, { kind: 'seal' }, world.nonceOf(person(0)))
        world.check()
      }),
    )
    expect(accepted / sent, 'many steps are accepted').to.be.greaterThan(0.15)
  })
})
