/** A file system of some megabytes that can be filled up, where the machine lets us mount one. */
import { execFile } from 'node:child_process'
import { closeSync, openSync, writeSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { tempFolder } from './temp-folder.ts'

const run = promisify(execFile)

export interface SmallDisk extends AsyncDisposable {
  readonly path: string
  /** Leaves no byte of room. */
  fill(): void
  /** Makes the room again. */
  free(): Promise<void>
}

/** Mounts one; undefined where only the machine's owner may, or there is no such file system. */
export async function smallDisk(megabytes: number): Promise<SmallDisk | undefined> {
  const folder = await tempFolder()
  const path = join(folder.path, 'disk')
  await mkdir(path)
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path])
  } catch {
    await folder[Symbol.asyncDispose]()
    return undefined
  }
  const filler = join(path, 'filler')
  return {
    path,
    fill() {
      const file = openSync(filler, 'w')
      try {
        for (;;) writeSync(file, new Uint8Array(4096))
      } catch {
        // no room is left
      } finally {
        closeSync(file)
      }
    },
    free: () => rm(filler, { force: true }),
    async [Symbol.asyncDispose]() {
      await run('umount', [path])
      await folder[Symbol.asyncDispose]()
    },
  }
}
