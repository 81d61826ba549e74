/**
 * Push against bare gossip between two processes on loopback: one writer, one reader that answers with the time it saw each delta.
 * Run: `node bench/push.ts`. Prints one JSON line per figure. Both clocks are the machine's, so one way times are comparable.
 */
import { fork } from 'node:child_process'
import { noMetrics } from '../src/node/metrics.ts'
import { libp2pNetwork } from '../src/node/network/libp2p.ts'
import type { Network } from '../src/node/network/network.ts'
import { concat, EMPTY, toHex, utf8 } from '../src/node/primitives/bytes.ts'
import { systemClock, systemRandom } from '../src/node/primitives/clock.ts'
import { NodeClock } from '../src/node/primitives/node-clock.ts'
import { Emitter } from '../src/node/primitives/emitter.ts'
import { sha256 } from '../src/node/primitives/hash.ts'
import { ContextId, DeltaId, type PublicKey } from '../src/node/primitives/ids.ts'
import { silentLogger } from '../src/node/primitives/logger.ts'
import { generateSigningKey } from '../src/node/crypto/sign.ts'
import type { BlobStore } from '../src/node/blobs/blobs.ts'
import { type AddressEntry, memoryAddressBook } from '../src/node/sync/address-book.ts'
import type { ReplicaEvents, ReplicaSource } from '../src/node/sync/replica.ts'
import { syncService } from '../src/node/sync/sync-service.ts'

const BODY_BYTES = 600
const SAMPLES = 1_000
const BURST = 5_000
const context = ContextId.from(sha256(utf8('bench push')))

interface Side {
  readonly network: Network
  readonly replica: BenchReplica
  join(addresses: readonly string[]): Promise<void>
  stop(): Promise<void>
}

/** A replica that takes everything for applied and remembers nothing but ids. */
interface BenchReplica extends ReplicaSource {
  readonly events: Emitter<ReplicaEvents>
  write(body: Uint8Array): void
}

function benchReplica(seen: (envelope: Uint8Array) => void): BenchReplica {
  const events = new Emitter<ReplicaEvents>()
  const signer = generateSigningKey()
  let head = DeltaId.from(sha256(EMPTY))
  let known = new Set<string>()
  const apply = (envelope: Uint8Array, local: boolean): void => {
    head = DeltaId.from(sha256(envelope))
    events.emit('delta:applied', { context, delta: head, envelope, local })
  }
  return {
    events,
    write: (body) => apply(body, true),
    contexts: () => [context],
    has: () => true,
    signer: () => signer,
    party: (_context, identity: PublicKey) => Promise.resolve({ identity, role: 'writer' }),
    frontier: () => ({
      ...{ root: head, heads: [head], applied: 1n, hlc: new Uint8Array(24), epoch: 0 },
      hash: new Uint8Array(32),
    }),
    compared: () => {},
    knows: () => true,
    isApplied: () => true,
    heights: () => [],
    height: () => 0n,
    numbers: () => [],
    landmarks: () => [],
    async *readRanges() {},
    receive: (_context, envelope) => {
      if (known.size > 10_000) known = new Set()
      known.add(nameOf(envelope))
      seen(envelope)
      apply(envelope, false)
      return Promise.resolve({ status: 'applied', delta: head, missing: [] })
    },
    precheck: (_context, envelope) => (known.has(nameOf(envelope)) ? 'ignore' : 'accept'),
    async *read() {
      yield { end: { more: false, unknown: [], pruned: [] } }
    },
    announcement: (envelope) => envelope,
    grantKeys: () => Promise.resolve([]),
    acceptKeys: () => Promise.resolve({ accepted: 0, looked: 0, refused: 0 }),
    missingEpochs: () => [],
    missingDeltas: () => [],
    acknowledge: () => {},
    blobAllowed: () => false,
  }
}

const noBlobs = { info: () => Promise.resolve(undefined) } as unknown as BlobStore // nothing else of it is asked for here

async function start(
  seen: (envelope: Uint8Array) => void,
  book: readonly AddressEntry[] = [],
): Promise<Side> {
  const shared = {
    clock: new NodeClock(systemClock, silentLogger),
    random: systemRandom,
    logger: silentLogger,
    metrics: noMetrics,
  }
  const network = libp2pNetwork({
    privateKey: systemRandom.bytes(32),
    listen: ['/ip4/127.0.0.1/tcp/0'],
  })(shared)
  const replica = benchReplica(seen)
  const sync = syncService()({
    ...shared,
    network,
    replica,
    blobs: noBlobs,
    addressBook: memoryAddressBook(book),
  })
  network.subscribe({ topic: 'bench', validate: () => 'accept', deliver: (data) => seen(data) })
  await network.start()
  await sync.start()
  return {
    network,
    replica,
    join: async (addresses) => {
      await sync.meet(context, addresses)
    },
    stop: async () => {
      await sync.stop()
      await network.stop()
    },
  }
}

function nameOf(envelope: Uint8Array): string {
  return toHex(sha256(envelope))
}

function stampOf(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0)
}

function stamped(): Uint8Array {
  const stamp = new Uint8Array(8)
  new DataView(stamp.buffer).setBigUint64(0, process.hrtime.bigint())
  return concat(stamp, systemRandom.bytes(BODY_BYTES - 8))
}

/** The reader: reports how long each message took; both processes read the machine's monotonic clock. */
async function reader(): Promise<void> {
  let burst = 0
  const side = await start((bytes) => {
    const took = process.hrtime.bigint() - stampOf(bytes)
    if (burst === 0) process.send?.({ took: Number(took) / 1e6 })
    else if (--burst === 0) process.send?.({ done: true })
  })
  process.on('message', (message: { burst?: number; stop?: boolean }) => {
    if (message.burst !== undefined) {
      burst = message.burst
      process.send?.({ ready: true })
    }
    if (message.stop === true) void side.stop().then(() => process.disconnect())
  })
  process.send?.({ addresses: side.network.addresses() })
}

function report(bench: string, unit: string, values: readonly number[]): void {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    Math.round((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) * 1000) / 1000
  const line = {
    bench,
    value: at(0.5),
    unit,
    n: values.length,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
  }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

async function writer(): Promise<void> {
  const child = fork(import.meta.filename, ['reader'])
  type Message = { addresses?: string[]; took?: number; ready?: boolean; done?: boolean }
  const next = (accept: (message: Message) => boolean): Promise<Message> =>
    new Promise((resolve) => {
      const listener = (message: Message): void => {
        if (!accept(message)) return
        child.off('message', listener)
        resolve(message)
      }
      child.on('message', listener)
    })
  const { addresses = [] } = await next(({ addresses: list }) => list !== undefined)
  const side = await start(() => {})
  await side.join(addresses)
  const publish = async (): Promise<unknown> => side.network.publish('bench', stamped())
  while (((await publish()) as { recipients: number }).recipients === 0) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await next(({ took }) => took !== undefined)
  const away = { context, identity: generateSigningKey().publicKey, addresses: [] }
  const other = await start(() => {}, [{ ...away, peer: side.network.peerId }])
  await other.join(addresses)
  const paths: Record<string, () => unknown> = {
    push: () => side.replica.write(stamped()),
    'push and gossip (a member is away)': () => other.replica.write(stamped()),
    'bare gossip': publish,
  }
  for (const [path, send] of Object.entries(paths)) {
    const times: number[] = []
    for (let i = 0; i < SAMPLES + 100; i++) {
      const arrived = next(({ took }) => took !== undefined)
      await send()
      const { took = 0 } = await arrived
      if (i >= 100) times.push(took)
    }
    report(`${path} latency, ${BODY_BYTES} B, two processes`, 'ms', times)
    const rates: number[] = []
    for (let round = 0; round < 3; round++) {
      const ready = next((message) => message.ready === true)
      child.send({ burst: BURST })
      await ready
      const done = next((message) => message.done === true)
      const begin = process.hrtime.bigint()
      for (let i = 0; i < BURST; i++) {
        await send()
        if (i % 16 === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      await done
      rates.push(BURST / (Number(process.hrtime.bigint() - begin) / 1e9))
    }
    report(`${path} throughput, ${BODY_BYTES} B, two processes`, 'messages/s', rates)
  }
  child.send({ stop: true })
  await Promise.all([side.stop(), other.stop()])
}

await (process.argv[2] === 'reader' ? reader() : writer())
