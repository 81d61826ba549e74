/** What `chain status` and `chain doctor` look at on any chain: a node's anchor, or a deployment file with endpoints. */
import { resolve } from 'node:path'
import type { Check, JudgeOptions as Judged } from '../../../chains/shared/checks.ts'
import type { ChainDeployment } from '../../../chains/shared/deployment.ts'
import { withSdk } from '../../../chains/shared/sdk.ts'
import { isMerogateError } from '../../../node/errors.ts'
import type { SecretReference } from '../../../node/secret.ts'
import { rpcUrlsArgument, secretReference } from '../../arguments.ts'
import { cliError } from '../../errors.ts'
import { jsonSafe } from '../../json-safe.ts'
import { type ChainTarget, failed, passed } from '../chain.ts'

/** A network, and the account on it. */
export interface Place {
  readonly rpcUrls: readonly string[]
  /** Deployment file. */
  readonly deployment: string
  readonly key?: SecretReference | undefined
  readonly relayerUrl?: string | undefined
}

/** Options that every chain's look takes. */
export interface LookOptions {
  readonly rpcUrl?: string[]
  readonly keyFile?: string
  readonly keyEnv?: string
}

/** How one chain is looked at; loaded with its SDK. */
export interface Looking<P extends Place, D extends ChainDeployment, R> {
  read(path: string): Promise<D>
  /** The network of a deployment, in words. */
  wordsOf(deployment: D): string
  /** Name of the account that a place names; undefined when it names none. @throws CHAIN_KEY (input) */
  account(place: P): Promise<string | undefined>
  /** @param withAccount whether the account is looked at, too */
  look(place: P, deployment: D, withAccount: boolean): Promise<R>
  text(report: R): string
  judge(report: R, options: Judged): readonly Check[]
}

/** What options say of a deployment that no node has. @throws CLI_USAGE (input) */
export function givenPlace(
  deployment: string,
  { rpcUrl, keyFile, keyEnv }: LookOptions,
): Place & { readonly key: SecretReference | undefined } {
  if (rpcUrl === undefined) {
    throw cliError('CLI_USAGE', 'expected --rpc-url beside --deployment: no endpoint is built in')
  }
  return {
    rpcUrls: rpcUrlsArgument(rpcUrl),
    deployment: resolve(deployment),
    key: secretReference(keyFile, keyEnv),
  }
}

export function targetOf<P extends Place, D extends ChainDeployment, R extends object>(
  protocol: string,
  place: P,
  load: () => Promise<Looking<P, D, R>>,
): ChainTarget {
  const loaded = (): Promise<Looking<P, D, R>> => withSdk(protocol, load)
  return {
    protocol,
    key: place.key,
    account: async () => (await loaded()).account(place),
    async inspect() {
      const looking = await loaded()
      const deployment = await looking.read(place.deployment)
      const report = await looking.look(place, deployment, true)
      return { facts: jsonSafe({ protocol, ...report }), text: looking.text(report) }
    },
    // what keeps later checks from being made is the last
    async judge({ operations, account }) {
      const checks: Check[] = []
      try {
        const looking = await loaded()
        const deployment = await looking.read(place.deployment)
        checks.push(passed('deployment', looking.wordsOf(deployment)))
        // a key that cannot be read was told of already
        const report = await looking.look(place, deployment, account !== undefined)
        const isPaying = place.relayerUrl === undefined
        checks.push(...looking.judge(report, { operations, isPaying }))
      } catch (error) {
        const what = isMerogateError(error, 'CHAIN_DEPLOYMENT') ? 'deployment' : 'chain'
        checks.push(failed(what, error))
      }
      return checks
    },
  }
}
