/** Pulls what is missing: deltas that peers have shown to exist, and key epochs (sync-protocol.md 11.6, fetch scheduler). */
import { MAX_WANTED_IDS } from '../../codec/sync-frames.ts'
import { isMerogateError } from '../../errors.ts'
import type { PeerId } from '../../network/network.ts'
import type { Clock, Random, Timer } from '../../primitives/clock.ts'
import { type ContextId, type DeltaId, idKey } from '../../primitives/ids.ts'
import type { Logger } from '../../primitives/logger.ts'
import type { Background } from '../../primitives/background.ts'
import {
  MAX_BARREN_REQUESTS,
  MAX_FETCHES_PER_CONTEXT,
  MAX_HAVE,
  MAX_RECEIVING,
  RETRY_MAX_MS,
  RETRY_MIN_MS,
  SECOND_OPINION_MS,
} from '../limits.ts'
import type { SyncMetrics } from '../metrics.ts'
import type { PushPlane } from '../push/push.ts'
import type { Misbehaviour } from '../quotas.ts'
import type { ReceiveResult, ReplicaSource } from '../replica.ts'
import type { Requests } from './requests.ts'
import { type Batch, WantedDeltas } from './wanted.ts'

export interface FetcherComponents {
  readonly replica: ReplicaSource
  readonly push: PushPlane
  readonly requests: Requests
  readonly misbehaviour: Misbehaviour
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: SyncMetrics
  readonly background: Background
}

/** What is under way in one context. */
interface Work {
  readonly context: ContextId
  readonly deltas: WantedDeltas
  /** Peers being asked for deltas now. */
  readonly asking: Set<PeerId>
  /** When a peer that is being asked last sent something. */
  progressAt: number
  timer: Timer | undefined
  keysRunning: boolean
  keysTimer: Timer | undefined
  keyFailures: number
  /** Wakes whoever waits for the context to come to rest. */
  readonly waiting: Set<() => void>
}

export class Fetcher {
  readonly #c: FetcherComponents
  readonly #work = new Map<string, Work>()
  #stop = new AbortController()

  constructor(components: FetcherComponents) {
    this.#c = components
  }

  start(): void {
    this.#stop = new AbortController()
  }

  stop(): void {
    this.#stop.abort()
    for (const { context } of this.#work.values()) this.forget(context)
  }

  /** Stops fetching for a context. */
  forget(context: ContextId): void {
    const work = this.#work.get(idKey(context))
    if (work === undefined) return
    work.timer?.cancel()
    work.keysTimer?.cancel()
    this.#work.delete(idKey(context))
    for (const wake of work.waiting) wake()
  }

  /** Asks for deltas, first of the peer that showed them to us. */
  want(context: ContextId, ids: readonly DeltaId[], peer?: PeerId): void {
    if (this.#stop.signal.aborted || !this.#c.replica.has(context)) return
    const work = this.#of(context)
    for (const id of ids) {
      if (this.#c.replica.knows(context, id)) continue
      if (!work.deltas.add(id, peer)) {
        this.#c.metrics.wantedFull.inc()
        break
      }
    }
    this.#pump(work)
  }

  /** Asks members for the key epochs the replica says it lacks. */
  wantKeys(context: ContextId): void {
    if (this.#stop.signal.aborted || !this.#c.replica.has(context)) return
    const work = this.#of(context)
    if (work.keysRunning || this.#c.replica.missingEpochs(context).length === 0) return
    work.keysTimer?.cancel()
    work.keysRunning = true
    this.#c.background.run('fetch keys', () => this.#fetchKeys(work))
  }

  /** Tries again at once, for there is somebody new to ask. */
  wake(context: ContextId): void {
    this.want(context, this.#c.replica.missingDeltas(context))
    this.wantKeys(context)
  }

  /** Resolves when nothing of a context is being fetched, or nobody is left to ask. */
  async settled(context: ContextId, signal?: AbortSignal): Promise<void> {
    for (;;) {
      const work = this.#work.get(idKey(context))
      if (work === undefined || signal?.aborted === true) return
      if (work.asking.size === 0 && !work.keysRunning) return
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          work.waiting.delete(wake)
          signal?.removeEventListener('abort', wake)
          resolve()
        }
        work.waiting.add(wake)
        signal?.addEventListener('abort', wake)
      })
    }
  }

  #of(context: ContextId): Work {
    const key = idKey(context)
    const known = this.#work.get(key)
    if (known !== undefined) return known
    const work: Work = {
      context,
      deltas: new WantedDeltas(),
      asking: new Set(),
      progressAt: -Infinity,
      timer: undefined,
      keysRunning: false,
      keysTimer: undefined,
      keyFailures: 0,
      waiting: new Set(),
    }
    this.#work.set(key, work)
    return work
  }

  #pump(work: Work): void {
    const { context, deltas, asking } = work
    work.timer?.cancel()
    work.timer = undefined
    if (this.#stop.signal.aborted || this.#work.get(idKey(context)) !== work) return
    deltas.prune((id) => this.#c.replica.knows(context, id))
    const peers = this.#peers(context).filter((peer) => !asking.has(peer))
    const now = this.#c.clock.monotonicMs()
    // What is wanted now is probably on its way already: another peer is asked only when the one being asked falls silent.
    const silentFor = now - work.progressAt
    if (asking.size > 0 && silentFor < SECOND_OPINION_MS) {
      work.timer = this.#c.clock.after(SECOND_OPINION_MS - silentFor, () => this.#pump(work))
      return
    }
    if (asking.size >= MAX_FETCHES_PER_CONTEXT) return
    const batch = deltas.next(peers, now, MAX_WANTED_IDS)
    if (batch !== undefined) {
      asking.add(batch.peer)
      work.progressAt = now
      this.#c.background.run('fetch deltas', () => this.#fetch(work, batch))
    }
    this.#c.metrics.wanted.set(deltas.size)
    const next = deltas.nextTime(peers.filter((peer) => !asking.has(peer)))
    if (next === undefined) return
    const wait = batch === undefined ? Math.max(next - now, 10) : SECOND_OPINION_MS
    work.timer = this.#c.clock.after(wait, () => this.#pump(work))
  }

  #peers(context: ContextId): PeerId[] {
    return this.#c.push
      .members(context)
      .map(({ peer }) => peer)
      .filter((peer) => !this.#c.misbehaviour.isBanned(peer))
  }

  async #fetch(work: Work, batch: Batch): Promise<void> {
    const { replica, clock, logger } = this.#c
    const { context } = work
    try {
      await this.#pull(work, batch)
    } catch (error) {
      if (isMerogateError(error, 'SYNC_BAD_ANSWER')) this.#c.misbehaviour.charge(batch.peer)
      logger.debug({ err: error, peer: batch.peer }, 'deltas could not be fetched')
    }
    work.asking.delete(batch.peer)
    const [byte = 0] = this.#c.random.bytes(1)
    work.deltas.done(batch, { now: clock.monotonicMs(), jitter: byte / 255 }, (id) =>
      replica.knows(context, id),
    )
    this.#pump(work)
    for (const wake of [...work.waiting]) wake()
  }

  /** Asks until the peer has no more, or sends nothing new for too long. */
  async #pull(work: Work, batch: Batch): Promise<void> {
    const { context } = work
    let tail: readonly DeltaId[] = []
    let barren = 0
    while (barren < MAX_BARREN_REQUESTS) {
      const have = this.#have(context, batch.peer, tail)
      const received = new Receiver(this.#c, context, batch.peer, (ids) =>
        this.want(context, ids, batch.peer),
      )
      const end = await this.#c.requests.deltas(
        batch.peer,
        context,
        batch.ids,
        have,
        (envelope) => {
          work.progressAt = this.#c.clock.monotonicMs()
          return received.take(envelope)
        },
        { signal: this.#stop.signal },
      )
      await received.settled()
      if (!end.more) return
      barren = received.fresh > 0 ? 0 : barren + 1
      tail = received.tail
      if (tail.length === 0) return // it says more, and sends nothing
      if (!this.#c.replica.has(context)) return
    }
  }

  /**
   * What the peer need not send: our heads, the heads it told us of that we have, and the end of what it just sent. Its own old heads
   * are what makes a partition heal without the whole history: it may not know ours.
   */
  #have(context: ContextId, peer: PeerId, tail: readonly DeltaId[]): readonly DeltaId[] {
    const { replica, push } = this.#c
    const theirs = push.peerHeads(peer, context).filter((id) => replica.knows(context, id))
    const ours = replica.frontier(context)?.heads ?? []
    const ids = [...tail, ...theirs.slice(0, 16), ...ours]
    return [...new Map(ids.map((id) => [idKey(id), id])).values()].slice(0, MAX_HAVE)
  }

  async #fetchKeys(work: Work): Promise<void> {
    const { context } = work
    const { replica, requests, push, logger } = this.#c
    const missing = (): readonly number[] => replica.missingEpochs(context)
    for (const { peer, party } of push.members(context)) {
      if (party.role === 'relay' || missing().length === 0 || this.#stop.signal.aborted) continue
      try {
        const grants = await requests.keys(peer, context, missing(), { signal: this.#stop.signal })
        await replica.acceptKeys(context, grants)
      } catch (error) {
        logger.debug({ err: error, peer }, 'keys could not be fetched')
      }
    }
    work.keysRunning = false
    for (const wake of [...work.waiting]) wake()
    if (this.#stop.signal.aborted || this.#work.get(idKey(context)) !== work) return
    if (missing().length === 0) {
      work.keyFailures = 0
      return
    }
    const wait = Math.min(RETRY_MIN_MS * 2 ** Math.min(work.keyFailures++, 20), RETRY_MAX_MS)
    work.keysTimer = this.#c.clock.after(wait, () => this.wantKeys(context))
  }
}

/** Hands fetched envelopes to the replica, in order and not too many at a time. */
class Receiver {
  readonly #c: FetcherComponents
  readonly #context: ContextId
  readonly #peer: PeerId
  readonly #want: (ids: readonly DeltaId[]) => void
  readonly #running = new Set<Promise<void>>()
  readonly #tail: DeltaId[] = []
  fresh = 0

  constructor(
    components: FetcherComponents,
    context: ContextId,
    peer: PeerId,
    want: (ids: readonly DeltaId[]) => void,
  ) {
    this.#c = components
    this.#context = context
    this.#peer = peer
    this.#want = want
  }

  /** The last ids received, newest first. */
  get tail(): readonly DeltaId[] {
    return this.#tail.toReversed()
  }

  async take(envelope: Uint8Array): Promise<void> {
    const receiving = this.#c.replica.receive(this.#context, envelope, { peer: this.#peer })
    const noted = receiving
      .then((result) => this.#note(result))
      .catch((error: unknown) => this.#c.logger.error({ err: error }, 'a delta was not received'))
      .finally(() => this.#running.delete(noted))
    this.#running.add(noted)
    if (this.#running.size >= MAX_RECEIVING) await Promise.race(this.#running)
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running)
  }

  #note(result: ReceiveResult): void {
    const { status, delta, missing } = result
    this.#c.metrics.received.inc({ path: 'pull', status })
    if (status === 'invalid' && this.#c.replica.has(this.#context)) {
      this.#c.misbehaviour.charge(this.#peer)
    }
    if (delta === undefined) return
    if (status !== 'duplicate' && status !== 'invalid' && status !== 'announced') this.fresh++
    this.#tail.push(delta)
    if (this.#tail.length > 32) this.#tail.shift()
    if (missing.length > 0) this.#want(missing)
  }
}
