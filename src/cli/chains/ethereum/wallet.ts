/** Signing in with wallets of Ethereum, before anything of it is loaded. */
import type { Wallet } from '../wallet.ts'
import type { EthereumWalletEntry } from './wallet-settings.ts'

export const ethereumWallets: Wallet = {
  chain: 'ethereum',
  method: 'eth_wallet',
  ...{ prefix: 'eth:', example: 'eth:0xabc...' },
  forDev: ['chain_ids=1'],
  keyWords: 'an Ethereum key, 64 hexadecimal digits',
  settings: async () => (await import('./wallet-settings.ts')).walletSettings,
  async open(chains: EthereumWalletEntry, { logger }) {
    const { withSdk } = await import('../../../chains/shared/sdk.ts')
    const { ethereumWallet } = await withSdk(
      'ethereum',
      () => import('../../../chains/ethereum/wallet.ts'),
    )
    const { systemClock: clock } = await import('../../../node/primitives/clock.ts')
    return { verifier: ethereumWallet({ chains, clock, logger }) }
  },
  async signer(key, file) {
    const { Wallet: Account } = await import('ethers')
    try {
      const account = new Account(key.startsWith('0x') ? key : `0x${key}`)
      const { address } = account
      return {
        address,
        sign: async (message) => ({ message, signature: await account.signMessage(message) }),
      }
    } catch {
      // what the library says repeats the key
      const { cliError } = await import('../../errors.ts')
      const message = `expected 64 hexadecimal digits in ${file}, got something else`
      throw cliError('CLI_FILE', message, { file })
    }
  },
}
