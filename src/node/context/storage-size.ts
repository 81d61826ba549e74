/** How much a context stores. */
import type { ContextRef } from '../runtime/engine.ts'
import { COLUMN, columnRange, u32be } from '../store/keys.ts'
import type { Store } from '../store/store.ts'

/** Bytes of a context's shared state, keys and values. */
export async function storageSize(
  store: Pick<Store, 'iterate'>,
  { number }: ContextRef,
): Promise<number> {
  let size = 0
  const { gte, lt } = columnRange(COLUMN.state, u32be(number))
  for await (const [key, value] of store.iterate({ gte, lt })) {
    size += key.length - gte.length + value.length
  }
  return size
}
