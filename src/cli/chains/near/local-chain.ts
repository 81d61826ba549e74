/** A local NEAR chain with the contracts on it: for `merogate dev`, `merogate chain run`, the demo and tests. */
import type { Deployment } from '../../../chains/near/index.ts'
import type { DevnetAccount, NearDevnet } from '../../../devnet/near/index.ts'
import { systemClock } from '../../../node/primitives/clock.ts'
import { silentLogger } from '../../../node/primitives/logger.ts'

/** Name of the network in invitations. */
const NETWORK = 'local'

/** Accounts of a local chain: one deploys, the others are for nodes. `near` makes accounts, as on the public networks. */
export const LOCAL_ACCOUNTS: readonly string[] = [
  'test.near',
  ...Array.from({ length: 9 }, (_, index) => `node${index + 1}.near`),
  'near',
]

export interface NearChain {
  readonly devnet: NearDevnet
  readonly deployment: Deployment
}

/** Starts the chain and deploys. @throws DEVNET_LISTEN (input) */
export async function startNearChain(port: number): Promise<NearChain> {
  const { startNearDevnet } = await import('../../../devnet/near/index.ts')
  const devnet = await startNearDevnet({ port, accounts: LOCAL_ACCOUNTS })
  try {
    const { deployWith } = await import('../../../chains/near/deploy/deploy.ts')
    const { signingKeys } = await import('../../../chains/near/send/account.ts')
    const [deployer] = devnet.accounts
    const keys = keysOf(deployer)
    const deployment = await deployWith({
      rpcUrls: [devnet.url],
      payer: { account: keys.account, signers: signingKeys(keys) },
      network: NETWORK,
      chainId: devnet.chainId,
      clock: systemClock,
      logger: silentLogger,
    })
    return { devnet, deployment }
  } catch (error) {
    await devnet.stop()
    throw error
  }
}

/** The keys of an account of the chain. */
export function keysOf({ accountId, secretKey }: DevnetAccount): {
  readonly account: string
  readonly keys: readonly [`ed25519:${string}`]
} {
  if (secretKey === undefined) throw new RangeError(`expected a key of ${accountId}, got none`)
  return { account: accountId, keys: [secretKey] }
}

/** The same as NEAR's tools keep them, in one line. */
export function credentialsOf(account: DevnetAccount): string {
  const { account: id, keys } = keysOf(account)
  const credentials = { account_id: id, public_key: account.publicKey, private_key: keys[0] }
  return JSON.stringify(credentials)
}
