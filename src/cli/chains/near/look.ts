/** One look at a NEAR network, for `chain status` and `chain doctor`. */
import { type Deployment } from '../../../chains/near/index.ts'
import {
  type ChainReport,
  inspectChain,
  type LookedAt,
} from '../../../chains/near/inspect/inspect.ts'
import { readKeys } from '../../../chains/near/key.ts'
import { signingKeys } from '../../../chains/near/send/account.ts'
import { systemClock } from '../../../node/primitives/clock.ts'
import { silentLogger } from '../../../node/primitives/logger.ts'
import type { NearPlace } from './target.ts'

/** The account that a target names, and the names of its keys; undefined when it names none. @throws CHAIN_KEY (input) */
export async function accountOf({ key, account }: NearPlace): Promise<LookedAt | undefined> {
  if (key === undefined) return account === undefined ? undefined : { address: account, keys: [] }
  const keys = await readKeys(key, account)
  return { address: keys.account, keys: signingKeys(keys).map(({ name }) => name) }
}

/** Looks at a network. */
export async function lookAtNear(
  { rpcUrls }: NearPlace,
  deployment: Deployment,
  account: LookedAt | undefined,
): Promise<ChainReport> {
  return inspectChain({ rpcUrls, deployment, account, clock: systemClock, logger: silentLogger })
}
