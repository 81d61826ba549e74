/** A database from which a process is cut off in the middle of its work, as SIGKILL would: nothing it writes from then on is there. */
import { storeError } from '../../src/node/store/errors.ts'
import type { NodeStore } from '../../src/node/store/store.ts'

export interface DyingStore extends NodeStore {
  /** Batches after which nothing is stored any more; undefined: never. */
  lastBatch: number | undefined
  /** Batches stored so far. */
  readonly batches: number
  /** Resolves at the first batch that is not stored. */
  readonly died: Promise<void>
}

export function dyingStore(store: NodeStore): DyingStore {
  let batches = 0
  const end = Promise.withResolvers<void>()
  const isDead = (): boolean => wrapped.lastBatch !== undefined && batches >= wrapped.lastBatch
  const wrapped: DyingStore = {
    lastBatch: undefined,
    died: end.promise,
    get batches() {
      return batches
    },
    get trouble() {
      return store.trouble
    },
    shareWith: (holder) => store.shareWith(holder),
    whenMended: (call) => store.whenMended(call),
    get: (key) => store.get(key),
    getSync: (key) => store.getSync(key),
    iterate: (range) => store.iterate(range),
    keys: (range) => store.keys(range),
    clear: async (range) => {
      if (!isDead()) await store.clear(range)
    },
    close: () => store.close(),
    async batch(ops, options) {
      if (isDead()) {
        end.resolve()
        throw storeError('STORE_FAILED', 'the process is gone')
      }
      batches++
      await store.batch(ops, options)
    },
  }
  return wrapped
}
