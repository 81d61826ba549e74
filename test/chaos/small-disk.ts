/** A file system of a few megabytes for the home of a node, which can be filled up and emptied again. Needs to be root on Linux. */
import { execFile, spawnSync } from 'node:child_process'
import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Room that a home has, MiB: more than a run writes. Memory is only taken by what is there. */
const SIZE_MIB = 192
/** Pieces in which it is filled up: large ones, then the pages of memory that are left. */
const PIECES: readonly number[] = [1 << 20, 4096]

/** What takes the room away. */
const BALLAST = 'ballast'

export class SmallDisk implements AsyncDisposable {
  readonly #folder: string
  /** For a process that ends before it comes to disposing. */
  readonly #onExit = (): void => {
    spawnSync('umount', this.#umount)
  }

  private constructor(folder: string) {
    this.#folder = folder
    process.once('exit', this.#onExit)
  }

  get #umount(): string[] {
    return ['--lazy', this.#folder]
  }

  /** Mounts one at a folder, which is made; undefined where that is not allowed. */
  static async mount(folder: string): Promise<SmallDisk | undefined> {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined
    await mkdir(folder, { recursive: true })
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m`, 'tmpfs', folder])
      return new SmallDisk(folder)
    } catch {
      return undefined // a container without the right to mount
    }
  }

  /** Takes all the room there is. */
  async fill(): Promise<void> {
    const file = await open(join(this.#folder, BALLAST), 'a')
    try {
      for (const size of PIECES) await writeAll(file, size)
    } finally {
      await file.close()
    }
  }

  /** Gives it back. */
  async empty(): Promise<void> {
    await rm(join(this.#folder, BALLAST), { force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#onExit)
    await run('umount', this.#umount)
  }
}

/** Appends pieces until one has no room. */
async function writeAll(file: Awaited<ReturnType<typeof open>>, size: number): Promise<void> {
  const piece = Buffer.alloc(size, 0x5a)
  for (;;) {
    try {
      const { bytesWritten } = await file.write(piece)
      if (bytesWritten < size) return
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return
      throw error
    }
  }
}
