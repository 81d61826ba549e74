/** What several commands say about Ethereum in the same words. */
import type { FinalityRule } from '../../../chains/ethereum/index.ts'
import { integerArgument } from '../../arguments.ts'
import { cliError } from '../../errors.ts'

/** Wei of one gwei. */
const GWEI = 1_000_000_000n
/** Bounds of the configuration, which holds the same values. */
const MAX_CONFIRMATIONS = 1000
/** Fee per gas that may be set. */
const MAX_FEE_GWEI = 100_000

/** `finalized`, `safe` or a number of blocks. @throws CLI_USAGE */
export function finalityArgument(text: string): FinalityRule {
  if (text === 'finalized' || text === 'safe') return text
  if (/^\d+$/.test(text)) return integerArgument('--finality', text, MAX_CONFIRMATIONS)
  throw cliError('CLI_USAGE', `expected --finality finalized, safe or a number, got ${text}`)
}

/** Wei of a number of gwei. */
export function weiOf(gwei: number): bigint {
  return BigInt(gwei) * GWEI
}

/** Wei per gas of `--max-fee-gwei`. @throws CLI_USAGE */
export function maxFeeArgument(text: string): bigint {
  const gwei = integerArgument('--max-fee-gwei', text, MAX_FEE_GWEI)
  if (gwei > 0) return weiOf(gwei)
  throw cliError('CLI_USAGE', 'expected --max-fee-gwei to be above 0')
}

/** An account. @throws CLI_USAGE */
export function addressArgument(name: string, text: string): string {
  if (/^0x[0-9a-f]{40}$/i.test(text)) return text
  throw cliError('CLI_USAGE', `expected ${name} to be an address, 0x and 40 digits, got ${text}`)
}
