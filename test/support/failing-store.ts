/** A store whose disk can be told to say no. */
import type { Store } from '../../src/node/store/store.ts'
import { storeError } from '../../src/node/store/errors.ts'

export interface FailingStore extends Store {
  /** The batch that fails: 1 is the next one; 0 for none. */
  failAt: number
  /** Whether the database is closed in order to be looked at. */
  isClosed: boolean
  /** Batches wait for it before they are written. */
  paused: Promise<void> | undefined
  /** Batches that went through. */
  readonly batches: number
}

export function failingStore(store: Store): FailingStore {
  let batches = 0
  const wrapped: FailingStore = {
    failAt: 0,
    isClosed: false,
    paused: undefined,
    get batches() {
      return batches
    },
    get: (key) => store.get(key),
    getSync(key) {
      if (wrapped.isClosed) throw storeError('STORE_UNAVAILABLE', 'the database is looked at')
      return store.getSync(key)
    },
    iterate: (range) => store.iterate(range),
    keys: (range) => store.keys(range),
    clear: (range) => store.clear(range),
    close: () => store.close(),
    async batch(ops, options) {
      await wrapped.paused
      if (wrapped.failAt > 0 && --wrapped.failAt === 0) {
        throw storeError('STORE_FAILED', 'the disk is full')
      }
      await store.batch(ops, options)
      batches++
    },
  }
  return wrapped
}
