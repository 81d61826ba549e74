/**
 * What a guest call costs, with rows in LevelDB and the real worker pool, and what applying costs, era by era, one JSON line per figure. Usage: node bench/guest.ts [keys, default 100]
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Level } from 'level'
import { concat, utf8 } from '../src/node/primitives/bytes.ts'
import { systemClock, systemRandom } from '../src/node/primitives/clock.ts'
import { ContextId, PublicKey } from '../src/node/primitives/ids.ts'
import type { GuestOutcome } from '../src/node/runtime/engine.ts'
import { FUEL_PER_CALL } from '../src/node/runtime/limits.ts'
import { wasmEngine } from '../src/node/runtime/wasm/engine.ts'
import { GuestHost } from '../src/node/runtime/wasm/guest-host.ts'
import { inspectModule } from '../src/node/runtime/wasm/inspect.ts'
import { openLevelReader } from '../src/node/runtime/wasm/level-reader.ts'
import { compileModule } from '../src/node/runtime/wasm/loaded.ts'
import { measureEras } from './guest/eras.ts'
import { COLUMN, rowKey, u32be } from '../src/node/store/keys.ts'

const keys = Number(process.argv[2] ?? 100)
const rounds = 400
const wasm = readFileSync(join(import.meta.dirname, '../apps/kv-store-rs/dist/kv_store.wasm'))
const folder = mkdtempSync(join(tmpdir(), 'bench-guest-'))
const location = join(folder, 'db')
const db = new Level<Uint8Array, Uint8Array>(location, {
  keyEncoding: 'view',
  valueEncoding: 'view',
  multithreading: true,
})

function print(name: string, samples: readonly number[], size = keys): void {
  const sorted = [...samples].sort((a, b) => a - b)
  const at = (share: number): number =>
    Number((sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(4))
  const figure = { value: at(0.5), unit: 'ms', n: sorted.length, p50: at(0.5), p95: at(0.95) }
  console.log(JSON.stringify({ bench: `guest/${name}`, keys: size, ...figure }))
}

async function store(context: number, outcome: GuestOutcome): Promise<void> {
  const key = (row: Uint8Array): Uint8Array => rowKey(COLUMN.state, u32be(context), row)
  await db.batch(
    outcome.writes.map(({ key: row, value }) =>
      value === undefined
        ? ({ type: 'del', key: key(row) } as const)
        : ({ type: 'put', key: key(row), value } as const),
    ),
  )
}

interface Way {
  call(context: number, method: string, params: object): Promise<GuestOutcome>
  apply(context: number, artifact: Uint8Array): Promise<GuestOutcome>
}

async function measure(name: string, way: Way, base: number): Promise<void> {
  const [author, receiver] = [base, base + 1]
  const outcome = await way.call(author, 'init', {})
  await store(author, outcome)
  await store(receiver, await way.apply(receiver, outcome.artifact))
  const samples: Record<string, number[]> = { set: [], apply: [], get: [] }
  for (let i = 0; i < keys + rounds; i++) {
    const started = performance.now()
    const params = { key: `key-${i % keys}`, value: `value ${i}` }
    const set = await way.call(author, 'set', params)
    const setMs = performance.now() - started
    await store(author, set)
    const applyStarted = performance.now()
    const applied = await way.apply(receiver, set.artifact)
    const applyMs = performance.now() - applyStarted
    await store(receiver, applied)
    if (i < keys) continue
    samples['set']?.push(setMs)
    samples['apply']?.push(applyMs)
    const getStarted = performance.now()
    await way.call(author, 'get', { key: `key-${i % keys}` })
    samples['get']?.push(performance.now() - getStarted)
  }
  for (const [operation, list] of Object.entries(samples)) print(`${name} ${operation}`, list)
}

const id = ContextId.from(systemRandom.bytes(32))
const executors = [systemRandom.bytes(32), systemRandom.bytes(32)].map((key) => PublicKey.from(key))
let seenNs = 0n
function call(context: number, module: Uint8Array) {
  const executor = executors[context % 2] as PublicKey // two of them
  return { context: { id, number: context }, module, executor, seenNs, lane: context }
}
function see(outcome: GuestOutcome): GuestOutcome {
  if (outcome.root !== undefined && outcome.lastNs > seenNs) seenNs = outcome.lastNs
  return outcome
}
const input = (params: object): Uint8Array => utf8(JSON.stringify(params))

await db.open()
const started = performance.now()
const inspected = inspectModule(wasm)
const inspectedAt = performance.now()
const module = await compileModule(inspected)
print('inspect', [inspectedAt - started])
print('meter and compile', [performance.now() - inspectedAt])

const reader = await openLevelReader(location)
const inThread = new GuestHost(
  { fuel: FUEL_PER_CALL },
  {
    reader,
    wallNs: () => systemClock.nowNs(),
    random: (length) => systemRandom.bytes(length),
  },
)
inThread.load(module)
const { hash } = inspected.info
await measure(
  'in thread',
  {
    call: async (context, method, params) =>
      see(inThread.execute({ ...call(context, hash), method, input: input(params) })),
    apply: async (context, artifact) => see(inThread.apply({ ...call(context, hash), artifact })),
  },
  2,
)
const engine = wasmEngine({ location })({})
await engine.start()
await engine.load(wasm)
await measure(
  'worker',
  {
    call: async (context, method, params) =>
      see(await engine.execute({ ...call(context, hash), method, input: input(params) })),
    apply: async (context, artifact) =>
      see(await engine.apply({ ...call(context, hash), artifact })),
  },
  4,
)
const loop = performance.now()
await engine
  .execute({ ...call(4, hash), method: 'fail_loop', input: concat() })
  .catch(() => undefined)
print('runaway loop until stopped', [performance.now() - loop])
await engine.stop()
await db.close()
rmSync(folder, { recursive: true })
await measureEras((name, size, samples) => print(name, samples, size))
