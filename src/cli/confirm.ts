/** Asks a person before something that costs. */
import { createInterface } from 'node:readline/promises'
import { cliError } from './errors.ts'
import type { Output } from './output.ts'

/**
 * Resolves when the person at the terminal agrees.
 * @throws CLI_USAGE when nobody is there to ask, CLI_DECLINED when the answer is no
 */
export async function confirm(question: string, output: Output): Promise<void> {
  if (!process.stdin.isTTY || output.format === 'json') {
    throw cliError('CLI_USAGE', 'nobody is there to agree: repeat the command with --yes')
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await terminal.question(`${question} [y/N] `)
    if (/^y(es)?$/i.test(answer.trim())) return
  } finally {
    terminal.close()
  }
  throw cliError('CLI_DECLINED', 'nothing was sent')
}
