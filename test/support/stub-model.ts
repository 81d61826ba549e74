/**
 * A grow-only set behind the port of state models: the smallest CRDT there is. Each item is a row under its hash, the root is the exclusive
 * or of all hashes. Like a real guest it keeps its last state in memory, so a context that forgets to call `forget` shows.
 */
import { MerogateError } from '../../src/node/errors.ts'
import { EMPTY, equalBytes, fromUtf8, toHex, utf8 } from '../../src/node/primitives/bytes.ts'
import { sha256 } from '../../src/node/primitives/hash.ts'
import type {
  ContextRef,
  CrossCall,
  GuestEvent,
  GuestOutcome,
} from '../../src/node/runtime/engine.ts'
import type { StateModel } from '../../src/node/runtime/state-model.ts'
import { COLUMN, columnRange, u32be } from '../../src/node/store/keys.ts'
import type { Store } from '../../src/node/store/store.ts'

/** What a test may look at and change. */
export interface StubModel extends StateModel {
  /** Methods run, with their input as text. */
  readonly calls: { readonly method: string; readonly input: string }[]
  /** Items applied from other nodes, in order. */
  readonly applies: string[]
  /** The guest fails on deltas of these items. */
  readonly broken: Set<string>
  /** What ends the next deltas before the guest does, one after the other: the node's own failures. */
  readonly unable: (MerogateError | undefined)[]
  /** Methods that fail, and how many times. */
  readonly failing: Map<string, number>
  /** Laid over the root of the next outcome: an application that is not deterministic. */
  noise: Uint8Array | undefined
  /** Calls wait for it before they run. */
  paused: Promise<void> | undefined
  /** The items stored. */
  items(context: ContextRef): Promise<string[]>
}

/**
 * Methods: `init` and `add` add the input; `emit` adds it and emits an event whose handler is `onSaid`; `onSaid` adds `heard <input>`;
 * `quiet` emits an event whose handler `look` stores nothing; `look` returns the number of items; `bare` changes the root without an artefact;
 * `ask` calls `add` and then `look` of the same context with `for <input>`, `addAndAsk` adds the input as well.
 */
export function stubModel(store: Store): StubModel {
  const cached = new Map<number, Map<string, string>>()
  let tail: Promise<unknown> = Promise.resolve()
  // calls of one context run in the order they were asked for, as in a worker thread
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = tail.then(work)
    tail = done.catch(() => {})
    return done
  }
  const load = async ({ number }: ContextRef): Promise<Map<string, string>> => {
    const known = cached.get(number)
    if (known !== undefined) return known
    const items = new Map<string, string>()
    for await (const [key, value] of store.iterate(columnRange(COLUMN.state, u32be(number)))) {
      items.set(toHex(key.subarray(5)), fromUtf8(value))
    }
    cached.set(number, items)
    return items
  }
  const rootOf = (items: ReadonlyMap<string, string>): Uint8Array => {
    const root = new Uint8Array(32)
    for (const item of items.values()) xor(root, sha256(utf8(item)))
    if (model.noise !== undefined) xor(root, model.noise)
    return root
  }
  const outcome = (over: Partial<GuestOutcome>): GuestOutcome => ({
    output: undefined,
    logs: [],
    events: [],
    crossCalls: [],
    root: undefined,
    artifact: EMPTY,
    needsSignature: false,
    writes: [],
    privateWrites: [],
    blobs: [],
    lastNs: 0n,
    fuel: 1n,
    ...over,
  })
  const adding = async (
    context: ContextRef,
    item: string,
    over: Partial<GuestOutcome> = {},
  ): Promise<GuestOutcome> => {
    const items = new Map(await load(context))
    const key = sha256(utf8(item))
    items.set(toHex(key), item)
    cached.set(context.number, items)
    return outcome({
      root: rootOf(items),
      artifact: utf8(item),
      writes: [{ key, value: utf8(item) }],
      ...over,
    })
  }
  const asked = ({ id }: ContextRef, input: string): CrossCall[] =>
    ['add', 'look'].map((method) => ({ contextId: id, method, params: utf8(`for ${input}`) }))
  const event = (data: Uint8Array, handler: string): GuestEvent => ({ kind: 'said', data, handler })
  const execute: StateModel['execute'] = async (call) => {
    const input = fromUtf8(call.input)
    await model.paused
    model.calls.push({ method: call.method, input })
    const left = model.failing.get(call.method) ?? 0
    if (left > 0) {
      model.failing.set(call.method, left - 1)
      throw trap()
    }
    switch (call.method) {
      case 'init':
      case 'add':
        return adding(call.context, input)
      case 'emit':
        return adding(call.context, input, { events: [event(call.input, 'onSaid')] })
      case 'quiet':
        return adding(call.context, input, { events: [event(call.input, 'look')] })
      case 'onSaid':
        return adding(call.context, `heard ${input}`)
      case 'look':
        return outcome({ output: utf8(String((await load(call.context)).size)) })
      case 'ask':
        return outcome({ crossCalls: asked(call.context, input) })
      case 'addAndAsk':
        return adding(call.context, input, { crossCalls: asked(call.context, input) })
      case 'bare':
        return adding(call.context, input, { artifact: EMPTY })
      default:
        throw new MerogateError('RUNTIME_METHOD_NOT_FOUND', 'guest', 'no such method')
    }
  }
  const apply: StateModel['apply'] = async (call) => {
    const item = fromUtf8(call.artifact)
    const unable = model.unable.shift()
    if (unable !== undefined) throw unable
    if (model.broken.has(item)) throw trap()
    model.applies.push(item)
    return adding(call.context, item, { artifact: EMPTY })
  }
  const model: StubModel = {
    calls: [],
    applies: [],
    broken: new Set(),
    unable: [],
    failing: new Map(),
    noise: undefined,
    paused: undefined,
    execute: (call, sign) => inTurn(() => execute(call, sign)),
    apply: (call) => inTurn(() => apply(call)),
    async root(context) {
      const items = await model.items(context)
      return items.length === 0
        ? new Uint8Array(32)
        : rootOf(new Map(items.map((item) => [item, item])))
    },
    async *rows(context) {
      for await (const [key, value] of store.iterate(
        columnRange(COLUMN.state, u32be(context.number)),
      )) {
        yield { key: key.subarray(5), value }
      }
    },
    async *diff(context, theirs) {
      const ours = new Map<string, Uint8Array>()
      for await (const row of model.rows(context)) ours.set(toHex(row.key), row.value)
      for await (const row of theirs) {
        const mine = ours.get(toHex(row.key))
        if (mine === undefined || !equalBytes(mine, row.value)) {
          yield { key: row.key, ours: mine, theirs: row.value }
        }
      }
    },
    forget: (context) =>
      inTurn(async () => {
        cached.delete(context.number)
      }),
    async items(context) {
      const items: string[] = []
      for await (const row of model.rows(context)) items.push(fromUtf8(row.value))
      return items.sort()
    },
  }
  return model
}

function trap(): MerogateError {
  return new MerogateError('RUNTIME_TRAP', 'guest', 'the stub guest trapped')
}

function xor(into: Uint8Array, from: Uint8Array): void {
  for (const [i, byte] of from.entries()) into[i] = (into[i] ?? 0) ^ byte
}
