import { expect } from 'chai'
import { CAPABILITIES } from '../../../src/node/anchor/anchor.ts'
import { decide, type Decision } from '../../../src/chains/local/model/groups/decide.ts'
import { MAX_MEMBERS, MAX_MEMBERS_REVISION } from '../../../src/node/anchor/limits.ts'
import { readMemberPage } from '../../../src/chains/local/model/groups/queries.ts'
import {
  headerKey,
  memberKey,
  MemoryState,
  slotKey,
  type Effect,
  type GroupState,
  type StateView,
} from '../../../src/chains/local/model/groups/state.ts'
import { DEFAULT_GROUP_OPTIONS, type Operation } from '../../../src/node/anchor/operations.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { utf8 } from '../../../src/node/primitives/bytes.ts'
import { GroupId, PublicKey } from '../../../src/node/primitives/ids.ts'
import { envelopeCodec, envelopeDigest } from '../../../src/node/anchor/envelope.ts'
import { person } from '../anchor-support.ts'

const a = person('A')
const group = GroupId.from(sha256(utf8('large group')))
const domain = { chain: 0, network: new Uint8Array(32), contract: utf8('local') }
const NOW = 1_800_000_000n
const KEYS = { isStrong: () => true, verify: () => true }

function identity(index: number): PublicKey {
  return index === 0 ? a.publicKey : PublicKey.from(sha256(utf8(`member ${index}`)))
}

/** A group of `count` members, the first of them the manager. */
function groupOf(count: number, changes: Partial<GroupState> = {}): MemoryState {
  const effects: Effect[] = []
  for (let slot = 0; slot < count; slot++) {
    const id = identity(slot)
    const capabilities = slot === 0 ? CAPABILITIES.manageMembers : 0
    const record = { slot, role: 'writer', capabilities, series: 0 } as const
    const value = { ...record, nonce: 5n, joinedRevision: 1n }
    effects.push({ table: 'members', key: memberKey(group, id), value })
    effects.push({ table: 'slots', key: slotKey(group, slot), value: id })
  }
  const header = {
    membersRevision: 9n,
    capabilitiesRevision: 1n,
    count,
    managers: 1,
    options: DEFAULT_GROUP_OPTIONS,
    sealed: false,
    migration: undefined,
    ...changes,
  }
  effects.push({ table: 'groups', key: headerKey(group), value: header })
  const state = new MemoryState()
  state.apply(effects)
  return state
}

/** The decision, and how many records it read and writes. */
function weigh(state: StateView, operation: Operation): { decision: Decision; cost: number } {
  let reads = 0
  const view: StateView = {
    get(table, key) {
      reads++
      return state.get(table, key)
    },
  }
  const fields = { domain, subject: group, signer: a.publicKey, nonce: 5n, validUntil: NOW }
  const envelope = envelopeCodec.encode({ ...fields, operation })
  const signed = { envelope, signature: a.sign(envelopeDigest(envelope)) }
  const decision = decide(view, signed, { domain, now: NOW, keys: KEYS })
  return { decision, cost: reads + (decision.accepted ? decision.effects.length : 0) }
}

function outcomeOf({ decision }: { decision: Decision }): string {
  return decision.accepted ? 'accepted' : decision.refusal.name
}

const newcomer = PublicKey.from(sha256(utf8('newcomer')))
const addition: Operation = { kind: 'addMembers', ids: [newcomer], role: 'writer' }

describe('anchor: model, cost', () => {
  it('[44] reads and writes as many records with 60 000 members as with a few', () => {
    const [small, large] = [groupOf(3), groupOf(60_000)]
    const operations: Operation[] = [
      addition,
      { kind: 'removeMembers', ids: [identity(1)], mayReturn: false },
      { kind: 'grant', changes: [{ identity: identity(1), capabilities: 2 }] },
      { kind: 'setRole', ids: [identity(1)], role: 'reader' },
    ]
    for (const operation of operations) {
      const before = weigh(small, operation)
      const after = weigh(large, operation)
      expect(outcomeOf(before)).to.equal('accepted')
      expect(outcomeOf(after)).to.equal('accepted')
      expect(after.cost).to.equal(before.cost)
      expect(after.cost).to.be.lessThan(20)
    }
  })

  it('fills the place of a removed member with the last one', () => {
    const state = groupOf(4)
    const removal = { kind: 'removeMembers', ids: [identity(1)], mayReturn: false } as const
    const { decision } = weigh(state, removal)
    if (!decision.accepted) throw new RangeError('expected an accepted operation')
    state.apply(decision.effects)
    const page = readMemberPage(state, group, 0, 100)
    expect(page?.items.map(({ identity: id }) => id)).to.deep.equal([0, 3, 2].map(identity))
  })

  it('takes the last member a group can have, and refuses one more', () => {
    // members are found by key, so those in between need not exist
    for (const [count, expected] of [
      [MAX_MEMBERS - 1, 'accepted'],
      [MAX_MEMBERS, 'LimitExceeded'],
    ] as const) {
      expect(outcomeOf(weigh(groupOf(1, { count }), addition))).to.equal(expected)
    }
  })

  it('takes the last revision a member list can have, and refuses one more', () => {
    for (const [membersRevision, expected] of [
      [MAX_MEMBERS_REVISION - 1n, 'accepted'],
      [MAX_MEMBERS_REVISION, 'LimitExceeded'],
    ] as const) {
      expect(outcomeOf(weigh(groupOf(2, { membersRevision }), addition))).to.equal(expected)
    }
  })
})
