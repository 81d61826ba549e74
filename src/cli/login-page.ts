/** The login page in a checkout, where no build of the package has made it. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cliError } from './errors.ts'

const SCRIPT = join(import.meta.dirname, '../../scripts/build-login-page.ts')

/** Builds it where it can be built and is older than its sources; the package has it, and not the script. @throws CLI_FILE (input) */
export async function buildLoginPage(): Promise<void> {
  if (!import.meta.filename.endsWith('.ts') || !existsSync(SCRIPT)) return
  try {
    await promisify(execFile)(process.execPath, [SCRIPT, '--if-stale'])
  } catch (cause) {
    throw cliError('CLI_FILE', 'cannot build the login page', { file: SCRIPT }, { cause })
  }
}
