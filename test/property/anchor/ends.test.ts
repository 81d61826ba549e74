/** What the model does at the ends of its counters, which no sequence of requests gets to. */
import { expect } from 'chai'
import { envelopeCodec } from '../../../src/node/anchor/envelope.ts'
import {
  MAX_MEMBERS,
  MAX_MEMBERS_REVISION,
  MAX_RELEASES,
  MAX_SERIES,
} from '../../../src/node/anchor/limits.ts'
import { decide } from '../../../src/chains/local/model/groups/decide.ts'
import {
  type GroupState,
  headerKey,
  memberKey,
  type MemberState,
  MemoryState,
} from '../../../src/chains/local/model/groups/state.ts'
import { MemoryTables } from '../../../src/chains/local/model/tables.ts'
import { decidePackages } from '../../../src/chains/local/model/packages/decide.ts'
import {
  derivePackageId,
  packageEnvelopeCodec,
} from '../../../src/node/anchor/packages/envelope.ts'
import type { PackageOperation } from '../../../src/node/anchor/packages/operations.ts'
import { packageKey, type PackageTables } from '../../../src/chains/local/model/packages/state.ts'
import type { Domain, Operation } from '../../../src/node/anchor/operations.ts'
import { utf8 } from '../../../src/node/primitives/bytes.ts'
import { contextOf, creation, ownGroup, person } from '../../compliance/anchor-support.ts'
import { creationOf, NAME, publishing, yanking } from '../../compliance/package-support.ts'

const DOMAIN: Domain = { chain: 0, network: new Uint8Array(32), contract: utf8('test') }
const NOW = 1_800_000_000n
const CONTEXT = { domain: DOMAIN, now: NOW, keys: { isStrong: () => true, verify: () => true } }
const A = person('A')
const SUBJECT = contextOf(A)
const GROUP = ownGroup(SUBJECT)

/** A group of A's. */
class World {
  readonly state: MemoryState = new MemoryState()

  constructor() {
    this.send(creation(), 0n)
  }

  get header(): GroupState {
    const header = this.state.get('groups', headerKey(GROUP))
    if (header === undefined) throw new RangeError('expected a group')
    return header
  }

  get author(): MemberState {
    const member = this.state.get('members', memberKey(GROUP, A.publicKey))
    if (member === undefined) throw new RangeError('expected a member')
    return member
  }

  change(changes: Partial<GroupState>): void {
    const value = { ...this.header, ...changes }
    this.state.apply([{ table: 'groups', key: headerKey(GROUP), value }])
  }

  send(operation: Operation, nonce: bigint = this.author.nonce): string {
    const head = { domain: DOMAIN, subject: SUBJECT, signer: A.publicKey, validUntil: NOW + 60n }
    const envelope = envelopeCodec.encode({ ...head, nonce, operation })
    const decision = decide(this.state, { envelope, signature: new Uint8Array(64) }, CONTEXT)
    if (!decision.accepted) return decision.refusal.name
    this.state.apply(decision.effects)
    return 'accepted'
  }
}

function add(...names: readonly string[]): Operation {
  return { kind: 'addMembers', ids: names.map((name) => person(name).publicKey), role: 'writer' }
}

describe('anchor model at its ends', () => {
  it('takes as many members as there may be', () => {
    const world = new World()
    world.change({ count: MAX_MEMBERS - 2 })
    expect(world.send(add('B', 'C', 'D'))).to.equal('LimitExceeded')
    expect(world.send(add('B', 'C'))).to.equal('accepted')
    expect(world.header.count).to.equal(MAX_MEMBERS)
    expect(world.send(add('D'))).to.equal('LimitExceeded')
  })

  it('steps the revision of the members to its end', () => {
    const world = new World()
    world.change({ membersRevision: MAX_MEMBERS_REVISION - 1n })
    expect(world.send(add('B'))).to.equal('accepted')
    expect(world.header.membersRevision).to.equal(MAX_MEMBERS_REVISION)
    for (const operation of [
      add('C'),
      { kind: 'removeMembers', ids: [person('B').publicKey], mayReturn: true },
      { kind: 'setRole', ids: [person('B').publicKey], role: 'reader' },
    ] as const) {
      expect(world.send(operation), operation.kind).to.equal('LimitExceeded')
    }
  })

  it('voids invitations as often as there are series', () => {
    const world = new World()
    const value = { ...world.author, series: MAX_SERIES - 1 }
    world.state.apply([{ table: 'members', key: memberKey(GROUP, A.publicKey), value }])
    expect(world.send({ kind: 'voidInvitations' })).to.equal('accepted')
    expect(world.author.series).to.equal(MAX_SERIES)
    expect(world.send({ kind: 'voidInvitations' })).to.equal('LimitExceeded')
  })

  it('keeps nothing of the past of who is a member again', () => {
    const world = new World()
    const { publicKey } = person('B')
    const key = memberKey(GROUP, publicKey)
    const gone = { kind: 'removeMembers', ids: [publicKey], mayReturn: false } as const
    for (const [operation, isKept] of [
      [add('B'), false],
      [gone, true],
      [add('B'), false],
    ] as const) {
      expect(world.send(operation)).to.equal('accepted')
      expect(world.state.get('past', key) !== undefined).to.equal(isKept)
    }
  })

  it('publishes as many releases as there may be', () => {
    const state = new MemoryTables<PackageTables>()
    const subject = derivePackageId(A.publicKey, NAME)
    let nonce = 0n
    const send = (operation: PackageOperation): string => {
      const head = { domain: DOMAIN, subject, signer: A.publicKey, validUntil: NOW + 60n }
      const envelope = packageEnvelopeCodec.encode({ ...head, nonce, operation })
      const signed = { envelope, signature: new Uint8Array(64) }
      const decision = decidePackages(state, signed, CONTEXT)
      if (!decision.accepted) return decision.refusal.name
      state.apply(decision.effects)
      nonce++
      return 'accepted'
    }
    expect(send(creationOf())).to.equal('accepted')
    const value = state.get('packages', packageKey(subject))
    if (value === undefined) throw new RangeError('expected a package')
    const available = MAX_RELEASES - 1
    state.apply([{ table: 'packages', key: packageKey(subject), value: { ...value, available } }])
    expect(send(publishing('1.0.0'))).to.equal('accepted')
    expect(send(publishing('1.1.0'))).to.equal('LimitExceeded')
    // what is yanked makes room
    expect(send(yanking('1.0.0'))).to.equal('accepted')
    expect(send(publishing('1.1.0'))).to.equal('accepted')
  })
})
