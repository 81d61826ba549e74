/**
 * Seeded traces over two or three copies of one context: concurrent calls, deliveries in causal order, then everything delivered. What is
 * called and what counts as right is the workload's.
 */
import { generateSigningKey, type SigningKey } from '../../src/node/crypto/sign.ts'
import { isMerogateError } from '../../src/node/errors.ts'
import { toHex } from '../../src/node/primitives/bytes.ts'
import type { GuestEvent, GuestOutcome } from '../../src/node/runtime/engine.ts'
import { GuestClock } from '../../src/node/runtime/wasm/guest-clock.ts'
import type { LoadedModule } from '../../src/node/runtime/wasm/loaded.ts'
import { Replica, type Seeded, seeded, sha256 } from './guest.ts'
import { kvInput } from './kv-app.ts'

interface Condition {
  /** Whatever one does all have before the next does something. */
  readonly sequential?: boolean
  /** Nobody hears of anything before all are done. */
  readonly offline?: boolean
  /** @default 2 or 3, by the seed */
  readonly peers?: number
  /** What came last is taken first, as far as what it builds on is there. */
  readonly newestFirst?: boolean
  /** Now and then a copy starts anew from what is stored. */
  readonly restarts?: boolean
  /** Halfway another copy comes, with what one of the others has, or by replaying all that was done, by time. */
  readonly joins?: 'snapshot' | 'replay'
  /** All copies act at the same nanosecond. */
  readonly tie?: boolean
  /** Readings of the clock differ between copies in their low bits. */
  readonly lanes?: boolean
  /** Minutes between the clocks of neighbouring copies. */
  readonly skewMinutes?: number
}

export type ConditionName = 'causal' | 'tie' | 'tieLanes' | 'skewFloor'

export const CONDITIONS: Readonly<Record<ConditionName, Condition>> = {
  causal: {},
  tie: { tie: true },
  tieLanes: { tie: true, lanes: true },
  skewFloor: { skewMinutes: 5 },
}

export type Situation =
  | ConditionName
  | 'sequential'
  | 'offline'
  | 'three'
  | 'newestFirst'
  | 'restart'
  | 'joinSnapshot'
  | 'joinReplay'

export const SITUATIONS: Readonly<Record<Situation, Condition>> = {
  sequential: { sequential: true },
  ...CONDITIONS,
  offline: { offline: true },
  three: { peers: 3 },
  newestFirst: { newestFirst: true },
  restart: { restarts: true },
  joinSnapshot: { joins: 'snapshot' },
  joinReplay: { joins: 'replay' },
}

export type Params = Readonly<Record<string, unknown>>

export interface Call {
  readonly method: string
  readonly params: Params
}

export interface Delta extends Call {
  readonly id: string
  readonly parents: readonly string[]
  readonly artifact: Uint8Array
  readonly authoredNs: bigint
  readonly events: readonly GuestEvent[]
}

/** What is done in a trace. */
export interface Workload {
  readonly module: LoadedModule
  /** Where copies begin: an author that ran `init`, and one that replayed it. @default `init` is run and replayed in each trace */
  readonly origin?: { readonly author: Replica; readonly receiver: Replica }
  /** A call to be made, by several copies at once with values of their own. `busy`: on few keys, so that calls meet. */
  draw(random: Seeded, busy: boolean): (value: string) => Call
  /** Views whose answers must be the same everywhere. */
  readonly questions: readonly string[]
  /** Whether receivers run the handlers of events. @default false */
  readonly handlers?: boolean
  /** Codes by which a call may be refused, which then has not been made. @default none */
  readonly refusals?: readonly string[]
  /** Whether nothing was lost, by what a copy answers. @default always */
  isComplete?(answers: readonly unknown[], deltas: readonly Delta[]): boolean
}

export interface TraceResult {
  /** Every copy answers the questions alike. */
  readonly values: boolean
  /** Every copy has the same root. */
  readonly roots: boolean
  /** Nothing was lost. */
  readonly complete: boolean
  /** Calls or applications that failed, in words. */
  readonly failures: readonly string[]
}

/** What a trace ends in when all is well. */
export const CONVERGED: TraceResult = { values: true, roots: true, complete: true, failures: [] }

const STEPS = 40
export const START_NS = 1_790_000_000_000_000_000n
const MINUTE_NS = 60_000_000_000n

/** Key of a copy in every trace. */
export function peerKey(index: number): SigningKey {
  return generateSigningKey(sha256(`signer ${index}`))
}

interface Peer {
  readonly replica: Replica
  readonly applied: Set<string>
  readonly heads: Set<string>
}

/** Runs one trace. The seed decides everything. */
export async function runTrace(
  workload: Workload,
  situation: Situation,
  seed: string,
  peers: number,
): Promise<TraceResult> {
  const condition = SITUATIONS[situation]
  const world = new World(workload, condition, seeded(seed), condition.peers ?? peers)
  return world.run()
}

class World {
  readonly #workload: Workload
  readonly #random: Seeded
  readonly #condition: Condition
  readonly #peers: Peer[]
  readonly #deltas: Delta[] = []
  readonly #failures: string[] = []
  #ns = START_NS
  #serial = 0

  constructor(workload: Workload, condition: Condition, random: Seeded, peers: number) {
    this.#workload = workload
    this.#random = random
    this.#condition = condition
    this.#peers = Array.from({ length: peers }, (_, index) => this.#peer(index))
  }

  #peer(index: number): Peer {
    const { skewMinutes = 0, lanes } = this.#condition
    const skew = BigInt((index - 1) * skewMinutes) * MINUTE_NS
    const wallNs = (): bigint => this.#ns + skew
    const replica = new Replica({
      module: this.#workload.module,
      name: String(index),
      signer: peerKey(index),
      wallNs,
      random: this.#random.bytes,
      // without lanes all copies share lane 0, so that equal times can meet
      lane: lanes === true ? index + 1 : 0,
      time: new GuestClock(wallNs),
    })
    return { replica, applied: new Set<string>(), heads: new Set<string>() }
  }

  async run(): Promise<TraceResult> {
    await this.#begin()
    const { tie, restarts, joins, sequential } = this.#condition
    for (let step = 0; step < STEPS; step += tie === true ? 3 : 1) {
      this.#step()
      if (sequential === true) this.#deliverAll()
      if (restarts === true && this.#random.int(8) === 0) await this.#restart()
      if (joins !== undefined && step === STEPS / 2) await this.#join(joins)
    }
    this.#deliverAll()
    return this.#compare()
  }

  async #restart(): Promise<void> {
    const { replica } = this.#random.pick(this.#peers)
    replica.restart()
    await replica.prepare()
  }

  async #join(by: 'snapshot' | 'replay'): Promise<void> {
    const other = this.#random.pick(this.#peers)
    const peer = this.#peer(this.#peers.length)
    const { origin } = this.#workload
    if (by === 'snapshot') {
      peer.replica.copyFrom(other.replica)
      for (const id of other.applied) peer.applied.add(id)
      for (const id of other.heads) peer.heads.add(id)
    } else if (origin !== undefined) {
      peer.replica.copyFrom(origin.receiver)
    }
    await peer.replica.prepare()
    this.#peers.push(peer)
    if (by === 'snapshot') return
    const inTime = [...this.#deltas].sort((a, b) => Number(a.authoredNs - b.authoredNs))
    for (const delta of inTime) if (!peer.applied.has(delta.id)) this.#receive(peer, delta)
  }

  async #begin(): Promise<void> {
    const { origin } = this.#workload
    const [first, ...others] = this.#peers
    if (first === undefined) return
    if (origin === undefined) {
      for (const { replica } of this.#peers) await replica.prepare()
      const genesis = this.#author(first, { method: 'init', params: {} })
      if (genesis !== undefined) for (const peer of others) this.#receive(peer, genesis)
      return
    }
    first.replica.copyFrom(origin.author)
    for (const { replica } of others) replica.copyFrom(origin.receiver)
    for (const { replica } of this.#peers) await replica.prepare()
  }

  #step(): void {
    const { int, pick } = this.#random
    if (this.#condition.tie === true) {
      this.#ns += 1_000_000_000n
      const draw = this.#workload.draw(this.#random, true)
      for (const peer of this.#peers) this.#author(peer, draw(this.#value()))
      for (const peer of this.#peers) this.#deliverSome(peer)
      return
    }
    this.#ns += BigInt(1 + int(2_000_000))
    const peer = pick(this.#peers)
    if (int(3) > 0) this.#author(peer, this.#workload.draw(this.#random, false)(this.#value()))
    else this.#deliverSome(peer)
  }

  #value(): string {
    return `v${this.#serial++}`
  }

  #try(
    what: string,
    run: () => GuestOutcome,
    refusals: readonly string[] = [],
  ): GuestOutcome | undefined {
    try {
      return run()
    } catch (error) {
      if (!isMerogateError(error)) throw error
      if (refusals.includes(error.code)) return undefined
      this.#failures.push(`${what}: ${error.message}`)
      return undefined
    }
  }

  #author(peer: Peer, made: Call): Delta | undefined {
    const { method, params } = made
    const what = `${method} ${JSON.stringify(params)}`
    const call = (): GuestOutcome => peer.replica.callBytes(method, kvInput(params))
    const outcome = this.#try(what, call, this.#workload.refusals)
    if (outcome === undefined) return undefined
    if (outcome.root === undefined) {
      this.#failures.push(`${what}: nothing was written`)
      return undefined
    }
    const parents = [...peer.heads]
    const delta: Delta = {
      ...made,
      id: toHex(sha256(...parents, outcome.artifact, String(this.#deltas.length))),
      parents,
      artifact: outcome.artifact,
      authoredNs: outcome.lastNs,
      events: outcome.events,
    }
    this.#record(peer, delta)
    this.#deltas.push(delta)
    return delta
  }

  #receive(peer: Peer, delta: Delta): void {
    const outcome = this.#try(`apply of ${delta.method} ${JSON.stringify(delta.params)}`, () =>
      peer.replica.apply(delta.artifact, delta.authoredNs),
    )
    this.#record(peer, delta)
    if (outcome === undefined || this.#workload.handlers !== true) return
    for (const { handler, data } of delta.events) {
      if (handler === undefined) continue
      const params = JSON.parse(new TextDecoder().decode(data)) as Params // written by the app
      this.#author(peer, { method: handler, params })
    }
  }

  #record({ applied, heads }: Peer, delta: Delta): void {
    applied.add(delta.id)
    for (const parent of delta.parents) heads.delete(parent)
    heads.add(delta.id)
  }

  #ready({ applied }: Peer): Delta[] {
    return this.#deltas.filter(
      ({ id, parents }) => !applied.has(id) && parents.every((parent) => applied.has(parent)),
    )
  }

  #next(ready: readonly Delta[]): Delta {
    const newest = ready.at(-1)
    const isLast = this.#condition.newestFirst === true && newest !== undefined
    return isLast ? newest : this.#random.pick(ready)
  }

  #deliverSome(peer: Peer): void {
    if (this.#condition.offline === true) return
    for (let left = this.#random.int(5); left > 0; left--) {
      const ready = this.#ready(peer)
      if (ready.length === 0) return
      this.#receive(peer, this.#next(ready))
    }
  }

  #deliverAll(): void {
    for (let isBusy = true; isBusy;) {
      isBusy = false
      for (const peer of this.#peers) {
        const ready = this.#ready(peer)
        if (ready.length === 0) continue
        this.#ns += 1_000_000n
        this.#receive(peer, this.#next(ready))
        isBusy = true
      }
    }
  }

  #compare(): TraceResult {
    const workload = this.#workload
    const answers = this.#peers.map(({ replica }) =>
      workload.questions.map((question) => replica.view(question)),
    )
    const texts = new Set(answers.map((answer) => JSON.stringify(answer)))
    const roots = new Set(
      this.#peers.map(({ replica }) => toHex(replica.root ?? new Uint8Array(0))),
    )
    return {
      values: texts.size === 1,
      roots: roots.size === 1,
      complete: answers.every((answer) => workload.isComplete?.(answer, this.#deltas) ?? true),
      failures: this.#failures,
    }
  }
}
