/** What the configuration says of Stellar wallets: `[auth.stellar]`. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { PASSPHRASES } from '../../../chains/stellar/constants.ts'
import { path, variable } from '../../config/fields.ts'
import type { OptionGroup } from '../../config/option-group.ts'
import { walletName, walletUrls } from '../shared/settings.ts'

interface StellarWalletUser {
  network?: string | undefined
  passphrase?: string | undefined
  horizon_urls?: string[] | undefined
  home_domain?: string | undefined
  key_file?: string | undefined
  key_env?: string | undefined
}

export interface StellarWalletEntry {
  readonly network: string
  readonly passphrase: string
  /** Undefined: no Horizon is asked. */
  readonly horizonUrls?: readonly string[] | undefined
  /** Undefined: the host of the public origin. */
  readonly homeDomain?: string | undefined
  /** Where the seed is that signs challenges; the file is absolute. */
  readonly key: { readonly file?: string | undefined; readonly env?: string | undefined }
}

/** Passphrases by the names that wallets use. */
const NETWORKS: Readonly<Record<string, string>> = {
  pubnet: PASSPHRASES.mainnet,
  testnet: PASSPHRASES.testnet,
}

export const walletSettings: OptionGroup<StellarWalletUser, StellarWalletEntry> = {
  table: 'stellar',
  schema: z
    .strictObject({
      network: walletName.optional(),
      passphrase: walletName.optional(),
      horizon_urls: walletUrls.min(1).optional(),
      home_domain: walletName.optional(),
      key_file: path.optional(),
      key_env: variable.optional(),
    })
    .refine(({ key_file, key_env }) => (key_file === undefined) !== (key_env === undefined), {
      message: 'expected one of key_file and key_env',
    }),
  options: [
    { key: 'network', kind: 'text', text: 'Stellar wallets: pubnet, testnet' },
    { key: 'passphrase', kind: 'text', text: 'passphrase of another network' },
    { key: 'horizon_urls', kind: 'list', text: 'Horizons of that network' },
    { key: 'home_domain', kind: 'text', text: 'where stellar.toml is' },
    { key: 'key_file', kind: 'text', text: 'file with the seed that signs challenges' },
    { key: 'key_env', kind: 'text', text: 'environment variable with it, instead' },
  ],
  resolve: ({ network = 'pubnet', passphrase, key_file: file, ...user }, home) => ({
    ...{ network, passphrase: passphrase ?? NETWORKS[network] ?? network },
    horizonUrls: user.horizon_urls,
    homeDomain: user.home_domain,
    key: { file: file === undefined ? undefined : resolve(home, file), env: user.key_env },
  }),
}
