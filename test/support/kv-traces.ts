/** Traces of the key-value example: what is called, and whether every increment, push and handler run counted. */
import type { LoadedModule } from '../../src/node/runtime/wasm/loaded.ts'
import type { Seeded } from './guest.ts'
import {
  type Call,
  type Situation,
  type Delta,
  type Params,
  runTrace,
  type TraceResult,
  type Workload,
} from './trace-world.ts'

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

/** Runs one trace of the example. The seed decides everything. */
export function runKvTrace(
  module: LoadedModule,
  mix: Mix,
  condition: Situation,
  seed: number,
): Promise<TraceResult> {
  return runTrace(
    new KvWorkload(module, mix),
    condition,
    `${condition} ${mix} ${seed}`,
    2 + (seed & 1),
  )
}

interface Summary {
  readonly items: Readonly<Record<string, string>>
  readonly hits: number
  readonly log: readonly string[]
  readonly seen: number
  readonly title: string
}

class KvWorkload implements Workload {
  readonly module: LoadedModule
  readonly questions = ['summary', 'len']
  readonly handlers: boolean
  readonly #methods: readonly string[]

  constructor(module: LoadedModule, mix: Mix) {
    this.module = module
    this.handlers = mix === 'handler'
    this.#methods = MIXES[mix]
  }

  draw({ int, pick }: Seeded, busy: boolean): (value: string) => Call {
    const method = pick(this.#methods)
    const key = `k${int(busy ? 2 : 4)}`
    return (value) => {
      const params: Record<string, Params> = {
        set: { key, value },
        set_notify: { key, value },
        remove: { key },
        push: { value },
        rename: { title: value },
      }
      return { method, params: params[method] ?? {} }
    }
  }

  isComplete([view, length]: readonly unknown[], deltas: readonly Delta[]): boolean {
    const summary = view as Summary // as the app declares it
    return Object.keys(summary.items).length === length && isComplete(summary, deltas)
  }
}

/** Every increment, push and handler run counted, each key and the title at a causally latest write. */
function isComplete(view: Summary, deltas: readonly Delta[]): boolean {
  const past = pasts(deltas)
  const of = (...methods: string[]): Delta[] =>
    deltas.filter(({ method }) => methods.includes(method))
  const isLatest = (writes: readonly Delta[], value: string | undefined, name: string): boolean => {
    // writes that no later write of the same thing saw
    const top = writes.filter(
      (one) => !writes.some((other) => past.get(other.id)?.has(one.id) === true),
    )
    return top.length === 0 || top.some((delta) => delta.params[name] === value)
  }
  const pushed = of('push').map(({ params }) => String(params['value']))
  return (
    view.hits === of('incr').length &&
    view.seen === of('on_set').length &&
    JSON.stringify([...view.log].sort()) === JSON.stringify(pushed.sort()) &&
    ['k0', 'k1', 'k2', 'k3'].every((key) => {
      const writes = of('set', 'set_notify', 'remove').filter(({ params }) => params['key'] === key)
      return isLatest(writes, view.items[key], 'value')
    }) &&
    isLatest(of('rename'), view.title, 'title')
  )
}

/** All ancestors of each delta. */
function pasts(deltas: readonly Delta[]): Map<string, Set<string>> {
  const out = new Map<string, Set<string>>()
  for (const { id, parents } of deltas) {
    const past = new Set(parents)
    for (const parent of parents) for (const one of out.get(parent) ?? []) past.add(one)
    out.set(id, past)
  }
  return out
}
