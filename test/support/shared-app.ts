/** The app of test/apps/shared-rs: the committed module, and traces over storages that have writers. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateSigningKey } from '../../src/node/crypto/sign.ts'
import { toHex } from '../../src/node/primitives/bytes.ts'
import { GuestClock } from '../../src/node/runtime/wasm/guest-clock.ts'
import { inspectModule } from '../../src/node/runtime/wasm/inspect.ts'
import { compileModule, type LoadedModule } from '../../src/node/runtime/wasm/loaded.ts'
import { Replica, type Seeded, seeded, sha256 } from './guest.ts'
import {
  type Call,
  type Situation,
  peerKey,
  runTrace,
  START_NS,
  type TraceResult,
  type Workload,
} from './trace-world.ts'

/** The module's bytes. */
export function sharedWasm(): Uint8Array {
  return readFileSync(join(import.meta.dirname, '../apps/shared-rs/dist/shared.wasm'))
}

export interface SharedApp {
  readonly module: LoadedModule
  readonly origin: { readonly author: Replica; readonly receiver: Replica }
}

/** Keys in hex of the copies in a trace. */
export const WRITERS: readonly string[] = [0, 1, 2].map((index) => toHex(peerKey(index).publicKey))

let loaded: Promise<SharedApp> | undefined

/** The module, compiled once per process, and two copies where the three of a trace may write. */
export function loadShared(): Promise<SharedApp> {
  return (loaded ??= begin())
}

async function begin(): Promise<SharedApp> {
  const module = await compileModule(inspectModule(sharedWasm()))
  const replica = (name: string): Replica => {
    const wallNs = (): bigint => START_NS
    const signer = generateSigningKey(sha256(name))
    const random = seeded(name).bytes
    return new Replica({ module, name, signer, wallNs, random, time: new GuestClock(wallNs) })
  }
  const author = replica('author')
  const receiver = replica('receiver')
  for (const outcome of [
    author.call('init'),
    author.call('open_to', { writers: WRITERS }),
    author.call('transfer', { to: WRITERS[0] }),
  ]) {
    receiver.apply(outcome.artifact, outcome.lastNs)
  }
  return { module, origin: { author, receiver } }
}

/** What is done in a trace, and how often beside the others. */
const METHODS = {
  write_note: 2,
  put: 4,
  take: 2,
  put_nested: 1,
  take_nested: 1,
  write_owned: 1,
  transfer: 1,
  put_scoped: 2,
  take_scoped: 1,
  scope: 1,
  grant: 1,
  revoke: 1,
  put_plain: 1,
  set_writers: 2,
} as const

type Method = keyof typeof METHODS

const POOL = (Object.entries(METHODS) as [Method, number][]) // keys of the table
  .flatMap(([method, weight]) => Array.from({ length: weight }, () => method))

/** Runs one trace. The seed decides everything. */
export async function runSharedTrace(condition: Situation, seed: number): Promise<TraceResult> {
  const workload = new SharedWorkload(await loadShared())
  return runTrace(workload, condition, `${condition} shared ${seed}`, 2 + (seed & 1))
}

class SharedWorkload implements Workload {
  readonly module: LoadedModule
  readonly origin: SharedApp['origin']
  readonly questions = ['show']
  // whoever is no writer any more is told so
  readonly refusals = ['RUNTIME_RETURNED_ERROR', 'RUNTIME_ARTIFACT_UNSIGNABLE']

  constructor({ module, origin }: SharedApp) {
    this.module = module
    this.origin = origin
  }

  draw(random: Seeded, busy: boolean): (value: string) => Call {
    const { int, pick } = random
    const method = pick(POOL)
    const key = `k${int(busy ? 2 : 3)}`
    const outer = `o${int(2)}`
    const who = pick(WRITERS)
    const writers = WRITERS.filter(() => int(3) > 0)
    const of = pick(['note', 'map', 'nested'])
    const mask = int(8)
    return (value) => {
      const params: Readonly<Record<Method, object>> = {
        write_note: { value },
        put: { key, value },
        take: { key },
        put_nested: { outer, key, value },
        take_nested: { outer },
        write_owned: { value },
        transfer: { to: who },
        put_scoped: { key, value },
        take_scoped: { key },
        scope: { who, mask },
        grant: { role: 'editor', who },
        revoke: { role: 'editor', who },
        put_plain: { key, value },
        set_writers: { of, writers: writers.length === 0 ? [who] : writers },
      }
      return { method, params: { ...params[method] } }
    }
  }
}
