import { expect } from 'chai'
import type { Anchor, MemberRecord, Role } from '../../../src/node/anchor/anchor.ts'
import { Groups } from '../../../src/node/context/groups/groups.ts'
import type { Group } from '../../../src/node/context/groups/group.ts'
import { type IdentityPool, identityPool } from '../../../src/node/context/groups/identities.ts'
import {
  MAX_FALSE_GRANTS,
  MAX_UNEXPLAINED_EPOCHS,
  ROTATION_RETRY_MIN_MS,
  ROTATION_STEP_MS,
  ROTATION_TAKEOVER_MS,
} from '../../../src/node/context/limits.ts'
import { atRest } from '../../../src/node/crypto/at-rest.ts'
import type { SigningKey } from '../../../src/node/crypto/sign.ts'
import { compareBytes } from '../../../src/node/primitives/bytes.ts'
import { GroupId } from '../../../src/node/primitives/ids.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { globals } from '../../../src/node/store/repositories/globals.ts'
import { groupRows } from '../../../src/node/store/repositories/groups.ts'
import type { KeyGrant } from '../../../src/node/sync/replica.ts'
import { bytesOf, keyOf } from '../../support/craft-delta.ts'
import { type FailingStore, failingStore } from '../../support/failing-store.ts'
import { type HandClock, handClock, seededRandom } from '../../support/hand-clock.ts'
import { memoryStore } from '../../support/memory-store.ts'

const GROUP = GroupId.from(bytesOf('group'))
const [a, b, c, d, gone] = [keyOf('a'), keyOf('b'), keyOf('c'), keyOf('d'), keyOf('gone')].sort(
  (x, y) => compareBytes(x.publicKey, y.publicKey),
) as [SigningKey, SigningKey, SigningKey, SigningKey, SigningKey] // five

/** A member list that every node of a test reads, unless it is cut off. */
class Members {
  #members: readonly MemberRecord[] = []
  #revision = 0n
  readonly cutOff = new Set<string>()

  /** One change at the anchor. Who is in the list before and after keeps its record, unless its role changed. */
  now(...roles: readonly (readonly [SigningKey, Role])[]): void {
    this.#revision++
    this.#members = roles.map(([key, role]) => {
      const known = this.#members.find(({ identity }) => identity === key.publicKey)
      const joinedRevision = known?.joinedRevision ?? this.#revision
      return { identity: key.publicKey, role, capabilities: 0, nonce: 0n, joinedRevision }
    })
  }

  writers(...keys: readonly SigningKey[]): void {
    this.now(...keys.map((key) => [key, 'writer'] as const))
  }

  anchor(name: string): Anchor {
    const evidence = { height: 1n, finality: 'final', certified: false } as const
    const read = async (): Promise<unknown> => {
      if (this.cutOff.has(name)) throw new TypeError('cut off')
      return { value: { revision: this.#revision, members: this.#members }, evidence }
    }
    const anchor = { protocol: 'stub', readMembers: read, readGroup: async () => undefined }
    return anchor as unknown as Anchor // groups ask for nothing else
  }
}

interface GroupNode {
  readonly key: SigningKey
  readonly groups: Groups
  readonly group: Group
  readonly store: FailingStore
  readonly made: string[]
  refresh(): Promise<void>
  /** What this node would give to another. */
  grants(to: GroupNode, epochs?: readonly number[]): KeyGrant[]
  /** Work in the background is done. */
  idle(): Promise<void>
  /** The same database as another process would find it. */
  restart(): Promise<GroupNode>
}

async function nodeOf(
  name: string,
  key: SigningKey,
  world: { readonly members: Members; readonly clock: HandClock },
  store = failingStore(memoryStore()),
): Promise<GroupNode> {
  const { members, clock } = world
  const rows = groupRows(store)
  const random = seededRandom(name + String(store.batches))
  const secrets = atRest(bytesOf(name), random)
  const identities: IdentityPool = identityPool({ store, rows, atRest: secrets, random })
  if (store.batches === 0) {
    const row = { sealed: secrets.seal(key.seed), group: GROUP }
    await store.batch([rows.putIdentity(key.publicKey, row)])
  }
  await identities.load()
  const work = new Set<Promise<void>>()
  const made: string[] = []
  const groups = new Groups({
    anchors: new Map([['stub', members.anchor(name)]]),
    store,
    rows,
    identities,
    globals: globals(store),
    atRest: secrets,
    clock,
    random,
    logger: silentLogger,
    metrics: { rotation: (status) => made.push(status), view: () => {} },
    background: (promise) => void work.add(promise),
  })
  await groups.load()
  const group = await groups.ensure(GROUP, 'stub')
  const idle = async (): Promise<void> => {
    for (const promise of work) await promise
  }
  await idle()
  return {
    key,
    groups,
    group,
    store,
    made,
    idle,
    grants: (to, epochs = []) =>
      group.roleOf(to.key.publicKey) === undefined
        ? []
        : group.keyring.grant(to.key.publicKey, epochs, key, group.view),
    async refresh() {
      await group.refresh()
      await idle()
    },
    restart() {
      groups.stop()
      return nodeOf(name, key, world, store)
    },
  }
}

async function give(
  from: GroupNode,
  to: GroupNode,
  epochs?: readonly number[],
  asked?: readonly number[],
): Promise<void> {
  await to.groups.acceptKeys(to.group, from.grants(to, epochs), asked)
  await to.idle()
}

const epochs = ({ group }: GroupNode): readonly number[] => group.keyring.epochs
const sealsUnder = ({ group }: GroupNode): number | undefined =>
  group.keyring.sealing(GROUP, bytesOf('author'), group.sealFrom)?.epoch

/** Nodes of these members, with one epoch, and one more member. */
async function world(...keys: readonly SigningKey[]): Promise<{
  members: Members
  clock: HandClock
  nodes: GroupNode[]
}> {
  const [members, clock] = [new Members(), handClock()]
  members.writers(...keys, gone)
  const nodes: GroupNode[] = []
  for (const [i, key] of keys.entries()) {
    const node = await nodeOf(`node ${i}`, key, { members, clock })
    await node.refresh()
    const [first] = nodes
    if (first === undefined) await node.groups.firstKey(node.group)
    else await give(first, node)
    nodes.push(node)
    expect([sealsUnder(node), node.group.isRotating]).to.deep.equal([0, false])
  }
  return { members, clock, nodes }
}

describe('the key epoch after a departure', () => {
  it('is made at once by the writer with the smallest key', async () => {
    const { members, nodes } = await world(a, b)
    const [first, second] = nodes as [GroupNode, GroupNode]
    members.writers(a, b)
    await second.refresh()
    expect([second.group.isRotating, epochs(second)]).to.deep.equal([true, [0]])
    await first.refresh()
    expect([sealsUnder(first), first.made]).to.deep.equal([1, ['made']])
    await give(first, second)
    expect([sealsUnder(second), second.group.isRotating]).to.deep.equal([1, false])
    expect(second.groups.rotation(second.group)).to.equal(undefined)
  })

  it('is made by another one that restarts meanwhile, when the elected one does not', async () => {
    const { members, clock, nodes } = await world(a, b)
    const second = nodes[1] as GroupNode // two
    members.writers(a, b)
    await second.refresh()
    clock.advance(ROTATION_TAKEOVER_MS - 1)
    const again = await second.restart()
    expect(again.group.isRotating).to.equal(true)
    const since = again.groups.rotation(again.group)
    expect(since).to.deep.equal({ sinceMs: clock.nowMs() - ROTATION_TAKEOVER_MS + 1, tries: 0 })
    clock.advance(ROTATION_TAKEOVER_MS + ROTATION_STEP_MS)
    await again.idle()
    expect(sealsUnder(again)).to.equal(1)
    clock.advance(ROTATION_TAKEOVER_MS * 10)
    await again.idle()
    expect(epochs(again)).to.deep.equal([0, 1])
  })

  it('is made at the start by the elected one that stopped between the news and the key', async () => {
    const { members, nodes } = await world(a)
    const first = nodes[0] as GroupNode // one
    members.writers(a)
    first.store.failAt = 2 // the first is that of the member list
    await first.refresh()
    expect([first.group.isRotating, first.made]).to.deep.equal([true, ['failed']])
    const again = await first.restart()
    expect(sealsUnder(again)).to.equal(1)
  })

  it('is tried again when it could not be stored', async () => {
    const { members, clock, nodes } = await world(a)
    const first = nodes[0] as GroupNode // one
    members.writers(a)
    first.store.failAt = 2
    await first.refresh()
    expect(first.groups.rotation(first.group)?.tries).to.equal(1)
    first.store.failAt = 1
    clock.advance(ROTATION_RETRY_MIN_MS)
    await first.idle()
    expect(first.groups.rotation(first.group)?.tries).to.equal(2)
    clock.advance(2 * ROTATION_RETRY_MIN_MS)
    await first.idle()
    expect(first.made).to.deep.equal(['failed', 'failed', 'made'])
    expect([sealsUnder(first), first.groups.rotation(first.group)]).to.deep.equal([1, undefined])
  })

  it('is not put off by more departures, and covers them', async () => {
    const { members, clock, nodes } = await world(a, b, c)
    const second = nodes[1] as GroupNode // three
    members.writers(a, b, c)
    await second.refresh()
    clock.advance(ROTATION_TAKEOVER_MS)
    members.writers(a, b)
    await second.refresh()
    clock.advance(ROTATION_STEP_MS)
    await second.idle()
    expect([sealsUnder(second), second.made]).to.deep.equal([1, ['made']])
  })

  it('is made by one after the other, so that a key is there before the next is made', async () => {
    const { members, clock, nodes } = await world(a, b, c, d)
    members.writers(a, b, c, d)
    const others = nodes.slice(1)
    for (const node of others) await node.refresh()
    clock.advance(ROTATION_TAKEOVER_MS + ROTATION_STEP_MS)
    for (const node of others) await node.idle()
    expect(others.map(({ made }) => made.length)).to.deep.equal([1, 0, 0])
    for (const node of others.slice(1)) await give(others[0] as GroupNode, node) // three
    clock.advance(ROTATION_TAKEOVER_MS)
    for (const node of others) await node.idle()
    expect(others.map(({ made }) => made.length)).to.deep.equal([1, 0, 0])
  })

  it('is one of two that members made who were cut off from each other: both seal under one in the end', async () => {
    const { members, clock, nodes } = await world(a, b)
    const [first, second] = nodes as [GroupNode, GroupNode]
    members.writers(a, b)
    await first.refresh()
    await second.refresh()
    clock.advance(ROTATION_TAKEOVER_MS + ROTATION_STEP_MS)
    await second.idle()
    await give(first, second)
    await give(second, first)
    const keys = [first, second].map(({ group }) =>
      group.keyring.sealing(GROUP, a.publicKey, group.sealFrom)?.key.export().toString('hex'),
    )
    expect(keys[0]).to.equal(keys[1])
    expect([epochs(first), epochs(second)]).to.deep.equal([
      [0, 1],
      [0, 1],
    ])
  })

  const departures: Readonly<Record<string, (members: Members) => void>> = {
    'was removed': (members) => members.writers(a, b),
    'became a relay': (members) => members.now([a, 'writer'], [b, 'writer'], [gone, 'relay']),
    'was removed and taken back before we looked': (members) => {
      members.writers(a, b)
      members.writers(a, b, gone)
    },
    'came and went before we looked': (members) => {
      members.writers(a, b, gone, c)
      members.writers(a, b, gone)
    },
    'came, and became a relay before we looked': (members) => {
      members.writers(a, b, gone, c)
      members.now([a, 'writer'], [b, 'writer'], [gone, 'writer'], [c, 'relay'])
    },
  }
  for (const [what, happen] of Object.entries(departures)) {
    it(`is made when somebody ${what}`, async () => {
      const { members, nodes } = await world(a, b)
      const first = nodes[0] as GroupNode // two
      happen(members)
      await first.refresh()
      expect([sealsUnder(first), first.made]).to.deep.equal([1, ['made']])
    })
  }

  const others: Readonly<Record<string, (members: Members) => void>> = {
    came: (members) => members.writers(a, b, gone, c),
    'came one after the other before we looked': (members) => {
      members.writers(a, b, gone, c)
      members.writers(a, b, gone, c, d)
    },
    'became a reader': (members) => members.now([a, 'writer'], [b, 'reader'], [gone, 'writer']),
  }
  for (const [what, happen] of Object.entries(others)) {
    it(`is not made when members ${what}`, async () => {
      const { members, nodes } = await world(a, b)
      const first = nodes[0] as GroupNode // two
      happen(members)
      await first.refresh()
      expect([sealsUnder(first), first.group.isRotating]).to.deep.equal([0, false])
    })
  }
})

describe('keys that are given', () => {
  it('by one that may not make any are taken when they were asked for; they open, and do nothing else', async () => {
    const { members, clock, nodes } = await world(a, b)
    const [first, second] = nodes as [GroupNode, GroupNode]
    members.now([a, 'writer'], [b, 'reader'])
    await first.refresh()
    await second.refresh()
    await give(first, second)
    expect(sealsUnder(second)).to.equal(1)
    members.now([a, 'writer'], [b, 'reader'], [c, 'writer'])
    const third = await nodeOf('third', c, { members, clock })
    await third.refresh()
    await second.refresh()
    await give(second, third)
    expect(epochs(third)).to.deep.equal([])
    await give(second, third, [], [1])
    expect(epochs(third)).to.deep.equal([1])
    await give(second, third, [], [0, 1])
    expect([epochs(third), sealsUnder(third)]).to.deep.equal([[0, 1], undefined])
    // it gives them on as what they are
    await first.refresh()
    members.now([a, 'writer'], [b, 'reader'], [c, 'writer'], [d, 'writer'])
    await third.refresh()
    const fourth = await nodeOf('fourth', d, { members, clock })
    await fourth.refresh()
    await give(third, fourth)
    expect([epochs(fourth), sealsUnder(fourth)]).to.deep.equal([[0, 1], undefined])
    await give(first, third)
    expect(sealsUnder(third)).to.equal(1)
  })

  it('by one that has gone since reach others, once we know of the departure they were made for', async () => {
    const { members, clock, nodes } = await world(a, b, c)
    const [first, second] = nodes as [GroupNode, GroupNode]
    members.writers(a, b, c)
    members.cutOff.add('node 1')
    await first.refresh()
    await give(first, second) // made for what the second has not seen
    members.cutOff.clear()
    members.writers(b, c)
    await second.refresh()
    const late = await nodeOf('node 2', c, { members, clock }, (nodes[2] as GroupNode).store)
    await late.refresh()
    await give(second, late)
    expect(epochs(late)).to.include(1)
  })

  it('because of a departure that we have not heard of are not given on, least of all to who has gone', async () => {
    const { members, clock, nodes } = await world(a, b)
    const [first, second] = nodes as [GroupNode, GroupNode]
    const lost = await nodeOf('gone', gone, { members, clock })
    await lost.refresh()
    await give(first, lost)
    members.writers(a, b)
    members.cutOff.add('node 1')
    await first.refresh()
    await give(first, second)
    expect(epochs(second)).to.deep.equal([0, 1])
    expect(second.group.roleOf(gone.publicKey)).to.equal('writer')
    await give(second, lost)
    expect(epochs(lost)).to.deep.equal([0])
    expect(second.group.keyring.wanted).to.deep.equal([1])
    // and once it has heard
    members.cutOff.clear()
    await second.refresh()
    expect([second.group.isRotating, sealsUnder(second)]).to.deep.equal([true, undefined])
    expect(second.group.keyring.doubtful).to.include(1)
    await give(first, second, [1])
    expect([second.group.isRotating, sealsUnder(second)]).to.deep.equal([false, 1])
    expect(second.grants(lost)).to.deep.equal([])
    await give(second, lost)
    expect(epochs(lost)).to.deep.equal([0])
  })

  it('of epochs that no change of the members explains are not kept, whoever gives them', async () => {
    const { nodes } = await world(a, b)
    const [first, second] = nodes as [GroupNode, GroupNode]
    const last = Number(first.group.membersRevision) + MAX_UNEXPLAINED_EPOCHS
    const madeAtOnce = { madeAt: 1n, coversTo: 1n }
    for (const epoch of [last, last + 1]) {
      first.group.keyring.remember(epoch, bytesOf(`invented ${epoch}`), madeAtOnce)
    }
    await give(first, second)
    expect(epochs(second)).to.deep.equal([0, last])
  })

  it('are stored together, and those that are for nobody here are looked at a few at a time', async () => {
    const { nodes } = await world(a, b)
    const [first, second] = nodes as [GroupNode, GroupNode]
    for (let epoch = 1; epoch < 12; epoch++) {
      first.group.keyring.remember(epoch, bytesOf(`epoch ${epoch}`), { madeAt: 1n, coversTo: 1n })
    }
    const grants = first.grants(second)
    const before = second.store.batches
    const forged = grants.map((grant) => ({ ...grant, signature: new Uint8Array(64) }))
    expect(await second.groups.acceptKeys(second.group, forged)).to.deep.equal({
      ...{ accepted: 0, looked: MAX_FALSE_GRANTS, refused: MAX_FALSE_GRANTS },
    })
    expect(await second.groups.acceptKeys(second.group, grants)).to.deep.equal({
      ...{ accepted: 11, looked: 12, refused: 0 },
    })
    expect(second.store.batches - before).to.equal(1)
  })

  it('make us look at the member list first', async () => {
    const { members, clock, nodes } = await world(a, b)
    const [first, second] = nodes as [GroupNode, GroupNode]
    members.writers(a, b)
    await first.refresh()
    clock.advance(60_000)
    await give(first, second)
    expect(second.group.roleOf(gone.publicKey)).to.equal(undefined)
    expect([sealsUnder(second), second.group.keyring.wanted]).to.deep.equal([1, []])
  })

  it('to one that just joined must cover all it has not seen, or it makes its own in the end', async () => {
    const { members, clock, nodes } = await world(a)
    const first = nodes[0] as GroupNode // one
    members.writers(a, gone, b)
    members.writers(a, b)
    const second = await nodeOf('second', b, { members, clock })
    await second.refresh()
    // the giver's word is from before the removal
    const stale = first.group.keyring.grant(b.publicKey, [], a, { from: 1n, to: 2n })
    await second.groups.acceptKeys(second.group, stale)
    expect([epochs(second), second.group.isRotating]).to.deep.equal([[0], true])
    // no departure that anybody saw: the others are asked first
    expect(second.group.rotatingSinceMs).to.equal(undefined)
    clock.advance(ROTATION_TAKEOVER_MS + ROTATION_STEP_MS)
    await second.idle()
    expect(sealsUnder(second)).to.equal(1)
  })

  it('from who has watched without a break cover what it has seen', async () => {
    const { members, clock, nodes } = await world(a)
    const first = nodes[0] as GroupNode // one
    members.writers(a, gone, b)
    await first.refresh()
    members.writers(a, gone, b, c)
    await first.refresh()
    const second = await nodeOf('second', b, { members, clock })
    await second.refresh()
    await give(first, second)
    expect([epochs(second), sealsUnder(second)]).to.deep.equal([[0], 0])
  })

  it('by who has gone since do not cover its going, whatever it said of them', async () => {
    const { members, nodes } = await world(a, b)
    const [first, second] = nodes as [GroupNode, GroupNode]
    const lie = { from: 0n, to: 1n << 60n }
    const grants = first.group.keyring.grant(b.publicKey, [], a, lie)
    await second.groups.acceptKeys(second.group, grants)
    members.writers(b, gone)
    await second.refresh()
    expect(second.made).to.deep.equal(['made'])
    expect(sealsUnder(second)).to.equal(1)
  })
})
