/** Files for new keys: made once, for their owner only. */
import { open } from 'node:fs/promises'
import { cliError } from '../../errors.ts'

/** Writes a key where there is no file yet; false where there is one. @throws CLI_FILE (input) */
export async function writeNewKey(path: string, text: string): Promise<boolean> {
  try {
    await using file = await open(path, 'wx', 0o600)
    await file.writeFile(text)
    await file.sync()
    return true
  } catch (cause) {
    const isThere = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    if (isThere) return false
    throw cliError('CLI_FILE', `cannot write ${path}`, { path }, { cause })
  }
}
