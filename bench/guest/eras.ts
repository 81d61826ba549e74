/**
 * What applying another node's write costs, era by era: the host doing it itself beside the guest replaying it, on the same rows of maps that
 * have 100, 1 000 and 10 000 keys.
 */
import { sha256 } from '../../src/node/primitives/hash.ts'
import {
  compareChildren,
  fullHash,
  LAYOUTS,
  type Upsert,
} from '../../src/node/runtime/artifact/layout.ts'
import { load, rehash, type RowAccess, store } from '../../src/node/runtime/wasm/entities.ts'
import type { LoadedModule } from '../../src/node/runtime/wasm/loaded.ts'
import { put } from '../../src/node/runtime/wasm/native.ts'
import { latin1Bytes } from '../../src/node/runtime/wasm/rows.ts'
import { toHex } from '../../src/node/primitives/bytes.ts'
import { loadKv, type MemoryRows, Replica, seeded } from '../../test/support/guest.ts'
import { loadOlder, type OlderEra, RELEASES } from '../../test/support/older-app.ts'

const SIZES = [100, 1000, 10_000]
const ROUNDS = 15
const START_NS = 1_790_000_000_000_000_000n

type Print = (name: string, keys: number, samples: readonly number[]) => void

function access(rows: MemoryRows): RowAccess {
  const hex = (key: string): string => toHex(latin1Bytes(key))
  return {
    get: (key) => rows.shared.get(hex(key)),
    before: () => undefined,
    set: (key, value) => void rows.shared.set(hex(key), value),
    remove: (key) => void rows.shared.delete(hex(key)),
  }
}

/** As many more entries beside one, without a call for each: their ids are no keys', which no write asks for. */
function fill(rows: RowAccess, like: Upsert, era: keyof typeof LAYOUTS, count: number): void {
  const layout = LAYOUTS[era]
  const parent = like.ancestors[0]?.id ?? like.id
  const children = Array.from({ length: count }, (_, i) => {
    const id = sha256(new TextEncoder().encode(`entry ${i}`))
    const record = load(layout, rows, like.id)
    if (record === undefined) throw new RangeError('the entry is not there')
    const own = { ...record, id }
    own.fullHash = fullHash(layout, own)
    store(layout, rows, own)
    return { id, hash: own.fullHash, metadata: own.metadata }
  })
  const record = load(layout, rows, parent)
  if (record === undefined) throw new RangeError('the map is not there')
  const all = [...(record.children ?? []), ...children].sort(compareChildren)
  rehash(layout, rows, { ...record, children: all })
  put(layout, rows, like)
}

function measure(
  module: LoadedModule,
  era: keyof typeof LAYOUTS,
  keys: number,
  isReplay: boolean,
): number[] {
  const init = { wallNs: () => START_NS, random: seeded('bench').bytes }
  const author = new Replica({ ...init, module, name: 'author', lane: 1 })
  const asGuest = isReplay ? { ...module, era: 'opaque' as const } : module
  const receiver = new Replica({ ...init, module: asGuest, name: 'receiver', lane: 2 })
  const genesis = author.call('init')
  receiver.apply(genesis.artifact, genesis.lastNs)
  const first = author.call('set', { key: 'k', value: 'v' })
  receiver.apply(first.artifact, first.lastNs)
  const like = LAYOUTS[era]
    .decodeArtifact(first.artifact)
    .find((one): one is Upsert => one.kind === 'add' && one.ancestors.length === 2)
  if (like === undefined) throw new RangeError('the write made no entry')
  for (const { rows } of [author, receiver]) fill(access(rows), like, era, keys)
  for (const { host } of [author, receiver]) host.forget(7)
  return Array.from({ length: ROUNDS }, (_, i) => {
    const written = author.call('set', { key: 'k', value: `v${i}` })
    const started = performance.now()
    receiver.apply(written.artifact, written.lastNs)
    return performance.now() - started
  })
}

/** Prints the time to apply one write of a known key, by era, way and size. */
export async function measureEras(print: Print): Promise<void> {
  const eras = Object.keys(RELEASES) as OlderEra[]
  for (const keys of SIZES) {
    for (const era of eras) {
      const module = await loadOlder(era)
      print(`${RELEASES[era]} native apply`, keys, measure(module, era, keys, false))
      print(`${RELEASES[era]} replay`, keys, measure(module, era, keys, true))
    }
    print('0.11.0-rc.5 replay', keys, measure(await loadKv(), 'E5', keys, false))
  }
}
