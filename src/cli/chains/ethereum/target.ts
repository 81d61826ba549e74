/** What `chain status` and `chain doctor` look at on Ethereum: a node's anchor, or a deployment file with endpoints. */
import type { FinalityRule } from '../../../chains/ethereum/index.ts'
import { secretReference } from '../../arguments.ts'
import type { ChainTarget } from '../chain.ts'
import {
  givenPlace,
  type LookOptions as CommonOptions,
  type Place,
  targetOf,
} from '../shared/target.ts'
import { addressArgument, finalityArgument, maxFeeArgument, weiOf } from './arguments.ts'
import type { EthereumEntry } from './settings.ts'

export interface LookOptions extends CommonOptions {
  readonly wsUrl?: string
  readonly finality?: string
  readonly from?: string
  readonly maxFeeGwei?: string
}

/** A chain, and the account on it. */
export interface EthereumPlace extends Place {
  readonly wsUrl?: string | undefined
  /** @default the adapter's */
  readonly finality?: FinalityRule | undefined
  /** Account in the key's place, which nobody can send with. */
  readonly from?: string | undefined
  /** @default the adapter's */
  readonly maxFeePerGas?: bigint | undefined
}

function target(place: EthereumPlace): ChainTarget {
  return targetOf('ethereum', place, async () => (await import('./look.ts')).looking)
}

/** The anchor of a node. */
export function configuredTarget(entry: EthereumEntry): ChainTarget {
  const { keyFile, keyEnv, maxFeeGwei, ...same } = entry
  const maxFeePerGas = maxFeeGwei === undefined ? undefined : weiOf(maxFeeGwei)
  return target({ ...same, key: secretReference(keyFile, keyEnv), maxFeePerGas })
}

/** A deployment file with endpoints. @throws CLI_USAGE (input) */
export function givenTarget(deployment: string, options: LookOptions): ChainTarget {
  const { wsUrl, finality, from, maxFeeGwei } = options
  return target({
    ...givenPlace(deployment, options),
    wsUrl,
    finality: finality === undefined ? undefined : finalityArgument(finality),
    from: from === undefined ? undefined : addressArgument('--from', from),
    maxFeePerGas: maxFeeGwei === undefined ? undefined : maxFeeArgument(maxFeeGwei),
  })
}
