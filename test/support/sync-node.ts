/** A node of nothing but network and sync over a stub replica, for tests over real TCP on loopback. */
import type { Role } from '../../src/node/anchor/anchor.ts'
import { noMetrics } from '../../src/node/metrics.ts'
import type { Network } from '../../src/node/network/network.ts'
import { systemClock, systemRandom } from '../../src/node/primitives/clock.ts'
import {
  type ContextId,
  type DeltaId,
  idKey,
  type PublicKey,
} from '../../src/node/primitives/ids.ts'
import { type Logger, silentLogger } from '../../src/node/primitives/logger.ts'
import { NodeClock } from '../../src/node/primitives/node-clock.ts'
import { type AddressBook, memoryAddressBook } from '../../src/node/sync/address-book.ts'
import { type SyncService, syncService } from '../../src/node/sync/sync-service.ts'
import { loopbackNetwork } from './network.ts'
import { StubBlobs } from './stub-blobs.ts'
import { StubAnchor, StubReplica } from './stub-replica.ts'

/** Says what goes wrong when a test is run with DEBUG_SYNC=1. */
function testLogger(name: string): Logger {
  if (process.env['DEBUG_SYNC'] === undefined) return silentLogger
  const line = (fields: Record<string, unknown>, message: string): void => {
    const { err, ...rest } = fields
    process.stderr.write(
      `${name} ${message} ${JSON.stringify(rest)} ${err instanceof Error ? (err.stack ?? '') : ''}\n`,
    )
  }
  const logger: Logger = {
    child: () => logger,
    trace: () => {},
    debug: line,
    info: line,
    warn: line,
    error: line,
  }
  return logger
}

export class SyncNode {
  readonly network: Network
  readonly replica: StubReplica
  readonly blobs: StubBlobs = new StubBlobs()
  readonly book: AddressBook
  readonly sync: SyncService

  constructor(
    anchor: StubAnchor,
    options: {
      privateKey?: Uint8Array
      listen?: string[]
      book?: AddressBook
      replica?: StubReplica
    } = {},
  ) {
    const { privateKey, listen } = options
    this.network = loopbackNetwork({ ...(privateKey && { privateKey }), ...(listen && { listen }) })
    this.replica = options.replica ?? new StubReplica(anchor)
    this.book = options.book ?? memoryAddressBook()
    this.sync = syncService()({
      network: this.network,
      replica: this.replica,
      blobs: this.blobs,
      addressBook: this.book,
      clock: new NodeClock(systemClock, silentLogger),
      random: systemRandom,
      logger: testLogger(this.network.peerId.slice(-4)),
      metrics: noMetrics,
    })
  }

  async start(): Promise<void> {
    await this.network.start()
    await this.sync.start()
  }

  async stop(): Promise<void> {
    await this.sync.stop()
    await this.network.stop()
  }

  /** Resolves when this node has applied a delta. */
  async applied(context: ContextId, delta: DeltaId): Promise<void> {
    const key = idKey(delta)
    if (this.replica.frontier(context) !== undefined && this.replica.knows(context, delta)) return
    await this.replica.events.next('delta:applied', {
      accept: (event) => idKey(event.delta) === key,
      signal: AbortSignal.timeout(15_000),
    })
  }

  online(context: ContextId): string[] {
    return this.sync.membersOnline(context).map(({ peer }) => peer)
  }
}

/** Runs with started nodes that share an anchor; stops them whatever happens. */
export async function withNodes(
  count: number,
  run: (nodes: SyncNode[], anchor: StubAnchor) => Promise<void>,
): Promise<void> {
  const anchor = new StubAnchor()
  const nodes = Array.from({ length: count }, () => new SyncNode(anchor))
  try {
    await Promise.all(nodes.map((node) => node.start()))
    await run(nodes, anchor)
  } finally {
    await Promise.all(nodes.map((node) => node.stop()))
  }
}

/** Opens a context on all nodes and lets all but the first join it at the first. */
export async function share(
  context: ContextId,
  [first, ...others]: SyncNode[],
  roles: readonly (Role | undefined)[] = [],
): Promise<PublicKey[]> {
  if (first === undefined) throw new TypeError('expected a node')
  const identities = [first, ...others].map((node, i) =>
    node.replica.open(context, { role: roles[i] }),
  )
  for (const node of others) await node.sync.meet(context, first.network.addresses())
  return identities
}

/** Resolves when `check` holds; it is tried whenever something may have changed. */
export async function eventually(check: () => boolean, what: string, ms = 10_000): Promise<void> {
  const end = systemClock.monotonicMs() + ms
  while (!check()) {
    if (systemClock.monotonicMs() > end)
      throw new TypeError(`did not come true in ${ms} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
