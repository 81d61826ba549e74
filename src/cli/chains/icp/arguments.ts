/** What several commands say about the Internet Computer in the same words. */
import { CANISTER } from '../../../chains/icp/deploy/deployment.ts'
import { CONTRACT_NAMES, type ContractName } from '../../../chains/shared/core/artifacts.ts'
import type { Controllers } from '../../../chains/icp/deploy/plan.ts'
import { principalBytes } from '../../../chains/icp/principal.ts'
import { cliError } from '../../errors.ts'

/** Cycles of a T, as people count them. */
const TERA = 1_000_000_000_000n
/** Cycles that may be named, in T. */
const MAX_TERA = 1_000_000n

/** A canister. @throws CLI_USAGE */
export function canisterArgument(name: string, text: string): string {
  if (CANISTER.test(text) && principalBytes(text) !== undefined) return text
  throw cliError('CLI_USAGE', `expected ${name} to be the id of a canister, got ${text}`)
}

/** Canisters that are there, as `contexts=<id>`. @throws CLI_USAGE */
export function canistersArgument(
  texts: readonly string[] | undefined,
): Readonly<Partial<Record<ContractName, string>>> {
  const found: Partial<Record<ContractName, string>> = {}
  for (const text of texts ?? []) {
    const [left = '', id] = text.split('=')
    const name = CONTRACT_NAMES.find((each) => each === left)
    if (name === undefined || id === undefined) {
      const names = CONTRACT_NAMES.map((each) => `${each}=<id>`).join(' or ')
      throw cliError('CLI_USAGE', `expected --canister ${names}, got ${text}`)
    }
    found[name] = canisterArgument('--canister', id)
  }
  if (new Set(Object.values(found)).size < Object.keys(found).length) {
    throw cliError('CLI_USAGE', 'expected --canister to name two canisters, got one twice')
  }
  return found
}

/** Cycles of a number of T, as in `2.5`. @throws CLI_USAGE */
export function cyclesArgument(text: string): bigint {
  const [, whole, part = ''] = /^(\d{1,7})(?:\.(\d{1,12}))?$/.exec(text) ?? []
  const cycles = whole === undefined ? 0n : BigInt(whole + part.padEnd(12, '0'))
  if (cycles > 0n && cycles <= MAX_TERA * TERA) return cycles
  throw cliError(
    'CLI_USAGE',
    `expected --cycles to be a number of T (10^12), as in 2.5, got ${text}`,
  )
}

/** Who keeps control. @throws CLI_USAGE */
export function controllersArgument(text: string): Controllers {
  if (text === 'keep' || text === 'drop') return text
  throw cliError('CLI_USAGE', `expected --controllers keep or drop, got ${text}`)
}
