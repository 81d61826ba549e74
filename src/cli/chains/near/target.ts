/** What `chain status` and `chain doctor` look at on NEAR: a node's anchor, or a deployment file with endpoints. */
import { resolve } from 'node:path'
import { readDeployment } from '../../../chains/near/index.ts'
import { withSdk } from '../../../chains/shared/sdk.ts'
import type { SecretReference } from '../../../node/secret.ts'
import { rpcUrlsArgument, secretReference } from '../../arguments.ts'
import { cliError } from '../../errors.ts'
import { jsonSafe } from '../../json-safe.ts'
import type { ChainTarget } from '../chain.ts'
import { accountArgument } from './arguments.ts'
import type { NearEntry } from './settings.ts'

export interface LookOptions {
  readonly rpcUrl?: string[]
  readonly account?: string
  readonly keyFile?: string
  readonly keyEnv?: string
}

/** A network, and the account on it. */
export interface NearPlace {
  readonly rpcUrls: readonly string[]
  /** Deployment file. */
  readonly deployment: string
  readonly key?: SecretReference | undefined
  readonly account?: string | undefined
  readonly relayerUrl?: string | undefined
}

/** The anchor of a node. */
export function configuredTarget(entry: NearEntry): ChainTarget {
  const { keyFile, keyEnv, ...same } = entry
  return targetOf({ ...same, key: secretReference(keyFile, keyEnv) })
}

/** A deployment file with endpoints. @throws CLI_USAGE (input) */
export function givenTarget(deployment: string, options: LookOptions): ChainTarget {
  const { rpcUrl, account, keyFile, keyEnv } = options
  if (rpcUrl === undefined) {
    throw cliError('CLI_USAGE', 'expected --rpc-url beside --deployment: no endpoint is built in')
  }
  return targetOf({
    rpcUrls: rpcUrlsArgument(rpcUrl),
    deployment: resolve(deployment),
    key: secretReference(keyFile, keyEnv),
    account: account === undefined ? undefined : accountArgument('--account', account),
  })
}

function targetOf(place: NearPlace): ChainTarget {
  const protocol = 'near'
  return {
    protocol,
    key: place.key,
    async account() {
      const { accountOf } = await withSdk('near', () => import('./look.ts'))
      return (await accountOf(place))?.address
    },
    async inspect() {
      const { accountOf, lookAtNear } = await withSdk('near', () => import('./look.ts'))
      const { statusText } = await withSdk('near', () => import('./status-text.ts'))
      const deployment = await readDeployment(place.deployment)
      const report = await lookAtNear(place, deployment, await accountOf(place))
      return { facts: jsonSafe({ protocol, ...report }), text: statusText(report) }
    },
    async judge(options) {
      const { diagnose } = await withSdk('near', () => import('./diagnose.ts'))
      return diagnose(place, options)
    },
  }
}
