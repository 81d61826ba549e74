/** {@link StateReader} of a worker thread: opens the node's database beside the main thread and only reads. */
import { Level } from 'level'
import { storeError } from '../../store/errors.ts'
import { COLUMN, columnRange, rowKey, u32be } from '../../store/keys.ts'
import type { StateReader } from './rows.ts'

/** A reader, and the raw rows for who needs others. */
export interface LevelReader extends StateReader {
  row(key: Uint8Array): Uint8Array | undefined
}

/** Opens the database that the main thread holds open with `multithreading: true`. */
export async function openLevelReader(location: string): Promise<LevelReader> {
  const db = new Level<Uint8Array, Uint8Array>(location, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    multithreading: true,
  })
  await db.open()
  const row = (key: Uint8Array): Uint8Array | undefined => {
    try {
      return db.getSync(key)
    } catch (cause) {
      throw storeError('STORE_FAILED', 'the database cannot be read', {}, { cause })
    }
  }
  const read = (column: number, context: number, key: Uint8Array): Uint8Array | undefined =>
    row(rowKey(column, u32be(context), key))
  return {
    get: (context, key) => read(COLUMN.state, context, key),
    getPrivate: (context, key) => read(COLUMN.privateState, context, key),
    row,
    async *index(context) {
      const prefix = rowKey(COLUMN.indexState, u32be(context)).length
      for await (const [key, value] of db.iterator(
        columnRange(COLUMN.indexState, u32be(context)),
      )) {
        yield [key.subarray(prefix), value]
      }
    },
  }
}
