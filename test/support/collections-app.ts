/** The app of test/apps/collections-rs: the committed module, what can be done to each of its collections, and traces of it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspectModule } from '../../src/node/runtime/wasm/inspect.ts'
import { compileModule, type LoadedModule } from '../../src/node/runtime/wasm/loaded.ts'
import { GuestClock } from '../../src/node/runtime/wasm/guest-clock.ts'
import { Replica, type Seeded, seeded } from './guest.ts'
import {
  type Call,
  type Situation,
  type Delta,
  runTrace,
  START_NS,
  type TraceResult,
  type Workload,
} from './trace-world.ts'

export interface Edit {
  readonly path: readonly string[]
  readonly op: string
}

/** What can be done to a collection. `#` in a path stands for a key, `%` for a position. */
interface Shape {
  /** Changes that only ever add: nothing of them may be lost. */
  readonly grow: readonly Edit[]
  /** Changes that replace or take away. */
  readonly other: readonly Edit[]
}

const at = (op: string, ...path: string[]): Edit => ({ op, path })
const below = (step: string, edits: readonly Edit[]): Edit[] =>
  edits.map(({ op, path }) => ({ op, path: [step, ...path] }))

const text: Shape = { grow: [at('set')], other: [] }
const note: Shape = { grow: [at('set')], other: [at('unset')] }
/** In the state entry nothing can be unset: joined with a value, nothing gives way. */
const inlineNote: Shape = { grow: [at('set')], other: [] }
const set: Shape = { grow: [at('add')], other: [at('discard'), at('clear')] }
const hits: Shape = { grow: [at('increment')], other: [] }
const balance: Shape = { grow: [at('increment'), at('decrement')], other: [] }
const rga: Shape = { grow: [at('prepend'), at('append')], other: [at('erase')] }
const record: Shape = {
  grow: [at('set', 'name'), at('increment', 'score'), at('add', 'tags')],
  other: [at('discard', 'tags')],
}
const mapOf = ({ grow, other }: Shape): Shape => ({
  grow: below('#', grow),
  other: [...below('#', other), at('insert', '#'), at('remove', '#'), at('move', '#'), at('clear')],
})
const listOf = ({ grow, other }: Shape): Shape => ({
  grow: [at('push'), ...below('%', grow)],
  other: [...below('%', other), at('replace', '%'), at('pop'), at('clear')],
})
const ownOf = ({ grow, other }: Shape): Shape => ({
  grow,
  other: [...other, at('insert'), at('remove')],
})

export const SHAPES: Readonly<Record<string, Shape>> = {
  map: mapOf(text),
  sorted: mapOf(text),
  set,
  sorted_set: set,
  sorted_bytes: { grow: [at('put', '#')], other: [] },
  list: listOf(text),
  hits,
  balance,
  text: rga,
  own: ownOf(text),
  frozen: { grow: [at('add')], other: [] },
  authored: { grow: [at('put', '#')], other: [at('remove', '#')] },
  authored_list: { grow: [at('push')], other: [at('replace', '%')] },
  title: text,
  note: inlineNote,
  record,
  map_map: mapOf(mapOf(text)),
  map_sorted: mapOf(mapOf(text)),
  map_set: mapOf(set),
  map_sorted_set: mapOf(set),
  map_list: mapOf(listOf(text)),
  map_hits: mapOf(hits),
  map_balance: mapOf(balance),
  map_text: mapOf(rga),
  map_note: mapOf(note),
  map_record: mapOf(record),
  sorted_map: mapOf(mapOf(text)),
  sorted_list: mapOf(listOf(text)),
  sorted_hits: mapOf(hits),
  list_map: listOf(mapOf(text)),
  list_set: listOf(set),
  list_list: listOf(listOf(text)),
  list_hits: listOf(hits),
  list_text: listOf(rga),
  // to write the name is to put the record back, which moves what it holds
  list_record: listOf({
    grow: [at('increment', 'score'), at('add', 'tags')],
    other: [at('set', 'name')],
  }),
  own_map: ownOf(mapOf(text)),
  own_list: ownOf(listOf(text)),
  own_hits: ownOf(hits),
  own_record: ownOf(record),
  map_map_hits: mapOf(mapOf(hits)),
  map_list_map: mapOf(listOf(mapOf(text))),
}

/** The module's bytes. */
export function collectionsWasm(): Uint8Array {
  const path = '../apps/collections-rs/dist/collections.wasm'
  return readFileSync(join(import.meta.dirname, path))
}

interface Collections {
  readonly module: LoadedModule
  readonly origin: { readonly author: Replica; readonly receiver: Replica }
}

let loaded: Promise<Collections> | undefined

/** The module, compiled once per process, and the two states in which copies of it begin: `init` run, and `init` replayed. */
export function loadCollections(): Promise<Collections> {
  return (loaded ??= begin())
}

async function begin(): Promise<Collections> {
  const module = await compileModule(inspectModule(collectionsWasm()))
  const replica = (name: string): Replica => {
    const wallNs = (): bigint => START_NS
    const random = seeded(name).bytes
    return new Replica({ module, name, wallNs, random, time: new GuestClock(wallNs) })
  }
  const author = replica('author')
  const receiver = replica('receiver')
  await Promise.all([author.prepare(), receiver.prepare()])
  const genesis = author.call('init')
  receiver.apply(genesis.artifact, genesis.lastNs)
  return { module, origin: { author, receiver } }
}

/** Puts keys and positions into an edit's path. Few of them, so that edits meet. */
export function place({ path, op }: Edit, { int }: Seeded, keys: number): Edit {
  const step = (one: string): string =>
    one === '#' ? `k${int(keys)}` : one === '%' ? String(int(keys)) : one
  return { op, path: path.map(step) }
}

export interface CollectionTrace {
  readonly shapes: readonly string[]
  /** Only edits that add: then nothing may be lost. */
  readonly growOnly: boolean
  readonly condition: Situation
  readonly seed: number
}

/** Runs one trace over some of the collections. Its fields decide everything. */
export async function runCollectionTrace(trace: CollectionTrace): Promise<TraceResult> {
  const { shapes, growOnly, condition, seed } = trace
  const collections = await loadCollections()
  const name = `${condition} ${shapes.join()} ${growOnly} ${seed}`
  const workload = new CollectionWorkload(collections, shapes, growOnly)
  return runTrace(workload, condition, name, 2 + (seed & 1))
}

class CollectionWorkload implements Workload {
  readonly module: LoadedModule
  readonly origin: Collections['origin']
  readonly questions = ['show']
  readonly #shapes: readonly string[]
  readonly #growOnly: boolean

  constructor({ module, origin }: Collections, shapes: readonly string[], growOnly: boolean) {
    this.module = module
    this.origin = origin
    this.#shapes = shapes
    this.#growOnly = growOnly
  }

  draw(random: Seeded, busy: boolean): (value: string) => Call {
    const shape = random.pick(this.#shapes)
    const { grow, other } = SHAPES[shape] as Shape // callers name shapes of the table
    // sets need values that come again
    const shared = `s${random.int(4)}`
    const isGrowing = this.#growOnly || other.length === 0 || random.int(3) > 0
    const edit = place(random.pick(isGrowing ? grow : other), random, busy ? 2 : 3)
    const isOfSet = edit.op === 'add' || edit.op === 'discard'
    // a key that was removed and set again is hidden until its call is over
    const key = random.pick(['k0', 'k1', 'k2'].filter((one) => !edit.path.includes(one)))
    return (value) => ({
      method: 'edit',
      params: {
        shape,
        ...edit,
        value: isOfSet ? shared : edit.op === 'move' ? key : value,
      },
    })
  }

  isComplete([view]: readonly unknown[], deltas: readonly Delta[]): boolean {
    if (!this.#growOnly) return true
    const shown = view as Readonly<Record<string, unknown>> // as the app declares it
    const start = this.origin.author.view('show') as Readonly<Record<string, unknown>>
    const counting = this.#shapes.filter((shape) =>
      SHAPES[shape]?.grow.some(({ op }) => op === 'increment'),
    )
    return counting.every((shape) => {
      const edits = deltas.filter(({ params }) => params['shape'] === shape)
      const by = (op: string): number => edits.filter(({ params }) => params['op'] === op).length
      const grown = (count: (value: unknown) => number): number =>
        count(shown[shape]) - count(start[shape])
      return grown(sum) === by('increment') - by('decrement') + by('push') * pushedSum(shape)
    })
  }
}

/** What a pushed value adds to the sum of all counters. */
function pushedSum(shape: string): number {
  return shape === 'list_hits' || shape === 'list_record' ? 1 : 0
}

/** All numbers in a value. */
function sum(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value !== 'object' || value === null) return 0
  // sorted collections show their content twice
  const parts = 'all' in value ? [value.all] : Object.values(value)
  return parts.reduce((total: number, one) => total + sum(one), 0)
}
