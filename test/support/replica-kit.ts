/** One context replica over a real store, with a stub model, a clock that is set by hand and an anchor that says what it is told. */
import type { Anchor, MemberRecord, Role } from '../../src/node/anchor/anchor.ts'
import { Group } from '../../src/node/context/groups/group.ts'
import { type IdentityPool, identityPool } from '../../src/node/context/groups/identities.ts'
import { NO_MOVE } from '../../src/node/context/groups/move.ts'
import { Keyring } from '../../src/node/context/groups/keyring.ts'
import type { LocalResult } from '../../src/node/context/replica/calls.ts'
import { ContextReplica } from '../../src/node/context/replica/replica.ts'
import type { ContextMetrics } from '../../src/node/context/metrics.ts'
import { Scratch } from '../../src/node/context/scratch.ts'
import { ContextState } from '../../src/node/context/replica/state.ts'
import { atRest } from '../../src/node/crypto/at-rest.ts'
import type { SigningKey } from '../../src/node/crypto/sign.ts'
import type { StateMutation } from '../../src/node/interface.ts'
import { equalBytes, utf8 } from '../../src/node/primitives/bytes.ts'
import { GroupId, type PublicKey } from '../../src/node/primitives/ids.ts'
import { type Logger, silentLogger } from '../../src/node/primitives/logger.ts'
import { NodeClock } from '../../src/node/primitives/node-clock.ts'
import type { ModuleInfo } from '../../src/node/runtime/engine.ts'
import { contextRows } from '../../src/node/store/repositories/contexts.ts'
import { type DeltaRows, deltaRows } from '../../src/node/store/repositories/deltas.ts'
import { type EventRows, eventRows } from '../../src/node/store/repositories/events.ts'
import { type GroupRow, groupRows } from '../../src/node/store/repositories/groups.ts'
import { APPLICATION, bytesOf, CONTEXT } from './craft-delta.ts'
import { type FailingStore, failingStore } from './failing-store.ts'
import { type HandClock, handClock, seededRandom } from './hand-clock.ts'
import { memoryStore } from './memory-store.ts'
import { addKey, epochKey } from './test-keyring.ts'
import { type StubModel, stubModel } from './stub-model.ts'

export const GROUP: GroupId = GroupId.from(bytesOf('group'))
/** Local numbers of the group and the context. */
export const GROUP_NUMBER = 1
export const CONTEXT_NUMBER = 2

const SECRETS = atRest(bytesOf('node seed'), seededRandom('at rest'))
export const MODULE: ModuleInfo = {
  hash: bytesOf('module'),
  size: 1,
  generation: 'G2',
  era: 'opaque',
  convergence: 'converges',
  warnings: [],
  methods: ['init'],
  imports: [],
}

/** A member as the tests write it. */
export type Party = readonly [SigningKey, Role]

export interface KitInit {
  /** Keys of this node. */
  readonly own: readonly SigningKey[]
  /** What the anchor and the node's own view say at first. */
  readonly members: readonly Party[]
  /** Epochs whose keys this node holds. @default [0] */
  readonly epochs?: readonly number[]
  readonly store?: FailingStore
  readonly clock?: HandClock
  /** @default says nothing */
  readonly logger?: Logger
}

/** A keyring of the test group that holds some epochs. */
export function testKeyring(epochs: readonly number[] = [0]): Keyring {
  const rows = groupRows(memoryStore())
  const components = { rows, atRest: SECRETS, random: seededRandom('boxes') }
  const keyring = new Keyring(GROUP, GROUP_NUMBER, components, [])
  for (const epoch of epochs) addKey(keyring, epoch, epochKey(epoch))
  return keyring
}

/** Counts of what the replica reports. */
export interface Tally {
  applied: number
  rejected: number
  refused: number
  mismatches: number
  forks: number
  /** Deltas made here to join heads. */
  merges: number
  handled: string[]
}

/** What the stub anchor says, and how often it was asked. */
export interface StubAnchor extends Anchor {
  reads: number
  say(members: readonly Party[]): void
}

export interface ReplicaKit {
  readonly replica: ContextReplica
  readonly group: Group
  readonly store: FailingStore
  readonly clock: HandClock
  readonly model: StubModel
  readonly anchor: StubAnchor
  readonly identities: IdentityPool
  /** What the node makes of that clock. */
  readonly time: NodeClock
  readonly deltas: DeltaRows
  readonly eventRows: EventRows
  readonly tally: Tally
  readonly metrics: ContextMetrics
  readonly mutations: readonly StateMutation[]
  /** Ids asked of peers, and epochs. */
  readonly wanted: { readonly deltas: Uint8Array[]; readonly keys: number[] }
  /** Whether the application is here. */
  moduleHere: boolean
  /** Members that are connected, by key. */
  online: readonly SigningKey[]
  /** Whether members are asked for deltas. */
  isFetching: boolean
  /** The items stored. */
  items(): Promise<string[]>
  call(
    method: string,
    input: string,
    executor?: SigningKey,
    options?: { readonly signal?: AbortSignal },
  ): Promise<LocalResult>
  /** Everything that was enqueued so far is done. */
  idle(): Promise<void>
  /** The same database as another process would find it. */
  reopen(over?: Partial<KitInit>): Promise<ReplicaKit>
}

/** Opens a replica; a store given is used as it is, a new one gets the rows of group and identities. */
export async function replicaKit(init: KitInit): Promise<ReplicaKit> {
  const { own, members, epochs = [0], clock = handClock(), logger = silentLogger } = init
  const store = init.store ?? failingStore(memoryStore())
  const rows = groupRows(store)
  const random = seededRandom('replica')
  const anchor = stubAnchor(members)
  const groupRow: GroupRow = {
    number: GROUP_NUMBER,
    protocol: 'stub',
    membersRevision: 1n,
    capabilitiesRevision: 1n,
    watchedFrom: 1n,
    departedRevision: 0n,
    departedAtMs: 0n,
    viewHeight: 0n,
    viewBlock: '',
    viewAtMs: 0n,
    ...NO_MOVE,
  }
  if (init.store === undefined) {
    await store.batch([
      rows.put(GROUP, groupRow),
      ...records(members).map((member) =>
        rows.putMember(GROUP_NUMBER, member.identity, {
          ...member,
          role: ['writer', 'reader', 'relay'].indexOf(member.role),
          removedRevision: 0n,
        }),
      ),
      ...own.map((key) =>
        rows.putIdentity(key.publicKey, { sealed: SECRETS.seal(key.seed), group: GROUP }),
      ),
    ])
  }
  const identities = identityPool({ store, rows, atRest: SECRETS, random })
  await identities.load()
  const stored = await rows.epochs(GROUP_NUMBER)
  const keyring = new Keyring(GROUP, GROUP_NUMBER, { rows, atRest: SECRETS, random }, stored)
  for (const epoch of epochs) {
    const op = addKey(keyring, epoch, epochKey(epoch))
    if (op !== undefined) await store.batch([op])
  }
  const [known] = await rows.list()
  const tally: Tally = {
    applied: 0,
    rejected: 0,
    refused: 0,
    mismatches: 0,
    forks: 0,
    merges: 0,
    handled: [],
  }
  const metrics: ContextMetrics = {
    execution: () => {},
    applied: () => tally.applied++,
    waiting: () => {},
    refused: () => tally.refused++,
    rejected: () => tally.rejected++,
    mismatch: () => tally.mismatches++,
    fork: () => tally.forks++,
    merged: (count) => (tally.merges += count),
    repair: () => {},
    handler: (status) => tally.handled.push(status),
    intentTried: () => {},
    rotation: () => {},
    view: () => {},
  }
  const group = new Group(
    GROUP,
    known?.row ?? groupRow,
    anchor,
    keyring,
    await rows.members(GROUP_NUMBER),
    { store, rows, identities, clock, logger, metrics },
  )
  const time = new NodeClock(clock, silentLogger)
  const model = stubModel(store)
  const components = {
    store,
    contexts: contextRows(store),
    deltas: deltaRows(store),
    events: eventRows(store),
    model,
    scratch: new Scratch(store, model),
    aliases: { of: () => [] },
    putBlob: async () => {},
    sync: () => ({
      membersOnline: () => kit.online.map(({ publicKey }) => ({ identity: publicKey })),
      isFetching: () => kit.isFetching,
    }),
    module: async () => (kit.moduleHere ? MODULE : undefined),
    clock: time,
    random,
    logger,
    metrics,
  }
  const state = await ContextState.open(
    { id: CONTEXT, number: CONTEXT_NUMBER },
    { application: APPLICATION, blob: bytesOf('blob'), applicationRevision: 1n },
    components,
  )
  const replica = new ContextReplica(state, group, components)
  const mutations: StateMutation[] = []
  const wanted: { deltas: Uint8Array[]; keys: number[] } = { deltas: [], keys: [] }
  replica.events.on('mutation', (mutation) => mutations.push(mutation))
  replica.events.on('wanted', ({ deltas, keys }) => {
    wanted.deltas.push(...deltas)
    wanted.keys.push(...keys)
  })
  const kit: ReplicaKit = {
    replica,
    group,
    store,
    clock,
    model,
    anchor,
    identities,
    time,
    deltas: components.deltas,
    eventRows: components.events,
    tally,
    metrics,
    mutations,
    wanted,
    moduleHere: true,
    online: [],
    isFetching: false,
    items: () => model.items(state.ref),
    call: (method, input, executor = first(own), { signal } = {}) =>
      replica.execute({ method, input: utf8(input), executor, signal }),
    idle: async () => {
      // what a task enqueued while it ran comes after it
      for (let i = 0; i < 5; i++) await replica.exclusive(async () => {})
    },
    reopen: (over) => replicaKit({ own, members, epochs, clock, ...over, store }),
  }
  return kit
}

function first(keys: readonly SigningKey[]): SigningKey {
  const [key] = keys
  if (key === undefined) throw new RangeError('the kit has no identity')
  return key
}

function records(members: readonly Party[]): MemberRecord[] {
  return members.map(([key, role]) => ({
    identity: key.publicKey,
    role,
    capabilities: 0,
    nonce: 0n,
    joinedRevision: 1n,
  }))
}

function stubAnchor(members: readonly Party[]): StubAnchor {
  const evidence = { height: 1n, finality: 'final', certified: false } as const
  let revision = 1n
  let list = records(members)
  const never = (): never => {
    throw new RangeError('not part of this test')
  }
  const anchor: StubAnchor = {
    protocol: 'stub',
    network: 'stub',
    contract: 'stub',
    supports: {
      finality: ['final'],
      eventPush: false,
      proposals: false,
      sponsoredFees: false,
      packages: false,
      maxBatch: {},
    },
    told: 0n,
    reads: 0,
    say(next) {
      revision++
      // who stays has joined when it did
      list = records(next).map((member) => {
        const known = list.find(({ identity }) => equalBytes(identity, member.identity))
        return { ...member, joinedRevision: known?.joinedRevision ?? revision }
      })
    },
    start: never,
    stop: never,
    contextId: never,
    readContext: never,
    readGroup: async () => undefined,
    readMembers: async () => {
      anchor.reads++
      return { value: { revision, members: list }, evidence }
    },
    readMember: async (_group, identity: PublicKey) => {
      const value = list.find((member) => equalBytes(member.identity, identity))
      return value && { value, evidence }
    },
    submit: never,
    createInvitation: never,
    claimInvitation: never,
    watch: () => () => {},
  }
  return anchor
}
