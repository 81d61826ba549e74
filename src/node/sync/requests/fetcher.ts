/** Pulls what is missing: asks peers what {@link Pull} says, and hands what they answer to the replica. */
import { isMerogateError } from '../../errors.ts'
import type { PeerId } from '../../network/network.ts'
import type { Background } from '../../primitives/background.ts'
import type { Clock, Random, Timer } from '../../primitives/clock.ts'
import { type ContextId, type DeltaId, idKey } from '../../primitives/ids.ts'
import type { Logger } from '../../primitives/logger.ts'
import type { SyncMetrics } from '../metrics.ts'
import type { OnlineMember } from '../push/push-types.ts'
import type { Misbehaviour } from '../quotas.ts'
import type { ReceiveResult, ReplicaSource } from '../replica.ts'
import { isHopeless, type Outcome, Pull, type Task } from './pull.ts'
import { Receiver } from './receiver.ts'
import type { DeltasEnd, Requests } from './requests.ts'

export interface FetcherComponents {
  readonly replica: Pick<
    ReplicaSource,
    'has' | 'knows' | 'height' | 'numbers' | 'landmarks' | 'receive' | 'missingDeltas'
  >
  readonly push: { members(context: ContextId): readonly OnlineMember[] }
  readonly requests: Pick<Requests, 'frontier' | 'ranges' | 'deltas'>
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
  readonly pull: Pull
  readonly running: Map<Task, AbortController>
  timer: Timer | undefined
  /** Set while a look at what is to be asked is due in this turn. */
  isDue: boolean
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
    for (const { context } of [...this.#work.values()]) this.forget(context)
  }

  /** Stops fetching for a context. */
  forget(context: ContextId): void {
    const work = this.#work.get(idKey(context))
    if (work === undefined) return
    work.timer?.cancel()
    this.#work.delete(idKey(context))
    for (const abort of work.running.values()) abort.abort()
    for (const wake of work.waiting) wake()
  }

  /** A peer's frontier shows something that is not applied here; `heads` are those of its heads. */
  heard(context: ContextId, peer: PeerId, heads: readonly DeltaId[]): void {
    const work = this.#of(context)
    if (work === undefined) return
    work.pull.heard(peer, heads, this.#c.clock.monotonicMs())
    this.#pump(work)
  }

  /** Deltas are known to exist, by a peer that showed them to us when there is one. */
  want(context: ContextId, ids: readonly DeltaId[], peer?: PeerId): void {
    const work = ids.length === 0 ? undefined : this.#of(context)
    if (work === undefined) return
    for (const id of ids) {
      if (work.pull.want(id, peer)) continue
      this.#c.metrics.wantedFull.inc()
      break
    }
    this.#soon(work)
  }

  /** Looks again at what is missing, for there may be somebody new to ask. */
  wake(context: ContextId): void {
    this.want(context, this.#c.replica.missingDeltas(context))
    const work = this.#work.get(idKey(context))
    if (work !== undefined) this.#soon(work)
  }

  /** A delta was applied: more of its author may be asked for. */
  applied(context: ContextId, id: DeltaId): void {
    const work = this.#work.get(idKey(context))
    work?.pull.have(id)
    if (work !== undefined && work.running.size === 0) this.#soon(work)
  }

  /** A delta came that was not asked for: it is here, and what it lacks is wanted. */
  came(context: ContextId, result: ReceiveResult, peer?: PeerId): void {
    const { status, delta, missing } = result
    const isHere = status === 'pending' || status === 'parked' || status === 'quarantined'
    if (isHere && delta !== undefined) this.#work.get(idKey(context))?.pull.have(delta)
    if (missing.length > 0) this.want(context, missing, peer)
  }

  /** Whether members are being asked for deltas. */
  isFetching(context: ContextId): boolean {
    const work = this.#work.get(idKey(context))
    return work !== undefined && work.running.size > 0
  }

  /** Resolves when nothing of a context is being fetched, or nobody is left to ask. */
  async settled(context: ContextId, signal?: AbortSignal): Promise<void> {
    for (;;) {
      const work = this.#work.get(idKey(context))
      if (work === undefined || signal?.aborted === true) return
      const isAtRest = work.pull.isAtRest(this.#peers(context), this.#c.clock.monotonicMs())
      if (!work.isDue && isAtRest) return
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

  #of(context: ContextId): Work | undefined {
    const { replica } = this.#c
    if (this.#stop.signal.aborted || !replica.has(context)) return undefined
    const key = idKey(context)
    const known = this.#work.get(key)
    if (known !== undefined) return known
    const pull = new Pull({
      height: (author) => replica.height(context, author),
      numbers: (author) => replica.numbers(context, author),
      knows: (id) => replica.knows(context, id),
    })
    const work: Work = {
      ...{ context, pull, running: new Map(), timer: undefined, isDue: false, waiting: new Set() },
    }
    this.#work.set(key, work)
    return work
  }

  #peers(context: ContextId): PeerId[] {
    return this.#c.push
      .members(context)
      .map(({ peer }) => peer)
      .filter((peer) => !this.#c.misbehaviour.isBanned(peer))
  }

  /** Once the work at hand is done: a burst of news costs one look. */
  #soon(work: Work): void {
    if (work.isDue) return
    work.isDue = true
    queueMicrotask(() => {
      work.isDue = false
      this.#pump(work)
    })
  }

  #pump(work: Work): void {
    const { context, pull } = work
    work.timer?.cancel()
    work.timer = undefined
    if (this.#stop.signal.aborted || this.#work.get(idKey(context)) !== work) return
    const now = this.#c.clock.monotonicMs()
    for (const [task, abort] of work.running) if (isHopeless(task, now)) abort.abort()
    const peers = this.#peers(context)
    for (let task = pull.next(peers, now); task !== undefined; task = pull.next(peers, now)) {
      this.#begin(work, task)
    }
    this.#c.metrics.wanted.set(pull.wanted)
    const next = pull.nextTime(peers, now)
    if (next !== undefined) {
      work.timer = this.#c.clock.after(next - now, () => this.#pump(work))
    }
    for (const wake of [...work.waiting]) wake()
  }

  #begin(work: Work, task: Task): void {
    const abort = new AbortController()
    work.running.set(task, abort)
    this.#c.background.run('fetch', async () => {
      const signal = AbortSignal.any([abort.signal, this.#stop.signal])
      const outcome = await this.#run(work, task, signal)
      work.running.delete(task)
      const [byte = 0] = this.#c.random.bytes(1)
      work.pull.done(task, outcome, this.#c.clock.monotonicMs(), byte / 255)
      this.#pump(work)
    })
  }

  async #run(work: Work, task: Task, signal: AbortSignal): Promise<Outcome> {
    const { requests, misbehaviour, logger } = this.#c
    const { context, pull } = work
    const { peer } = task
    try {
      if (task.kind === 'frontier') {
        pull.told(task, await requests.frontier(peer, context, { signal }))
        return 'complete'
      }
      const { more } = await this.#take(work, task, signal)
      return more ? 'partial' : 'complete'
    } catch (error) {
      if (isMerogateError(error, 'SYNC_BAD_ANSWER')) misbehaviour.charge(peer)
      logger.debug({ err: error, peer, kind: task.kind }, 'deltas could not be fetched')
      return 'failed'
    }
  }

  async #take(
    work: Work,
    task: Exclude<Task, { kind: 'frontier' }>,
    signal: AbortSignal,
  ): Promise<DeltasEnd> {
    const { requests, replica, clock } = this.#c
    const { context, pull } = work
    const { peer } = task
    const receiver = new Receiver(this.#c, context, peer, {
      onTaken: () => task.verifying++,
      onResult: (result) => {
        task.verifying--
        if (result === undefined) return
        pull.arrived(task, result, clock.monotonicMs())
        if (result.missing.length > 0) this.want(context, result.missing, peer)
      },
    })
    const take = (envelope: Uint8Array): Promise<void> => receiver.take(envelope)
    try {
      const end =
        task.kind === 'ranges'
          ? await requests.ranges(peer, context, task.ranges, take, { signal })
          : await requests.deltas(peer, context, task.ids, replica.landmarks(context), take, {
              signal,
            })
      pull.read(task)
      this.#soon(work)
      return end
    } finally {
      await receiver.settled()
    }
  }
}
