/** A password: out of a file, or of a person at the terminal. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { readSecret } from '../../node/secret.ts'
import { cliError } from '../errors.ts'

/** Characters of a password that is typed. */
const MAX_CHARS = 1_024

/** Nothing of it is shown while it is typed. @param option that names the file. @throws CLI_USAGE (input) nobody is there to ask, CLI_FILE (input) */
export async function askPassword(
  file: string | undefined,
  { prompt = 'Password', option = '--password-file' }: { prompt?: string; option?: string } = {},
): Promise<string> {
  if (file !== undefined) return secretOf(file, 'a password')
  if (!process.stdin.isTTY) {
    throw cliError('CLI_USAGE', `nobody is there to ask for a password: name a file with ${option}`)
  }
  process.stderr.write(`${prompt}: `)
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  try {
    return await terminal.question('')
  } finally {
    terminal.close()
    process.stderr.write('\n')
  }
}

/** What is in a file that only its owner can read. @throws CLI_FILE (input) */
export function secretOf(file: string, what: string): Promise<string> {
  return readSecret({ file }, MAX_CHARS, (where, got, cause) =>
    cliError('CLI_FILE', `expected ${what} in ${where}, got ${got}`, { file: where }, { cause }),
  )
}
