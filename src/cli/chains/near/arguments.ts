/** What several commands say about NEAR in the same words. */
import { ACCOUNT_ID, NEAR } from '../../../chains/near/constants.ts'
import { cliError } from '../../errors.ts'

/** An account. @throws CLI_USAGE */
export function accountArgument(name: string, text: string): string {
  if (ACCOUNT_ID.test(text)) return text
  throw cliError('CLI_USAGE', `expected ${name} to be the id of a NEAR account, got ${text}`)
}

/** YoctoNEAR of a number of NEAR, as in `0.25`. @throws CLI_USAGE */
export function nearArgument(name: string, text: string): bigint {
  const [, whole, part = ''] = /^(\d{1,9})(?:\.(\d{1,24}))?$/.exec(text) ?? []
  if (whole !== undefined) return BigInt(whole + part.padEnd(NEAR.decimals, '0'))
  throw cliError('CLI_USAGE', `expected ${name} to be a number of NEAR, as in 0.25, got ${text}`)
}
