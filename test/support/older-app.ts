/** The app of test/apps/older-rs: one source built against older releases of the SDK, and traces of it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspectModule } from '../../src/node/runtime/wasm/inspect.ts'
import { compileModule, type LoadedModule } from '../../src/node/runtime/wasm/loaded.ts'
import type { Seeded } from './guest.ts'
import {
  type Call,
  type Situation,
  type Delta,
  runTrace,
  type TraceResult,
  type Workload,
} from './trace-world.ts'

/** Releases by the eras that they are of. */
export const RELEASES = {
  E1: '0.8.0',
  E3: '0.10.0-rc.20',
  E4: '0.10.0',
  E5a: '0.10.1-rc.47',
} as const

export type OlderEra = keyof typeof RELEASES

/** A release's module. */
export function olderWasm(era: OlderEra): Uint8Array {
  const path = `../apps/older-rs/${RELEASES[era]}/dist/older.wasm`
  return readFileSync(join(import.meta.dirname, path))
}

const loaded = new Map<OlderEra, Promise<LoadedModule>>()

/** A release's module, compiled once per process. */
export function loadOlder(era: OlderEra): Promise<LoadedModule> {
  const known = loaded.get(era) ?? compileModule(inspectModule(olderWasm(era)))
  loaded.set(era, known)
  return known
}

const METHODS = [
  ...['set', 'set', 'set', 'remove', 'clear', 'tag', 'tag', 'untag'],
  ...['push', 'incr', 'incr', 'rename', 'own'],
] as const

/** Runs one trace. The era and the seed decide everything. */
export async function runOlderTrace(
  era: OlderEra,
  condition: Situation,
  seed: number,
): Promise<TraceResult> {
  const workload = new OlderWorkload(await loadOlder(era))
  return runTrace(workload, condition, `${era} ${condition} ${seed}`, 2 + (seed & 1))
}

class OlderWorkload implements Workload {
  readonly module: LoadedModule
  readonly questions = ['items', 'len', 'tags', 'pushed', 'hits', 'title']

  constructor(module: LoadedModule) {
    this.module = module
  }

  draw({ int, pick }: Seeded, busy: boolean): (value: string) => Call {
    const method = pick(METHODS)
    const key = `k${int(busy ? 2 : 4)}`
    const shared = `t${int(3)}`
    return (value) => {
      const params: Readonly<Record<string, Call['params']>> = {
        set: { key, value },
        remove: { key },
        tag: { value: shared },
        untag: { value: shared },
        push: { value },
        rename: { title: value },
        own: { value },
      }
      return { method, params: params[method] ?? {} }
    }
  }

  /** Every increment and push counted. */
  isComplete([, length, , log, hits]: readonly unknown[], deltas: readonly Delta[]): boolean {
    const made = (method: string): number => deltas.filter((one) => one.method === method).length
    const pushed = log as readonly string[] // as the app declares it
    // the oldest has no counter
    const counted = this.module.era === 'E1' ? 0 : made('incr')
    return hits === counted && pushed.length === made('push') && typeof length === 'number'
  }
}
