/** What several commands say about Stellar in the same words. */
import { ACCOUNT } from '../../../chains/stellar/constants.ts'
import { ContextId } from '../../../node/primitives/ids.ts'
import { cliError } from '../../errors.ts'

/** An account. @throws CLI_USAGE */
export function accountArgument(name: string, text: string): string {
  if (ACCOUNT.test(text)) return text
  throw cliError('CLI_USAGE', `expected ${name} to be an account of Stellar, G..., got ${text}`)
}

/** A context, or a group. @throws CLI_USAGE */
export function contextArgument(text: string): Uint8Array {
  try {
    return ContextId.parse(text)
  } catch (cause) {
    const got = JSON.stringify(text.slice(0, 80))
    const message = `expected --context to be the id of a context or a group, got ${got}`
    throw cliError('CLI_USAGE', message, {}, { cause })
  }
}
