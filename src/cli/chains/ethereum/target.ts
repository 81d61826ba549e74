/** What `chain status` and `chain doctor` look at on Ethereum: a node's anchor, or a deployment file with endpoints. */
import { withSdk } from '../../../chains/shared/sdk.ts'
import { resolve } from 'node:path'
import { type FinalityRule, readDeployment } from '../../../chains/ethereum/index.ts'
import type { SecretReference } from '../../../node/secret.ts'
import { rpcUrlsArgument, secretReference } from '../../arguments.ts'
import { cliError } from '../../errors.ts'
import { jsonSafe } from '../../json-safe.ts'
import type { ChainTarget } from '../chain.ts'
import { addressArgument, finalityArgument, maxFeeArgument, weiOf } from './arguments.ts'
import type { EthereumEntry } from './settings.ts'

export interface LookOptions {
  readonly rpcUrl?: string[]
  readonly wsUrl?: string
  readonly finality?: string
  readonly keyFile?: string
  readonly keyEnv?: string
  readonly from?: string
  readonly maxFeeGwei?: string
}

/** A chain, and the account on it. */
export interface EthereumPlace {
  readonly rpcUrls: readonly string[]
  readonly wsUrl?: string | undefined
  /** Deployment file. */
  readonly deployment: string
  /** @default the adapter's */
  readonly finality?: FinalityRule | undefined
  readonly key?: SecretReference | undefined
  /** Account in the key's place, which nobody can send with. */
  readonly from?: string | undefined
  readonly relayerUrl?: string | undefined
  /** @default the adapter's */
  readonly maxFeePerGas?: bigint | undefined
}

/** The anchor of a node. */
export function configuredTarget(entry: EthereumEntry): ChainTarget {
  const { keyFile, keyEnv, maxFeeGwei, ...same } = entry
  const maxFeePerGas = maxFeeGwei === undefined ? undefined : weiOf(maxFeeGwei)
  return targetOf({ ...same, key: secretReference(keyFile, keyEnv), maxFeePerGas })
}

/** A deployment file with endpoints. @throws CLI_USAGE (input) */
export function givenTarget(deployment: string, options: LookOptions): ChainTarget {
  const { rpcUrl, wsUrl, finality, keyFile, keyEnv, from, maxFeeGwei } = options
  if (rpcUrl === undefined) {
    throw cliError('CLI_USAGE', 'expected --rpc-url beside --deployment: no endpoint is built in')
  }
  return targetOf({
    rpcUrls: rpcUrlsArgument(rpcUrl),
    wsUrl,
    deployment: resolve(deployment),
    finality: finality === undefined ? undefined : finalityArgument(finality),
    key: secretReference(keyFile, keyEnv),
    from: from === undefined ? undefined : addressArgument('--from', from),
    maxFeePerGas: maxFeeGwei === undefined ? undefined : maxFeeArgument(maxFeeGwei),
  })
}

function targetOf(place: EthereumPlace): ChainTarget {
  const protocol = 'ethereum'
  return {
    protocol,
    key: place.key,
    async account() {
      const { accountOf } = await withSdk('ethereum', () => import('./look.ts'))
      return accountOf(place)
    },
    async inspect() {
      const { accountOf, lookAtEthereum } = await withSdk('ethereum', () => import('./look.ts'))
      const { statusText } = await withSdk('ethereum', () => import('./status-text.ts'))
      const deployment = await readDeployment(place.deployment)
      const report = await lookAtEthereum(place, deployment, await accountOf(place))
      return { facts: jsonSafe({ protocol, ...report }), text: statusText(report) }
    },
    async judge(options) {
      const { diagnose } = await withSdk('ethereum', () => import('./diagnose.ts'))
      return diagnose(place, options)
    },
  }
}
