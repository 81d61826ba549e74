/** All wallets that this browser has, of the kinds that the node takes. */
import type { Provider } from '../../client/auth.ts'
import { findEthereum } from './ethereum.ts'
import { findInternetIdentity } from './internet-identity.ts'
import { findNear } from './near.ts'
import { findStellar } from './stellar.ts'
import type { Search, Wallet } from './wallet.ts'

const SEARCHES: Readonly<Record<string, Search>> = {
  eth_wallet: findEthereum,
  near_wallet: findNear,
  icp_wallet: findInternetIdentity,
  stellar_wallet: findStellar,
}

/** Tells of each wallet once; returns what ends the search. */
export function findWallets(
  providers: readonly Provider[],
  found: (wallet: Wallet) => void,
): () => void {
  const ends = providers.map((provider) => SEARCHES[provider.name]?.(provider, found))
  return () => {
    for (const end of ends) end?.()
  }
}
