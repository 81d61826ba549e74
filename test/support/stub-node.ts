/**
 * A node in memory with the public interface and none of the machinery: enough to test what is wrapped around a node. One built-in
 * application understands `set`, `get`, `echo`, `fail`, `raw`, `panic`, `loop` (until its fuel is used up), `hang` (until it is given up) and `stuck` (whatever happens).
 */
import {
  CAPABILITIES,
  type MemberRecord,
  type MigrationRecord,
  type Role,
} from '../../src/node/anchor/anchor.ts'
import type { BlobInfo } from '../../src/node/blobs/blobs.ts'
import { MerogateError, throwIfAborted, untilAborted } from '../../src/node/errors.ts'
import type {
  Applications,
  Blobs,
  ContextFailure,
  ContextInfo,
  ContextStatus,
  Contexts,
  Events,
  ExecuteCall,
  ExecuteResult,
  Identities,
  InstalledApplication,
  IntentInfo,
  Node,
  NodeEvents,
  Peers,
  StateMutation,
} from '../../src/node/interface.ts'
import type { PeerInfo } from '../../src/node/network/network.ts'
import { concat, fromUtf8, toBase58, toHex, utf8 } from '../../src/node/primitives/bytes.ts'
import { Emitter } from '../../src/node/primitives/emitter.ts'
import { sha256 } from '../../src/node/primitives/hash.ts'
import {
  ApplicationId,
  BlobId,
  ContextId,
  DeltaId,
  GroupId,
  PublicKey,
} from '../../src/node/primitives/ids.ts'

/** 32 bytes that are all `value`. */
export function bytesOf(value: number): Uint8Array {
  return new Uint8Array(32).fill(value)
}

interface StubContext {
  id: ContextId
  application: ApplicationId
  status: ContextStatus
  root: Uint8Array
  owned: PublicKey[]
  members: Map<string, MemberRecord>
  migration?: MigrationRecord | undefined
  state: Map<string, string>
  log: StateMutation[]
  lastFailure: ContextFailure | undefined
}

export interface StubNode extends Node {
  /** Stores and announces a mutation as if a delta had been applied. */
  mutate(context: ContextId, events?: { kind: string; data: unknown }[]): StateMutation
  /** Notes and announces a failure, as if a delta had been quarantined. */
  fail(context: ContextId, failure: ContextFailure): void
  /** Makes a context without going through the interface. */
  addContext(options?: { id?: ContextId; status?: ContextStatus }): ContextId
  /** The next call of `name` (`contexts.create`) throws this. */
  failNext(name: string, error: unknown): void
  /** Forgets the log of a context up to and including `seq`. */
  trimLog(context: ContextId, seq: bigint): void
  readonly application: ApplicationId
  /** What {@link Node.health} says. */
  checks: Record<string, boolean>
  reasons: Record<string, string>
  /** How far its clock is off, as calls are told. */
  clockSkewMs: number | undefined
  /** Calls that reached `contexts.execute`. */
  readonly executed: ExecuteCall[]
  /** What the node says it goes on with. */
  readonly intentList: IntentInfo[]
  /** Peers of the node. */
  readonly peerList: PeerInfo[]
  /** Events that are stored when they are asked for, with the reading under way: tests of races set it. */
  onReplay: (() => void) | undefined
}

/** A started node with one application and no context. */
export function stubNode(): StubNode {
  const events = new Emitter<NodeEvents>()
  const contexts = new Map<string, StubContext>()
  const applications = new Map<string, InstalledApplication>()
  const blobs = new Map<string, { info: BlobInfo; bytes: Uint8Array }>()
  const failures = new Map<string, unknown>()
  const executed: ExecuteCall[] = []
  const intentList: IntentInfo[] = []
  const peerList: PeerInfo[] = []
  const loose: PublicKey[] = []
  let counter = 0

  const fresh = (): Uint8Array => sha256(utf8(`stub ${counter++}`))
  const enter = (name: string): void => {
    if (!failures.has(name)) return
    const error = failures.get(name)
    failures.delete(name)
    throw error
  }
  const need = (id: ContextId): StubContext => {
    const context = contexts.get(toHex(id))
    if (context !== undefined) return context
    const text = toBase58(id)
    throw new MerogateError('CONTEXT_NOT_FOUND', 'missing', `no context ${text}`, { context: text })
  }
  const infoOf = (context: StubContext): ContextInfo => ({
    id: context.id,
    group: GroupId.from(context.id),
    application: context.application,
    applicationRevision: 1n,
    membersRevision: BigInt(context.members.size),
    protocol: 'local',
    network: 'local',
    contract: 'stub',
    root: context.root,
    heads: context.log.slice(-1).map(({ delta }) => delta),
    status: context.status,
    convergence: 'converges',
    deltas: { applied: context.log.length, pending: 0, parked: 0, quarantined: 0 },
    waitsFor: { parked: {}, quarantined: {}, futureUntilMs: undefined },
    intents: intentList.filter((intent) => toHex(intent.context) === toHex(context.id)),
    rootMismatches: 0,
    divergence: undefined,
    forkedAuthors: [],
    lastFailure: context.lastFailure,
    migration: context.migration,
    membersView: { height: 7n, block: undefined, doubt: undefined, replacedAtMs: undefined },
    rotation: undefined,
  })
  const admit = (context: StubContext, identity: PublicKey, role: Role = 'writer'): void => {
    const capabilities = context.members.size === 0 ? CAPABILITIES.manageMembers : 0
    const member = { identity, role, capabilities, nonce: 0n, joinedRevision: 1n }
    context.members.set(toHex(identity), member)
  }
  const update = (
    context: StubContext,
    identity: PublicKey,
    change: (member: MemberRecord) => MemberRecord,
  ): void => {
    const member = context.members.get(toHex(identity))
    if (member === undefined) {
      throw new MerogateError('CONTEXT_NOT_A_MEMBER', 'denied', 'expected a member, got a stranger')
    }
    context.members.set(toHex(identity), change(member))
  }
  const addContext: StubNode['addContext'] = (options = {}) => {
    const id = options.id ?? ContextId.from(fresh())
    const owner = PublicKey.from(fresh())
    const status = options.status ?? 'ready'
    const context: StubContext = {
      id,
      application: application.id,
      status,
      root: status === 'uninitialized' ? bytesOf(0) : fresh(),
      owned: [owner],
      members: new Map(),
      state: new Map(),
      log: [],
      lastFailure: undefined,
    }
    admit(context, owner)
    contexts.set(toHex(id), context)
    return id
  }
  const fail: StubNode['fail'] = (id, failure) => {
    need(id).lastFailure = failure
    events.emit('context:failed', { context: id, failure })
  }
  const mutate: StubNode['mutate'] = (id, list = []) => {
    const context = need(id)
    context.root = fresh()
    const last = context.log.at(-1)?.seq ?? 0n
    const mutation: StateMutation = {
      context: id,
      seq: last + 1n,
      newRoot: context.root,
      delta: DeltaId.from(fresh()),
      author: context.owned[0] ?? PublicKey.from(bytesOf(1)),
      events: list.map(({ kind, data }) => ({
        kind,
        data: utf8(JSON.stringify(data)),
        handler: null,
      })),
    }
    context.log.push(mutation)
    events.emit('state:mutation', mutation)
    return mutation
  }

  const install = (
    bytes: Uint8Array,
    source: string,
    metadata: Uint8Array,
  ): InstalledApplication => {
    const blob = BlobId.from(sha256(sha256(bytes)))
    const app: InstalledApplication = {
      id: ApplicationId.from(sha256(blob, utf8(source))),
      blob,
      size: bytes.length,
      source,
      metadata,
      package: source.startsWith('bundle:') ? (source.split(':')[1] ?? '') : 'unknown',
      version: source.startsWith('bundle:') ? (source.split(':')[2] ?? '') : '0.0.0',
      module: {
        hash: sha256(bytes),
        size: bytes.length,
        generation: 'G2',
        era: 'E2',
        convergence: 'converges',
        warnings: source.includes('authored')
          ? [{ code: 'authored-map' as const, message: 'it uses AuthoredMap' }]
          : [],
        methods: ['set', 'get'],
        imports: [],
      },
    }
    applications.set(toHex(app.id), app)
    return app
  }
  const application = install(utf8('stub'), 'file:///stub.wasm', new Uint8Array())

  const applicationsPart: Applications = {
    async installFile(path, options) {
      enter('applications.installFile')
      return install(utf8(path), path, options?.metadata ?? new Uint8Array())
    },
    async installUrl(url, options) {
      enter('applications.installUrl')
      return install(utf8(url), url, options?.metadata ?? new Uint8Array())
    },
    async installBytes(bytes, source, options) {
      return install(bytes, source, options?.metadata ?? new Uint8Array())
    },
    async installBlob(blob, source, options) {
      return install(blob, source, options?.metadata ?? new Uint8Array())
    },
    get: async (id) => applications.get(toHex(id)),
    async list() {
      enter('applications.list')
      return [...applications.values()]
    },
    async uninstall(id) {
      enter('applications.uninstall')
      return applications.delete(toHex(id))
    },
  }

  const execute = async (call: ExecuteCall): Promise<ExecuteResult> => {
    executed.push(call)
    enter('contexts.execute')
    throwIfAborted(call.signal)
    const context = need(call.context)
    if (context.status === 'uninitialized') {
      throw new MerogateError('CONTEXT_UNINITIALIZED', 'conflict', 'no state has arrived yet')
    }
    if (call.executor !== undefined && !context.members.has(toHex(call.executor))) {
      throw new MerogateError('IDENTITY_NOT_OWNED', 'denied', 'no private key for this identity')
    }
    const output = await run(call, context)
    const { clockSkewMs } = node
    const skew = clockSkewMs === undefined ? {} : { clockSkewMs }
    const base = { output, logs: [], root: context.root, ...skew }
    if (call.method !== 'set' || call.readOnly === true) return { ...base, delta: undefined }
    const mutation = mutate(call.context, [{ kind: 'Set', data: fromUtf8(call.input) }])
    return { ...base, root: mutation.newRoot, delta: mutation.delta }
  }
  const run = async (call: ExecuteCall, context: StubContext): Promise<Uint8Array | undefined> => {
    const text = fromUtf8(call.input)
    switch (call.method) {
      case 'set':
      case 'get': {
        const { key, value } = JSON.parse(text) as { key: string; value: string } // tests send these
        if (call.method === 'get') return utf8(JSON.stringify(context.state.get(key) ?? null))
        if (call.readOnly !== true) context.state.set(key, value)
        return undefined
      }
      case 'echo':
        return call.input
      case 'raw':
        return utf8('not json')
      case 'fail': {
        const data = [...call.input]
        const message = `the method call returned an error: [${data.join(', ')}]`
        const details = { type: 'ExecutionError', data }
        throw new MerogateError('RUNTIME_RETURNED_ERROR', 'guest', message, details)
      }
      case 'panic':
        throw new MerogateError('RUNTIME_PANIC', 'guest', 'guest panicked: boom at lib.rs:1:2')
      case 'loop':
        throw new MerogateError('RUNTIME_FUEL', 'guest', 'the call used up its fuel')
      case 'hang':
        return await untilAborted(new Promise<undefined>(() => {}), call.signal)
      case 'stuck':
        return await new Promise<undefined>(() => {})
      default: {
        const message = `method ${JSON.stringify(call.method)} not found`
        throw new MerogateError('RUNTIME_METHOD_NOT_FOUND', 'guest', message)
      }
    }
  }

  const contextsPart: Contexts = {
    execute,
    async create(options) {
      enter('contexts.create')
      if (!applications.has(toHex(options.application))) {
        const details = { application: toBase58(options.application) }
        throw new MerogateError('APPLICATION_NOT_FOUND', 'missing', 'not installed', details)
      }
      const id = addContext(options.seed === undefined ? {} : { id: ContextId.from(options.seed) })
      const context = need(id)
      context.application = options.application
      return { context: id, group: GroupId.from(id), member: context.owned[0] as PublicKey } // addContext made it
    },
    async get(id) {
      const context = contexts.get(toHex(id))
      return context === undefined ? undefined : infoOf(context)
    },
    async list(options = {}) {
      enter('contexts.list')
      const wanted = options.application
      return [...contexts.values()]
        .filter(({ application: id }) => wanted === undefined || toHex(id) === toHex(wanted))
        .map(infoOf)
    },
    async invite(options) {
      enter('contexts.invite')
      const context = need(options.context)
      admit(context, options.invitee, options.role)
      return { text: toBase58(concat(options.context, options.invitee)) }
    },
    async join(text) {
      enter('contexts.join')
      const [context] = contexts.values()
      if (context === undefined || text.length < 40) {
        throw new MerogateError('INVITATION_INVALID', 'input', 'the invitation is not readable')
      }
      return { context: context.id, member: context.owned[0] as PublicKey } // addContext made it
    },
    async inviteOpen(options) {
      enter('contexts.inviteOpen')
      need(options.context)
      return { text: `open:${options.maxUses ?? 0}:${options.validForMs ?? 0}` }
    },
    async joinOpen(text) {
      enter('contexts.joinOpen')
      const [context] = contexts.values()
      if (context === undefined || !text.startsWith('open:')) {
        throw new MerogateError('INVITATION_INVALID', 'input', 'the invitation is not readable')
      }
      return { context: context.id, member: context.owned[0] as PublicKey } // addContext made it
    },
    intents: (id) =>
      intentList.filter(({ context }) => id === undefined || toHex(context) === toHex(id)),
    async withdraw(intent) {
      enter('contexts.withdraw')
      const at = intentList.findIndex(({ id }) => id === intent)
      if (at >= 0) intentList.splice(at, 1)
      return at >= 0
    },
    waitReady: async (id) => infoOf(need(id)),
    members: async (id) => [...need(id).members.values()],
    async migrate(id, successor) {
      const movesAt = 1_900_000_000n
      need(id).migration = successor && { successor, movesAt }
    },
    migration: async (id) => need(id).migration,
    async voidInvitations(id) {
      need(id)
    },
    async removeMembers(id, identities) {
      const context = need(id)
      for (const identity of identities) context.members.delete(toHex(identity))
    },
    async setRole(id, identities, role) {
      const context = need(id)
      for (const identity of identities) update(context, identity, (one) => ({ ...one, role }))
    },
    async grant(id, identity, capability) {
      const bit = CAPABILITIES[capability]
      update(need(id), identity, (one) => ({ ...one, capabilities: one.capabilities | bit }))
    },
    async revoke(id, identity, capability) {
      const bit = CAPABILITIES[capability]
      update(need(id), identity, (one) => ({ ...one, capabilities: one.capabilities & ~bit }))
    },
    async updateApplication(id, next) {
      const context = need(id)
      context.application = next
      events.emit('context:changed', { context: id, status: context.status })
    },
    async leave(id) {
      need(id)
      contexts.delete(toHex(id))
    },
    delete: async (id) => contexts.delete(toHex(id)),
    async sync(id) {
      enter('contexts.sync')
      need(id)
      return { peers: peerList.length }
    },
    repair: async (id) => {
      enter('contexts.repair')
      const { root, deltas } = infoOf(need(id))
      return { deltas: deltas.applied, changed: false, root }
    },
    storageSize: async (id) => need(id).state.size * 64,
    async refresh(id) {
      need(id)
    },
  }

  const identitiesPart: Identities = {
    async create() {
      enter('identities.create')
      const key = PublicKey.from(fresh())
      loose.push(key)
      return key
    },
    async owned(id) {
      if (id !== undefined) return need(id).owned
      return [...[...contexts.values()].flatMap(({ owned }) => owned), ...loose]
    },
  }

  const blobsPart: Blobs = {
    async put(source, options) {
      enter('blobs.put')
      const parts: Uint8Array[] = []
      if (source instanceof Uint8Array) parts.push(source)
      else for await (const part of source) parts.push(part)
      const bytes = concat(...parts)
      const hash = sha256(bytes)
      if (options?.hash !== undefined && toHex(options.hash) !== toHex(hash)) {
        throw new MerogateError('BLOB_HASH_MISMATCH', 'input', 'the bytes have another hash')
      }
      const info = { id: BlobId.from(sha256(hash)), size: bytes.length, hash }
      blobs.set(toHex(info.id), { info, bytes })
      return info
    },
    info: async (id) => blobs.get(toHex(id))?.info,
    async read(id, options = {}) {
      const blob = blobs.get(toHex(id))
      if (blob === undefined) throw new MerogateError('BLOB_NOT_FOUND', 'missing', 'no such blob')
      const { offset = 0, length = blob.bytes.length } = options
      return slices(blob.bytes.subarray(offset, offset + length))
    },
    list: async () => [...blobs.values()].map(({ info }) => info),
    async delete(id) {
      enter('blobs.delete')
      return blobs.delete(toHex(id))
    },
  }

  const peersPart: Peers = {
    list: () => peerList,
    async dial(addresses) {
      enter('peers.dial')
      const id = addresses[0]?.split('/p2p/')[1]
      if (id === undefined) {
        throw new MerogateError('NETWORK_ADDRESS_INVALID', 'input', 'expected a peer id at the end')
      }
      peerList.push({ id, addresses, direction: 'outbound' })
      return id
    },
  }

  const node: StubNode = {
    status: 'started',
    peerId: '12D3KooWStub',
    addresses: () => ['/ip4/127.0.0.1/tcp/2428/p2p/12D3KooWStub'],
    applications: applicationsPart,
    contexts: contextsPart,
    identities: identitiesPart,
    blobs: blobsPart,
    peers: peersPart,
    events: replayable(events, {
      async replay(id, since, options) {
        enter('events.replay')
        const log = contexts.get(toHex(id))?.log ?? []
        const oldest = log[0]?.seq ?? 1n
        const skipped = since > 0n && since < oldest ? oldest - since : 0n
        const mutations = log.filter(({ seq }) => seq >= since).slice(0, options?.limit ?? 1000)
        await Promise.resolve()
        node.onReplay?.()
        return { mutations, skipped }
      },
      last: async (id) => need(id).log.at(-1)?.seq ?? 0n,
    }),
    async health() {
      return { checks: node.checks, reasons: node.reasons }
    },
    async start() {},
    async stop() {},
    async [Symbol.asyncDispose]() {},
    mutate,
    fail,
    addContext,
    failNext: (name, error) => void failures.set(name, error),
    trimLog(id, seq) {
      const context = need(id)
      context.log = context.log.filter((mutation) => mutation.seq > seq)
    },
    application: application.id,
    checks: { store: true, network: true },
    reasons: {},
    clockSkewMs: undefined,
    executed,
    intentList,
    peerList,
    onReplay: undefined,
  }
  return node
}

function replayable(emitter: Emitter<NodeEvents>, log: Pick<Events, 'replay' | 'last'>): Events {
  return { on: emitter.on.bind(emitter), next: emitter.next.bind(emitter), ...log }
}

async function* slices(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
}
