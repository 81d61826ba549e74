/** What `chain status` and `chain doctor` look at on NEAR: a node's anchor, or a deployment file with endpoints. */
import { secretReference } from '../../arguments.ts'
import type { ChainTarget } from '../chain.ts'
import {
  givenPlace,
  type LookOptions as CommonOptions,
  type Place,
  targetOf,
} from '../shared/target.ts'
import { accountArgument } from './arguments.ts'
import type { NearEntry } from './settings.ts'

export interface LookOptions extends CommonOptions {
  readonly account?: string
}

/** A network, and the account on it. */
export interface NearPlace extends Place {
  readonly account?: string | undefined
}

function target(place: NearPlace): ChainTarget {
  return targetOf('near', place, async () => (await import('./look.ts')).looking)
}

/** The anchor of a node. */
export function configuredTarget(entry: NearEntry): ChainTarget {
  const { keyFile, keyEnv, ...same } = entry
  return target({ ...same, key: secretReference(keyFile, keyEnv) })
}

/** A deployment file with endpoints. @throws CLI_USAGE (input) */
export function givenTarget(deployment: string, options: LookOptions): ChainTarget {
  const { account } = options
  return target({
    ...givenPlace(deployment, options),
    account: account === undefined ? undefined : accountArgument('--account', account),
  })
}
