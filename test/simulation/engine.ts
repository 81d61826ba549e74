/** Guests in this very thread, one call after the other, each taking some virtual time. */
import { platform } from '#platform'
import type { GuestCall, GuestEngine, ModuleInfo } from '../../src/node/runtime/engine.ts'
import { FUEL_PER_CALL } from '../../src/node/runtime/limits.ts'
import { GuestHost } from '../../src/node/runtime/wasm/guest-host.ts'
import { inspectModule } from '../../src/node/runtime/wasm/inspect.ts'
import { compileModule, type LoadedModule, moduleKey } from '../../src/node/runtime/wasm/loaded.ts'
import { COLUMN, columnRange, rowKey, u32be } from '../../src/node/store/keys.ts'
import type { Store } from '../../src/node/store/store.ts'
import type { Clock } from '../../src/node/primitives/clock.ts'
import type { Life } from './life.ts'
import type { SimRandom } from './random.ts'

/** Longest time of a call, ms. */
const CALL_MS = 2

const compiled = new Map<string, { readonly info: ModuleInfo; readonly module: LoadedModule }>()

/** V8 compiles on threads of its own, so this comes before any virtual time. All runs share the machine code. */
export async function precompile(wasm: Uint8Array): Promise<void> {
  const inspected = inspectModule(wasm)
  const key = moduleKey(inspected.info.hash)
  if (compiled.has(key)) return
  compiled.set(key, { info: inspected.info, module: await compileModule(inspected) })
}

/** An engine for one life, whose guests see the time of its node. */
export function simEngine(store: Store, life: Life, clock: Clock, random: SimRandom): GuestEngine {
  const row = (column: number) => (context: number, key: Uint8Array) =>
    store.getSync(rowKey(column, u32be(context), key))
  const index = async function* (context: number): AsyncGenerator<[Uint8Array, Uint8Array]> {
    const range = columnRange(COLUMN.indexState, u32be(context))
    for await (const [key, value] of store.iterate(range)) {
      yield [key.subarray(range.gte.length), value]
    }
  }
  const host = new GuestHost(
    { fuel: FUEL_PER_CALL },
    {
      reader: { get: row(COLUMN.state), getPrivate: row(COLUMN.privateState), index },
      wallNs: () => clock.nowNs(),
      random: (length) => random.bytes(length),
    },
  )
  const loaded = new Set<string>()
  let last: Promise<unknown> = Promise.resolve()
  const next = <T>(
    call: Pick<GuestCall, 'context' | 'module'> | undefined,
    work: () => T,
  ): Promise<T> => {
    const run = async (): Promise<T> => {
      await life.pass(random.below(CALL_MS * 1000) / 1000)
      if (call !== undefined) await host.prepare(call)
      return work()
    }
    const mine = last.then(run)
    last = mine.catch(() => {})
    return mine
  }
  return {
    start: async () => {},
    stop: async () => {},
    inspect: async (wasm) =>
      compiled.get(moduleKey(platform.sha256(wasm)))?.info ?? inspectModule(wasm).info,
    async load(wasm) {
      const key = moduleKey(platform.sha256(wasm))
      const found = compiled.get(key)
      if (found === undefined) throw new TypeError('expected a module compiled before the run')
      host.load(found.module)
      loaded.add(key)
      return found.info
    },
    info: (module) => {
      const key = moduleKey(module)
      return loaded.has(key) ? compiled.get(key)?.info : undefined
    },
    execute: (call) => next(call, () => host.execute(call)),
    apply: (call) => next(call, () => host.apply(call)),
    forget: ({ number }) => next(undefined, () => host.forget(number)),
  }
}
