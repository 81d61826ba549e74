/**
 * One owner per file: a second process is refused what a first one has, and is told which one that is. The lock is the database's own, which the
 * system gives back however a process ends; beside it stands the number of the process that has it.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Level } from 'level'
import { storeError } from './errors.ts'

/** Name of the note in a locked folder. */
const NOTE = 'owner.pid'

/** Notes whose process has a folder. */
export async function noteOwner(folder: string): Promise<void> {
  await writeFile(join(folder, NOTE), `${process.pid}\n`, { mode: 0o600 })
}

/** The process that has a folder, as far as it noted that. */
export async function ownerOf(folder: string): Promise<number | undefined> {
  try {
    const pid = Number(await readFile(join(folder, NOTE), 'utf8'))
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined
  } catch {
    return undefined // it has not come to that yet, or the disk took nothing
  }
}

/** Whether a database could not be opened because somebody has it. */
export function isLocked(cause: unknown): boolean {
  const inner = cause instanceof Error ? cause.cause : undefined
  const code = typeof inner === 'object' && inner !== null && 'code' in inner ? inner.code : ''
  return code === 'LEVEL_LOCKED'
}

/** @param what a person may know it by */
export async function inUse(what: string, folder: string, cause: unknown): Promise<Error> {
  const pid = await ownerOf(folder)
  const who = pid === undefined ? 'another process' : `process ${pid}`
  return storeError(
    'STORE_LOCKED',
    `${who} uses ${what}: stop it, or choose another one`,
    { location: what, ...(pid === undefined ? {} : { pid }) },
    { cause },
  )
}

/** What this process has until it gives it back. */
export interface Owned {
  /** Safe to repeat. */
  release(): Promise<void>
}

/**
 * Takes a file or folder for this process alone, by another folder.
 * @throws STORE_LOCKED (conflict) with `details.pid`, STORE_FAILED (corrupt)
 */
export async function own(path: string, folder = `${path}.lock`): Promise<Owned> {
  const lock = new Level(folder, { multithreading: false })
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await lock.open()
  } catch (cause) {
    if (isLocked(cause)) throw await inUse(path, folder, cause)
    const message = `cannot make ${folder}, which keeps other processes away`
    throw storeError('STORE_FAILED', message, { location: folder }, { cause })
  }
  await noteOwner(folder).catch(() => {}) // the lock holds without its note
  return { release: () => lock.close() }
}
