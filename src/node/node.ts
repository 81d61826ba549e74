/** Builds the components of a node in order, starts them, and stops them in reverse. */
import { join } from 'node:path'
import type { Anchor } from './anchor/anchor.ts'
import { applications, type NodeApplications } from './applications/applications.ts'
import type { BlobStore } from './blobs/blobs.ts'
import { fileBlobStore } from './blobs/file-blob-store.ts'
import { NodeContexts } from './context/contexts.ts'
import { EventLog } from './context/event-log.ts'
import { Groups } from './context/groups/groups.ts'
import { identityPool, type IdentityPool } from './context/groups/identities.ts'
import { Intents } from './context/intents/intents.ts'
import { contextMetrics } from './context/metrics.ts'
import { ContextReplicas } from './context/replica-source.ts'
import { operationCounts } from './context/shown-intents.ts'
import { atRest } from './crypto/at-rest.ts'
import { MerogateError } from './errors.ts'
import type { Blobs, Contexts, Identities, Node, NodeHealth, NodeInit, Peers } from './interface.ts'
import { keptCursors, keptFates } from './kept-for-anchors.ts'
import { noMetrics } from './metrics.ts'
import { libp2pNetwork } from './network/libp2p.ts'
import type { Network } from './network/network.ts'
import { nodeBlobs } from './node-blobs.ts'
import { nodeHealth } from './node-health.ts'
import { loadNodeKey } from './node-key.ts'
import { Background } from './primitives/background.ts'
import { type Clock, systemClock, systemRandom } from './primitives/clock.ts'
import { type ContextId, idText, type PublicKey } from './primitives/ids.ts'
import { silentLogger } from './primitives/logger.ts'
import { NodeClock } from './primitives/node-clock.ts'
import type { Status } from './primitives/startable.ts'
import type { GuestEngine } from './runtime/engine.ts'
import { logged } from './runtime/guest-log.ts'
import { guestKeptState } from './runtime/guest-kept-state.ts'
import { wasmEngine } from './runtime/wasm/engine.ts'
import { contextRows } from './store/repositories/contexts.ts'
import { deltaRows } from './store/repositories/deltas.ts'
import { eventRows } from './store/repositories/events.ts'
import { globals } from './store/repositories/globals.ts'
import { groupRows } from './store/repositories/groups.ts'
import { intentRows } from './store/repositories/intents.ts'
import { openLevelStore } from './store/level-store.ts'
import type { NodeStore, StoreHolder } from './store/store.ts'
import { storedAddressBook } from './stored-address-book.ts'
import { syncService, type SyncService } from './sync/sync-service.ts'

/** Everything a node is made of. */
interface Parts {
  readonly store: NodeStore
  readonly anchors: readonly Anchor[]
  readonly blobStore: BlobStore
  readonly engine: GuestEngine
  readonly applications: NodeApplications
  readonly identities: IdentityPool
  readonly groups: Groups
  readonly replicas: ContextReplicas
  readonly contexts: NodeContexts
  readonly eventLog: EventLog
  readonly network: Network
  readonly sync: SyncService
  readonly clock: NodeClock
  readonly background: Background
}

/** Components to use in place of those on disk, threads and TCP: for simulation. */
export interface NodePorts {
  readonly seed?: Uint8Array
  readonly store?: NodeStore
  readonly blobStore?: BlobStore
  readonly engine?: (components: { readonly clock: Clock }) => GuestEngine
  readonly network?: Network
}

/**
 * Opens a node's home and builds the node; nothing listens or dials before `start()`.
 * @throws STORE_LOCKED (another process uses the home), STORE_TOO_NEW (a newer version wrote it), NODE_KEY_INVALID, STORE_FAILED
 */
export async function createNode(init: NodeInit, ports: NodePorts = {}): Promise<Node> {
  const {
    home,
    logger = silentLogger,
    metrics = noMetrics,
    clock: machineClock = systemClock,
    random = systemRandom,
  } = init
  const clock = new NodeClock(machineClock, logger.child({ component: 'clock' }))
  const seed = ports.seed ?? (await loadNodeKey(home, random))
  const dataFolder = init.dataFolder ?? join(home, 'data')
  const store =
    ports.store ??
    (await openLevelStore(dataFolder, {
      clock: machineClock,
      logger: logger.child({ component: 'store' }),
      metrics,
    }))
  try {
    const globalRows = globals(store)
    await globalRows.checkVersion()
    const kept = {
      cursors: keptCursors(store, globalRows),
      fates: keptFates(store, logger.child({ component: 'anchor' })),
    }
    const anchors = (init.anchors ?? []).map((make) =>
      make({
        // until when an operation is valid is judged elsewhere: after a sleep the machine knows better than we, for a while
        ...{ clock: machineClock, random, ...kept },
        logger: logger.child({ component: 'anchor' }),
      }),
    )
    metrics.gauge('merogate_clock_skew_seconds', {
      help: 'How far the machine’s clock is ahead of members’, or of what the node goes by while none was heard; calls are answered with a warning beyond 5',
      collect: () => [{ value: clock.skewSeconds }],
    })
    const background = new Background(logger)
    const run = (work: Promise<void>): void => background.add(work)
    const blobFolder = init.blobFolder ?? join(home, 'blobs')
    const blobStore =
      ports.blobStore ??
      fileBlobStore({ folder: blobFolder })({
        store,
        clock,
        logger: logger.child({ component: 'blobs' }),
        metrics,
      })
    const engine =
      ports.engine?.({ clock }) ??
      shared(
        store,
        wasmEngine({ location: dataFolder, blobs: blobFolder, ...init.runtime })({
          clock,
          logger,
          metrics,
        }),
      )
    const installed = applications({
      allowPrivateHosts: init.install?.allowPrivateHosts ?? false,
      allowUnhashedBundles: init.install?.allowUnhashedBundles ?? false,
      inUse: (id, blob) => contexts.uses(id, blob),
      onInstalled: () => contexts.applicationInstalled(),
    })({ blobs: blobStore, store, engine, logger })
    const rows = {
      contexts: contextRows(store),
      deltas: deltaRows(store),
      events: eventRows(store),
      groups: groupRows(store),
    }
    const secrets = atRest(seed, random)
    const roomMetrics = contextMetrics(metrics, {
      waiting: () => replicas.waiting(),
      intents: () => [...intents.counts(), ...operationCounts(contexts.intents())],
      rotating: () => groups.rotating(),
      doubtful: () => groups.doubtful(),
      moving: () => groups.moving(),
      divergences: () => replicas.divergences(),
    })
    const contextLogger = logger.child({ component: 'context' })
    const identities = identityPool({ store, rows: rows.groups, atRest: secrets, random })
    const groups: Groups = new Groups({
      anchors: new Map(anchors.map((anchor) => [anchor.protocol, anchor])),
      store,
      rows: rows.groups,
      identities,
      globals: globalRows,
      atRest: secrets,
      clock,
      random,
      logger: contextLogger,
      metrics: roomMetrics,
      background: run,
    })
    const replicas: ContextReplicas = new ContextReplicas({
      store,
      rows: rows.contexts,
      deltas: rows.deltas,
      groups,
      identities,
      clock,
      logger: contextLogger,
      background: run,
    })
    const eventLog = new EventLog({
      rows: rows.events,
      logger: contextLogger,
      background: run,
      position: (context) => {
        const state = replicas.replica(context)?.state
        return state && { number: state.ref.number, last: state.meta.eventSeq }
      },
    })
    const network =
      ports.network ??
      libp2pNetwork({ privateKey: seed, ...init.network })({
        clock,
        random,
        logger: logger.child({ component: 'network' }),
        metrics,
      })
    const sync: SyncService = syncService()({
      network,
      replica: replicas,
      blobs: blobStore,
      addressBook: storedAddressBook(store, rows.groups),
      clock,
      random,
      logger: logger.child({ component: 'sync' }),
      metrics,
    })
    const intents: Intents = new Intents({
      store,
      rows: intentRows(store),
      clock,
      random,
      logger: contextLogger,
      metrics: roomMetrics,
      background: run,
    })
    const contexts: NodeContexts = new NodeContexts({
      store,
      intents,
      atRest: secrets,
      rows: rows.contexts,
      deltas: rows.deltas,
      events: rows.events,
      globals: globalRows,
      putBlob: (bytes) => blobStore.put(bytes),
      model: guestKeptState()({ engine: logged(engine, { logger, clock }), store }),
      groups,
      identities,
      replicas,
      applications: installed,
      eventLog,
      clock,
      random,
      logger: contextLogger,
      metrics: roomMetrics,
      addresses: () => network.addresses(),
      sync: () => sync,
      background: run,
    })
    return new MerogateNode({
      store,
      anchors,
      blobStore,
      engine,
      applications: installed,
      identities,
      groups,
      replicas,
      contexts,
      eventLog,
      network,
      sync,
      clock,
      background,
    })
  } catch (error) {
    await store.close()
    throw error
  }
}

class MerogateNode implements Node {
  readonly applications: NodeApplications
  readonly contexts: Contexts
  readonly identities: Identities
  readonly blobs: Blobs
  readonly peers: Peers
  readonly events: EventLog
  readonly peerId: string
  readonly #parts: Parts
  #status: Status = 'stopped'
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    this.peerId = parts.network.peerId
    this.applications = parts.applications
    this.contexts = parts.contexts
    this.events = parts.eventLog
    this.identities = nodeIdentities(parts)
    this.blobs = nodeBlobs(parts)
    this.peers = {
      list: () => parts.network.peers(),
      dial: (addresses, options) => parts.network.dial(addresses, options),
    }
  }

  get status(): Status {
    return this.#status
  }

  addresses(): readonly string[] {
    return this.#status === 'started' ? this.#parts.network.addresses() : []
  }

  async start(): Promise<void> {
    if (this.#stopping !== undefined) {
      throw new MerogateError('NODE_STOPPED', 'input', 'this node was stopped: create a new one')
    }
    this.#starting ??= this.#start()
    try {
      await this.#starting
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  async #start(): Promise<void> {
    this.#status = 'starting'
    const {
      anchors,
      blobStore,
      engine,
      identities,
      groups,
      contexts,
      network,
      sync,
      eventLog,
      clock,
    } = this.#parts
    clock.start()
    for (const anchor of anchors) await anchor.start()
    await blobStore.start()
    await engine.start()
    await identities.load()
    await groups.load()
    await contexts.start(anchors)
    const isShared = this.#parts.replicas.all().some(({ group }) => group.members().length > 1)
    if (isShared) clock.expectMembers()
    network.events.on('peer:connect', (detail) => eventLog.emit('peer:connect', detail))
    network.events.on('peer:disconnect', (detail) => eventLog.emit('peer:disconnect', detail))
    await network.start()
    network.events.on('peer:connect', () => contexts.peerSeen())
    clock.events.on('moved', () => contexts.clockMoved())
    sync.events.on('member:online', ({ context }) => contexts.memberSeen(context))
    sync.events.on('blob:damaged', ({ context, blob }) => contexts.blobDamaged(context, blob))
    await sync.start()
    contexts.begin()
    this.#parts.store.whenMended(() => contexts.recovered())
    this.#status = 'started'
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    await this.#starting?.catch(() => {}) // told to who started; what came up until then is taken down below
    this.#status = 'stopping'
    const { anchors, blobStore, engine, contexts, network, sync, clock, background, store } =
      this.#parts
    clock.stop()
    // first, though they were started first: whoever waits for an anchor that hangs is waited for below
    for (const anchor of anchors) await anchor.stop()
    await contexts.standDown()
    await sync.stop()
    await network.stop()
    await contexts.stop()
    await background.settled()
    await engine.stop()
    await blobStore.stop()
    await store.close()
    this.#status = 'stopped'
  }

  health(): Promise<NodeHealth> {
    return nodeHealth(this.#parts, this.#status === 'started')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

/** Names to a store who else holds its database open. */
function shared<T extends StoreHolder>(store: NodeStore, holder: T): T {
  store.shareWith(holder)
  return holder
}

function nodeIdentities({ identities, replicas }: Parts): Identities {
  return {
    create: async () => (await identities.create()).publicKey,
    async owned(context?: ContextId): Promise<readonly PublicKey[]> {
      if (context === undefined) return identities.all().map(({ publicKey }) => publicKey)
      const replica = replicas.replica(context)
      if (replica === undefined) {
        throw new MerogateError(
          'CONTEXT_NOT_FOUND',
          'missing',
          `no context ${idText(context)} here`,
        )
      }
      return replica.group.owned().map(({ publicKey }) => publicKey)
    },
  }
}
