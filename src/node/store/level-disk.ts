/** Where a LevelDB database lies: how it is opened and whether the disk takes what is written. */
import { open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { AbstractLevel } from 'abstract-level'
import { Level } from 'level'
import { equalBytes } from '../primitives/bytes.ts'
import { storeError } from './errors.ts'
import { inUse, isLocked, noteOwner } from './owner.ts'

export type Db = AbstractLevel<string | Buffer | Uint8Array, Uint8Array, Uint8Array>

export interface Disk {
  /**
   * Opens the database. `alone`: fails while anybody else in this process holds it open, for what several hold is one handle that only the last
   * one closes.
   */
  open(options?: { alone?: boolean }): Promise<Db>
  /** Writes about as much as opening the database will, reads it back and removes it. Rejects when the disk does not take it. */
  probe(): Promise<void>
}

/** Name of the file a probe writes; LevelDB leaves files alone that it does not know. */
const PROBE_FILE = 'probe.tmp'
/** Room for what opening writes beside the log, bytes: a manifest, a new log and the first batch. */
const PROBE_EXTRA_BYTES = 256 << 10

/** The folder of a database. @throws on open: STORE_LOCKED, STORE_FAILED */
export function levelDisk(location: string): Disk {
  return {
    async open({ alone = false } = {}) {
      const db = new Level<Uint8Array, Uint8Array>(location, {
        keyEncoding: 'view',
        valueEncoding: 'view',
        multithreading: !alone,
      })
      try {
        await db.open()
      } catch (cause) {
        throw await cannotOpen(location, cause)
      }
      await noteOwner(location).catch(() => {}) // the lock holds without its note
      return db
    },
    async probe() {
      const path = join(location, PROBE_FILE)
      const bytes = new Uint8Array((await logBytes(location)) + PROBE_EXTRA_BYTES).fill(0xa5)
      try {
        const file = await open(path, 'w')
        try {
          await file.writeFile(bytes)
          await file.sync()
        } finally {
          await file.close()
        }
        if (!equalBytes(await readFile(path), bytes)) throw new RangeError('read back as another')
      } finally {
        await rm(path, { force: true })
      }
    },
  }
}

/** What is written anew when the database is opened: its logs become tables. */
async function logBytes(location: string): Promise<number> {
  const names = await readdir(location)
  const logs = names.filter((name) => name.endsWith('.log'))
  const sizes = await Promise.all(logs.map(async (name) => (await stat(join(location, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function cannotOpen(location: string, cause: unknown): Promise<Error> {
  if (isLocked(cause)) return inUse(location, location, cause)
  const inner = cause instanceof Error ? cause.cause : undefined
  return storeError(
    'STORE_FAILED',
    `cannot open the database in ${location}: ${String(inner ?? cause)}`,
    { location },
    { cause },
  )
}
