/**
 * Seeded traces over two or three nodes: concurrent calls, deliveries in causal order, then everything delivered. They answer whether copies of
 * a state end equal with nothing lost; `init` is replayed like any delta.
 */
import { toHex } from '../../src/node/primitives/bytes.ts'
import { isMerogateError } from '../../src/node/errors.ts'
import type { GuestEvent, GuestOutcome } from '../../src/node/runtime/engine.ts'
import type { LoadedModule } from '../../src/node/runtime/wasm/loaded.ts'
import { GuestClock } from '../../src/node/runtime/wasm/guest-clock.ts'
import { kvInput } from './kv-app.ts'
import { Replica, seeded, type Seeded, sha256 } from './guest.ts'

export type Mix =
  'map' | 'counter' | 'vector' | 'mixed' | 'handler' | 'remove' | 'mixedRemove' | 'register'

export const MIXES: Readonly<Record<Mix, readonly string[]>> = {
  map: ['set'],
  counter: ['incr'],
  vector: ['push'],
  mixed: ['set', 'incr', 'push'],
  handler: ['set_notify', 'incr'],
  remove: ['set', 'set', 'remove'],
  mixedRemove: ['set', 'set', 'remove', 'incr', 'push'],
  register: ['rename', 'set'],
}

interface Condition {
  /** All nodes act at the same nanosecond. */
  readonly tie?: boolean
  /** Readings of the clock differ between nodes in their low bits. */
  readonly lanes?: boolean
  /** Minutes between the clocks of neighbouring nodes. */
  readonly skewMinutes?: number
}

export type ConditionName = 'causal' | 'tie' | 'tieLanes' | 'skewFloor'

export const CONDITIONS: Readonly<Record<ConditionName, Condition>> = {
  causal: {},
  tie: { tie: true },
  tieLanes: { tie: true, lanes: true },
  skewFloor: { skewMinutes: 5 },
}

type Params = Readonly<Record<string, string>>

interface Delta {
  readonly id: string
  readonly parents: readonly string[]
  readonly artifact: Uint8Array
  readonly authoredNs: bigint
  readonly events: readonly GuestEvent[]
  readonly method: string
  readonly params: Params
}

interface Peer {
  readonly replica: Replica
  readonly applied: Set<string>
  readonly heads: Set<string>
}

export interface TraceResult {
  /** Every node answers every question alike. */
  readonly values: boolean
  /** Every node has the same root. */
  readonly roots: boolean
  /** Every increment, push and handler run counted, each key and the title at a causally latest write. */
  readonly complete: boolean
  /** Calls or applications that failed, in words. */
  readonly failures: readonly string[]
}

const STEPS = 40
const START_NS = 1_790_000_000_000_000_000n
const MINUTE_NS = 60_000_000_000n

/** Runs one trace. The seed decides everything. */
export function runTrace(
  module: LoadedModule,
  mix: Mix,
  condition: ConditionName,
  seed: number,
): TraceResult {
  const world = new World(
    module,
    MIXES[mix],
    CONDITIONS[condition],
    seeded(`${condition} ${mix} ${seed}`),
    2 + (seed & 1),
  )
  return world.run(mix === 'handler')
}

class World {
  readonly #random: Seeded
  readonly #methods: readonly string[]
  readonly #condition: Condition
  readonly #peers: readonly Peer[]
  readonly #deltas: Delta[] = []
  readonly #pushed: string[] = []
  readonly #failures: string[] = []
  #ns = START_NS
  #serial = 0
  #handlers = false

  constructor(
    module: LoadedModule,
    methods: readonly string[],
    condition: Condition,
    random: Seeded,
    peers: number,
  ) {
    this.#random = random
    this.#methods = methods
    this.#condition = condition
    this.#peers = Array.from({ length: peers }, (_, index) => {
      const skew = BigInt((index - 1) * (condition.skewMinutes ?? 0)) * MINUTE_NS
      const wallNs = (): bigint => this.#ns + skew
      // without lanes all nodes share lane 0, so that equal times can meet
      const lane = condition.lanes === true ? index + 1 : 0
      const replica = new Replica({
        module,
        name: String(index),
        wallNs,
        random: random.bytes,
        lane,
        time: new GuestClock(wallNs),
      })
      return { replica, applied: new Set<string>(), heads: new Set<string>() }
    })
  }

  run(handlers: boolean): TraceResult {
    this.#handlers = handlers
    const [first, ...others] = this.#peers
    const genesis = first && this.#author(first, 'init', {})
    if (genesis === undefined)
      return { values: false, roots: false, complete: false, failures: this.#failures }
    for (const peer of others) this.#receive(peer, genesis)
    for (let step = 0; step < STEPS; step += this.#condition.tie === true ? 3 : 1) this.#step()
    this.#deliverAll()
    return this.#compare()
  }

  #step(): void {
    const { int, pick } = this.#random
    if (this.#condition.tie === true) {
      this.#ns += 1_000_000_000n
      const method = pick(this.#methods)
      const key = `k${int(2)}`
      for (const peer of this.#peers) this.#act(peer, method, key)
      for (const peer of this.#peers) this.#deliverSome(peer)
      return
    }
    this.#ns += BigInt(1 + int(2_000_000))
    const peer = pick(this.#peers)
    if (int(3) > 0) this.#act(peer, pick(this.#methods), `k${int(4)}`)
    else this.#deliverSome(peer)
  }

  #act(peer: Peer, method: string, key: string): void {
    const value = `v${this.#serial++}`
    const params: Record<string, Params> = {
      set: { key, value },
      set_notify: { key, value },
      remove: { key },
      push: { value },
      rename: { title: value },
    }
    const delta = this.#author(peer, method, params[method] ?? {})
    if (delta !== undefined && method === 'push') this.#pushed.push(value)
  }

  #try(what: string, run: () => GuestOutcome): GuestOutcome | undefined {
    try {
      return run()
    } catch (error) {
      if (!isMerogateError(error)) throw error
      this.#failures.push(`${what}: ${error.message}`)
      return undefined
    }
  }

  #author(peer: Peer, method: string, params: Params): Delta | undefined {
    const outcome = this.#try(method, () => peer.replica.callBytes(method, kvInput(params)))
    if (outcome === undefined) return undefined
    if (outcome.root === undefined) {
      this.#failures.push(`${method}: nothing was written`)
      return undefined
    }
    const parents = [...peer.heads]
    const delta: Delta = {
      id: toHex(sha256(...parents, outcome.artifact, String(this.#deltas.length))),
      parents,
      artifact: outcome.artifact,
      authoredNs: outcome.lastNs,
      events: outcome.events,
      method,
      params,
    }
    this.#record(peer, delta)
    this.#deltas.push(delta)
    return delta
  }

  #receive(peer: Peer, delta: Delta): void {
    const outcome = this.#try(`apply of ${delta.method}`, () =>
      peer.replica.apply(delta.artifact, delta.authoredNs),
    )
    this.#record(peer, delta)
    if (outcome === undefined || !this.#handlers) return
    for (const { handler, data } of delta.events) {
      if (handler !== undefined) {
        this.#author(peer, handler, JSON.parse(new TextDecoder().decode(data)) as Params) // written by the app
      }
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

  #deliverSome(peer: Peer): void {
    for (let left = this.#random.int(5); left > 0; left--) {
      const ready = this.#ready(peer)
      if (ready.length === 0) return
      this.#receive(peer, this.#random.pick(ready))
    }
  }

  #deliverAll(): void {
    for (let isBusy = true; isBusy;) {
      isBusy = false
      for (const peer of this.#peers) {
        const ready = this.#ready(peer)
        if (ready.length === 0) continue
        this.#ns += 1_000_000n
        this.#receive(peer, this.#random.pick(ready))
        isBusy = true
      }
    }
  }

  #compare(): TraceResult {
    const views = this.#peers.map(({ replica }) => replica.view('summary') as Summary) // as the app declares it
    const texts = new Set(views.map((view) => JSON.stringify(view)))
    const roots = new Set(
      this.#peers.map(({ replica }) => toHex(replica.root ?? new Uint8Array(0))),
    )
    const isComplete = views.every((view, i) =>
      this.#isComplete(view, this.#peers[i]?.replica.view('len')),
    )
    return {
      values: texts.size === 1,
      roots: roots.size === 1,
      complete: isComplete,
      failures: this.#failures,
    }
  }

  #count(method: string): number {
    return this.#deltas.filter((delta) => delta.method === method).length
  }

  #isComplete(view: Summary, length: unknown): boolean {
    const past = this.#pasts()
    /** Writes that no later write of the same thing saw. */
    const latest = (writes: readonly Delta[]): readonly Delta[] =>
      writes.filter((one) => !writes.some((other) => past.get(other.id)?.has(one.id)))
    const isLatest = (
      writes: readonly Delta[],
      value: string | undefined,
      name: string,
    ): boolean => {
      const top = latest(writes)
      return top.length === 0 || top.some((delta) => delta.params[name] === value)
    }
    const keys = ['k0', 'k1', 'k2', 'k3']
    const byKey = (key: string): Delta[] =>
      this.#deltas.filter(
        ({ method, params }) => /^(set|remove)/.test(method) && params['key'] === key,
      )
    return (
      view.hits === this.#count('incr') &&
      view.seen === this.#count('on_set') &&
      JSON.stringify([...view.log].sort()) === JSON.stringify([...this.#pushed].sort()) &&
      length === Object.keys(view.items).length &&
      keys.every((key) => isLatest(byKey(key), view.items[key], 'value')) &&
      isLatest(
        this.#deltas.filter(({ method }) => method === 'rename'),
        view.title,
        'title',
      )
    )
  }

  /** All ancestors of each delta. */
  #pasts(): Map<string, Set<string>> {
    const out = new Map<string, Set<string>>()
    for (const { id, parents } of this.#deltas) {
      const past = new Set(parents)
      for (const parent of parents) for (const one of out.get(parent) ?? []) past.add(one)
      out.set(id, past)
    }
    return out
  }
}

interface Summary {
  readonly items: Readonly<Record<string, string>>
  readonly hits: number
  readonly log: readonly string[]
  readonly seen: number
  readonly title: string
}
