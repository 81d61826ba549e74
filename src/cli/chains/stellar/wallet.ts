/** Signing in with wallets of Stellar, before anything of it is loaded. */
import type { Wallet } from '../wallet.ts'
import type { StellarWalletEntry } from './wallet-settings.ts'

/** Characters of the seed where it is. */
const MAX_SEED_CHARS = 4_096
const SEED = 'a seed of 64 hexadecimal digits'

export const stellarWallets: Wallet = {
  chain: 'stellar',
  method: 'stellar_wallet',
  ...{ prefix: 'stellar:', example: 'stellar:GABC...' },
  settings: async () => (await import('./wallet-settings.ts')).walletSettings,
  async open({ horizonUrls, homeDomain, key, ...network }: StellarWalletEntry, { host }) {
    const { withSdk } = await import('../../../chains/shared/sdk.ts')
    const { stellarWallet } = await withSdk(
      'stellar',
      () => import('../../../chains/stellar/wallet.ts'),
    )
    const { systemClock: clock } = await import('../../../node/primitives/clock.ts')
    const verifier = stellarWallet({
      ...network,
      endpoints: horizonUrls === undefined ? 'none' : horizonUrls.map((url) => ({ url })),
      signingSeed: await seedAt(key),
      homeDomain: homeDomain ?? host,
    })({ clock })
    return { verifier, routes: verifier.sep10 }
  },
}

/** @throws CLI_AUTH (input) */
async function seedAt({ file, env }: StellarWalletEntry['key']): Promise<Uint8Array> {
  const { secretReference } = await import('../../arguments.ts')
  const { readSecret } = await import('../../../node/secret.ts')
  const { cliError } = await import('../../errors.ts')
  const reference = secretReference(file, env)
  if (reference === undefined) throw cliError('CLI_AUTH', `expected ${SEED}, got none`)
  const text = await readSecret(reference, MAX_SEED_CHARS, (where, got, cause) =>
    cliError('CLI_AUTH', `expected ${SEED} in ${where}, got ${got}`, { where }, { cause }),
  )
  if (/^[0-9a-f]{64}$/i.test(text)) {
    const { fromHex } = await import('../../../node/primitives/bytes.ts')
    return fromHex(text.toLowerCase())
  }
  throw cliError('CLI_AUTH', 'expected the seed of auth.stellar to be 64 hexadecimal digits')
}
