/** What `chain status` and `chain doctor` look at on Stellar: a node's anchor, or a deployment file with endpoints. */
import { secretReference } from '../../arguments.ts'
import type { ChainTarget } from '../chain.ts'
import {
  givenPlace,
  type LookOptions as CommonOptions,
  type Place,
  targetOf,
} from '../shared/target.ts'
import { accountArgument, contextArgument } from './arguments.ts'
import type { StellarEntry } from './settings.ts'

/** What stands beside a node's configuration, too. */
export interface LookDetails {
  readonly context?: string[]
}

export interface LookOptions extends CommonOptions, LookDetails {
  readonly account?: string
}

/** A network, and the account on it. */
export interface StellarPlace extends Place {
  /** `G...`, where there is no key of it. */
  readonly account?: string | undefined
  /** Contexts or groups whose entries are looked at, too, 32 bytes each. */
  readonly subjects?: readonly Uint8Array[] | undefined
}

function target(place: StellarPlace): ChainTarget {
  return targetOf('stellar', place, async () => (await import('./look.ts')).looking)
}

/** The anchor of a node. @throws CLI_USAGE (input) */
export function configuredTarget(entry: StellarEntry, { context }: LookDetails): ChainTarget {
  return target({ ...configuredPlace(entry), subjects: context?.map(contextArgument) })
}

/** The network of a node's anchor, and its account, unless another one is named. */
export function configuredPlace(
  { keyFile, keyEnv, ...same }: StellarEntry,
  other: Pick<LookOptions, 'keyFile' | 'keyEnv'> = {},
): StellarPlace {
  const own = secretReference(keyFile, keyEnv)
  return { ...same, key: secretReference(other.keyFile, other.keyEnv) ?? own }
}

/** A deployment file with endpoints. @throws CLI_USAGE (input) */
export function givenTarget(deployment: string, options: LookOptions): ChainTarget {
  const { account, context } = options
  return target({
    ...givenPlace(deployment, options),
    account: account === undefined ? undefined : accountArgument('--account', account),
    subjects: context?.map(contextArgument),
  })
}
