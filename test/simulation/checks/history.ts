/** What the databases say, read past the nodes: applied sets, heads (C7), roots (C6) and keys of the state. */
import type { ContextId } from '../../../src/node/primitives/ids.ts'
import { idKey } from '../../../src/node/primitives/ids.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { COLUMN, columnRange, u32be } from '../../../src/node/store/keys.ts'
import { contextRows } from '../../../src/node/store/repositories/contexts.ts'
import {
  DELTA_STATUS,
  deltaRows,
  type DeltaRow,
} from '../../../src/node/store/repositories/deltas.ts'
import type { Store } from '../../../src/node/store/store.ts'

/** One node's rows of one context. */
export interface History {
  readonly root: string
  readonly heads: readonly string[]
  readonly rootMismatches: number
  /** Ids of applied deltas, as text, in the order of ids. */
  readonly applied: readonly string[]
  /** Deltas that wait, by id. */
  readonly waiting: ReadonlyMap<string, DeltaRow>
  /** Heads that follow from the applied deltas. */
  readonly headsOfApplied: readonly string[]
  /** Hash over the keys of guest state. */
  readonly state: string
}

/** Undefined when there are no rows of the context. */
export async function readHistory(store: Store, context: ContextId): Promise<History | undefined> {
  const contexts = contextRows(store)
  const deltas = deltaRows(store)
  const row = (await contexts.list()).find(({ id }) => idKey(id) === idKey(context))?.row
  if (row === undefined) return undefined
  const { number } = row
  const meta = await contexts.meta(number)
  const applied = new Set<string>()
  const parents = new Set<string>()
  for await (const { id } of deltas.order(number, 0n)) {
    const delta = deltas.get(number, id)
    if (delta?.status !== DELTA_STATUS.applied) continue
    applied.add(idKey(id))
    for (const parent of delta.parents) parents.add(idKey(parent))
  }
  const waiting = (await deltas.waiting(number)).map(
    ({ id, row: delta }) => [idKey(id), delta] as const,
  )
  return {
    root: toHex(meta?.root ?? new Uint8Array()),
    heads: (await contexts.heads(number)).map(idKey).sort(),
    rootMismatches: meta?.rootMismatches ?? 0,
    applied: [...applied].sort(),
    waiting: new Map(waiting),
    headsOfApplied: [...applied].filter((id) => !parents.has(id)).sort(),
    state: await stateHash(store, number),
  }
}

// Only which rows there are: in their content guests note when this node applied something.
async function stateHash(store: Store, number: number): Promise<string> {
  const keys: Uint8Array[] = []
  for await (const key of store.keys(columnRange(COLUMN.state, u32be(number)))) {
    keys.push(key.subarray(5))
  }
  return toHex(sha256(...keys))
}
