/** The database of a node, in memory. */
import { MemoryLevel } from 'memory-level'
import { LevelStore, type Store } from '../../src/node/store/store.ts'

/** A store that keeps nothing on disk. */
export function memoryStore(): Store {
  return new LevelStore(
    new MemoryLevel<Uint8Array, Uint8Array>({
      keyEncoding: 'view',
      valueEncoding: 'view',
      storeEncoding: 'view',
    }),
  )
}
