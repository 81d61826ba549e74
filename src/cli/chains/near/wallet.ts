/** Signing in with wallets of NEAR, before anything of it is loaded. */
import type { Wallet } from '../wallet.ts'
import type { NearWalletEntry } from './wallet-settings.ts'

export const nearWallets: Wallet = {
  chain: 'near',
  method: 'near_wallet',
  ...{ prefix: 'near:', example: 'near:alice.near' },
  settings: async () => (await import('./wallet-settings.ts')).walletSettings,
  async open({ rpcUrls, ...entry }: NearWalletEntry) {
    const { withSdk } = await import('../../../chains/shared/sdk.ts')
    const { nearWallet } = await withSdk('near', () => import('../../../chains/near/wallet.ts'))
    const { systemClock: clock } = await import('../../../node/primitives/clock.ts')
    const endpoints = rpcUrls.map((url) => ({ url }))
    return { verifier: nearWallet({ ...entry, endpoints })({ clock }) }
  },
}
