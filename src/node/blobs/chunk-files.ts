/**
 * Chunks as files of one folder, each named by its id in base58, with a count of who needs them. Files appear complete or not at all:
 * they are written elsewhere, synced, then renamed. The counts live in memory and are rebuilt from the rows at start.
 */
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { equalBytes, fromBase58, toBase58 } from '../primitives/bytes.ts'
import { sha256 } from '../primitives/hash.ts'
import { blobError } from './errors.ts'
import { KeyedLock } from './keyed-lock.ts'
import { own, type Owned } from '../store/owner.ts'

/** Where files are written before they are renamed; emptied at start. No chunk id is this short. */
const INCOMING = 'incoming'
/** The lock on the folder; of no chunk either. */
const LOCK = 'owner.lock'

export class ChunkFiles {
  readonly #folder: string
  readonly #users = new Map<string, number>()
  readonly #lock = new KeyedLock()
  #written = 0
  #owned: Owned | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  /**
   * Prepares the folder and removes what a crash left: half-written files, and chunks no blob has (unless `sweep` is false because
   * some row could not be read). @returns names of the files removed @throws STORE_LOCKED (conflict): another process has the folder
   */
  async open(links: readonly Uint8Array[], sweep: boolean): Promise<readonly string[]> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    this.#owned = await own(this.#folder, join(this.#folder, LOCK))
    await rm(join(this.#folder, INCOMING), { recursive: true, force: true })
    await mkdir(join(this.#folder, INCOMING))
    this.#users.clear()
    this.pin(links)
    if (!sweep) return []
    const removed: string[] = []
    for (const name of await readdir(this.#folder)) {
      if (this.#users.has(name) || !isChunkName(name)) continue
      await rm(join(this.#folder, name))
      removed.push(name)
    }
    return removed
  }

  /** Gives the folder back. */
  async close(): Promise<void> {
    await this.#owned?.release()
    this.#owned = undefined
  }

  /** Counts one more user of each chunk: it stays until {@link release}. */
  pin(ids: readonly Uint8Array[]): void {
    for (const id of ids) {
      const name = toBase58(id)
      this.#users.set(name, (this.#users.get(name) ?? 0) + 1)
    }
  }

  /** Counts one user less of each chunk, and removes those that have none left. */
  async release(ids: readonly Uint8Array[]): Promise<void> {
    for (const id of ids) {
      const name = toBase58(id)
      const users = (this.#users.get(name) ?? 0) - 1
      if (users > 0) {
        this.#users.set(name, users)
        continue
      }
      this.#users.delete(name)
      await this.#lock.run(name, async () => {
        // somebody may have pinned it while this waited for the lock
        if (!this.#users.has(name)) await rm(this.#path(name), { force: true })
      })
    }
  }

  /** Stores a chunk that is already pinned, and mends the file when it is damaged. @throws BLOB_DISK_FAILED, nothing is left behind then */
  async write(id: Uint8Array, chunk: Uint8Array): Promise<void> {
    const name = toBase58(id)
    await this.#lock.run(name, async () => {
      if ((await this.#load(name, id)) instanceof Uint8Array) return
      const temporary = join(this.#folder, INCOMING, String(this.#written++))
      try {
        const file = await open(temporary, 'wx')
        try {
          await file.writeFile(chunk)
          await file.sync()
        } finally {
          await file.close()
        }
        await rename(temporary, this.#path(name))
      } catch (cause) {
        await rm(temporary, { force: true }).catch(() => {}) // a start removes it
        throw diskFailed(cause)
      }
    })
  }

  /** Makes renames of this folder last through a loss of power. @throws BLOB_DISK_FAILED */
  async sync(): Promise<void> {
    try {
      const folder = await open(this.#folder, 'r')
      try {
        await folder.sync()
      } finally {
        await folder.close()
      }
    } catch (cause) {
      throw diskFailed(cause)
    }
  }

  /** The bytes of a pinned chunk, verified. @throws BLOB_CORRUPT (corrupt) */
  async read(id: Uint8Array): Promise<Uint8Array> {
    const loaded = await this.#load(toBase58(id), id)
    if (loaded instanceof Uint8Array) return loaded
    throw blobError('BLOB_CORRUPT', `chunk ${toBase58(id)} is ${loaded} on disk`, {
      chunk: toBase58(id),
      found: loaded,
    })
  }

  async #load(name: string, id: Uint8Array): Promise<Uint8Array | 'missing' | 'damaged'> {
    let bytes: Uint8Array
    try {
      bytes = await readFile(this.#path(name))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'missing' // fs errors carry a code
      throw error
    }
    return equalBytes(sha256(bytes), id) ? bytes : 'damaged'
  }

  #path(name: string): string {
    return join(this.#folder, name)
  }
}

/** The same bytes may be taken when there is room again. */
function diskFailed(cause: unknown): Error {
  return blobError(
    'BLOB_DISK_FAILED',
    'the disk refused to write a blob: is it full? Nothing of it was stored',
    {},
    { cause },
  )
}

function isChunkName(name: string): boolean {
  if (name.length < 32 || name.length > 44) return false
  try {
    return fromBase58(name).length === 32
  } catch {
    return false // somebody else's file
  }
}
