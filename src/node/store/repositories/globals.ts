/** Rows that exist once: the version of the layout, the allocator of local numbers, how far anchors were read. */
import * as P from 'micro-packed'
import { type Codec, codec } from '../../codec/codec.ts'
import { storeError } from '../errors.ts'
import { globalKey, SCHEMA_VERSION } from '../keys.ts'
import type { BatchOp, Store } from '../store.ts'
import { put, readRow } from './rows.ts'

const u32: Codec<number> = codec('a u32', P.U32LE, 4)
const u64: Codec<bigint> = codec('a u64', P.U64LE, 8)

const VERSION_KEY = globalKey('version')
const NUMBER_KEY = globalKey('number')

function cursorKey(name: string): Uint8Array {
  return globalKey(`cursor/${name}`)
}

export interface Globals {
  /** Writes the version into a new database. @throws STORE_TOO_NEW when a newer version of this package wrote it */
  checkVersion(): Promise<void>
  /** A local number never given out before, however many ask at a time. One that nobody uses after all stays unused. */
  nextNumber(): Promise<number>
  /** Up to which height the changes of an anchor were told; undefined before the first. */
  cursor(name: string): Promise<bigint | undefined>
  putCursor(name: string, height: bigint): BatchOp
}

export function globals(store: Store): Globals {
  let numbers: Promise<number> = Promise.resolve(0)
  const takeNumber = async (): Promise<number> => {
    const bytes = await store.get(NUMBER_KEY)
    const number = bytes === undefined ? 1 : readRow(u32, NUMBER_KEY, bytes) + 1
    await store.batch([put(u32, NUMBER_KEY, number)])
    return number
  }
  return {
    async checkVersion() {
      const bytes = await store.get(VERSION_KEY)
      if (bytes === undefined) {
        await store.batch([put(u32, VERSION_KEY, SCHEMA_VERSION)], { sync: true })
        return
      }
      const version = readRow(u32, VERSION_KEY, bytes)
      if (version > SCHEMA_VERSION) {
        throw storeError(
          'STORE_TOO_NEW',
          `the database has layout ${version}, this version reads up to ${SCHEMA_VERSION}: use the newer merogate that wrote it`,
          { expected: SCHEMA_VERSION, got: version },
        )
      }
    },
    nextNumber() {
      // one after the other: two must not read the same row
      numbers = numbers.then(takeNumber, takeNumber)
      return numbers
    },
    async cursor(name) {
      const key = cursorKey(name)
      const bytes = await store.get(key)
      return bytes === undefined ? undefined : readRow(u64, key, bytes)
    },
    putCursor: (name, height) => put(u64, cursorKey(name), height),
  }
}
