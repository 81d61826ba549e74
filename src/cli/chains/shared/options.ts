/** Options that commands of several chains take in the same words. */
import type { ChainOption } from '../chain.ts'

export const KEY_ENV: ChainOption = {
  flags: '--key-env <name>',
  text: 'environment variable with that key',
  conflicts: ['keyFile'],
}

export const RPC_URL: ChainOption = {
  flags: '--rpc-url <url...>',
  text: 'JSON-RPC endpoints of the network, the preferred first',
}

/** Which contracts a node asks. */
export const DEPLOYMENT: ChainOption = {
  flags: '--deployment <file>',
  text: 'file that says where the contracts are',
}

/** What is looked at, in place of a node's anchor. */
export const LOOK_DEPLOYMENT: ChainOption = {
  flags: '--deployment <file>',
  text: 'look at this deployment, not at the configuration of a node',
}

/** Options of `chain run`. */
export const RUN: readonly ChainOption[] = [
  { flags: '--out <file>', text: 'deployment file; default: local.deployment.json' },
  { flags: '--empty', text: 'without the contracts, to try `chain deploy`' },
]

/** What people should know of a chain that runs here. */
export function runNote(words: string): string {
  return `The ${words} chain keeps nothing: it and its accounts are for development only.`
}
