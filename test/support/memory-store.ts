/** The database of a node, in memory. */
import { MemoryLevel } from 'memory-level'
import type { Disk } from '../../src/node/store/level-disk.ts'
import { LevelStore } from '../../src/node/store/level-store.ts'
import type { NodeStore } from '../../src/node/store/store.ts'

/** A store that keeps nothing on disk. */
export function memoryStore(): NodeStore {
  return new LevelStore({ disk: NO_DISK, db: memoryLevel(), newest: 0n })
}

/** A database in memory, with rows as a node has them. */
export function memoryLevel(): MemoryLevel<Uint8Array, Uint8Array> {
  return new MemoryLevel({ keyEncoding: 'view', valueEncoding: 'view', storeEncoding: 'view' })
}

const NO_DISK: Disk = {
  open: () => Promise.reject(new TypeError('what lies in memory cannot be opened again')),
  probe: () => Promise.reject(new TypeError('there is no disk')),
}
