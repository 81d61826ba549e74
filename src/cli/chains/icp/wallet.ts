/** Signing in with identities of the Internet Computer, before anything of it is loaded. */
import type { Wallet } from '../wallet.ts'
import type { IcpWalletEntry } from './wallet-settings.ts'

export const icpWallets: Wallet = {
  chain: 'icp',
  method: 'icp_wallet',
  ...{ prefix: 'icp:', example: 'icp:w7x7r-cok77-xa' },
  settings: async () => (await import('./wallet-settings.ts')).walletSettings,
  async open(entry: IcpWalletEntry) {
    const { icpWallet } = await import('../../../chains/icp/wallet.ts')
    const { systemClock: clock } = await import('../../../node/primitives/clock.ts')
    return { verifier: icpWallet({ ...entry, clock }) }
  },
}
