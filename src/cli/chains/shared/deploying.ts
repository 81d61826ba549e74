/** What deploying takes on any chain, beside what is deployed. */
import type { DeployEvents, NamedContract } from '../../../chains/shared/deploy.ts'
import { toMerogateError } from '../../../node/errors.ts'
import type { SecretReference } from '../../../node/secret.ts'
import { secretReference } from '../../arguments.ts'
import { cliError } from '../../errors.ts'
import type { Output } from '../../output.ts'

/** Options that name who pays. */
export interface PayerOptions {
  readonly keyFile?: string
  readonly keyEnv?: string
  readonly dryRun?: true
}

/** Where the key is; looking alone needs none. @throws CLI_USAGE (input) */
export function payerReference({
  keyFile,
  keyEnv,
  dryRun,
}: PayerOptions): SecretReference | undefined {
  const reference = secretReference(keyFile, keyEnv)
  if (reference !== undefined || dryRun === true) return reference
  const message =
    'who pays? Name the key with --key-file or --key-env, or look first with --dry-run'
  throw cliError('CLI_USAGE', message)
}

/** What is there to send with. @throws CLI_USAGE (input): a plan without a key is for looking only */
export function keyToSend<K>(key: K | undefined): K {
  if (key !== undefined) return key
  throw cliError('CLI_USAGE', 'expected a key: nobody can pay')
}

/** Why something cannot be paid; undefined when it can. @param assert throws why */
export function missingOf(assert: () => void): Error | undefined {
  try {
    assert()
    return undefined
  } catch (error) {
    return toMerogateError(error)
  }
}

/** Tells of each contract: a note when its transaction is signed, an event when it lies in a block. */
export function toldTo(output: Output): Required<Omit<DeployEvents<NamedContract>, 'signal'>> {
  return {
    onSigned: ({ name }, transaction) => output.note(`${name}  sent ${transaction}`),
    onContract({ name: contract, address }, mined) {
      if (mined === undefined) return // the plan has said so
      const { transaction, block } = mined
      output.event(
        { event: 'contract', contract, address, transaction, block },
        `${contract}  ${address}  block ${block}`,
      )
    },
  }
}
