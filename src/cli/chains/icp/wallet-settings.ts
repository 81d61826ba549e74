/** What the configuration says of identities of the Internet Computer: `[auth.icp]`. */
import { z } from 'zod'
import type { OptionGroup } from '../../config/option-group.ts'
import { httpUrl, MAX_WALLET_URLS, walletName } from '../shared/settings.ts'

interface IcpWalletUser {
  enabled?: boolean | undefined
  root_key?: string | undefined
  canisters?: string[] | undefined
  identity_provider?: string | undefined
}

export interface IcpWalletEntry {
  readonly rootKey?: string | undefined
  readonly canisters?: readonly string[] | undefined
  readonly identityProvider?: string | undefined
}

export const walletSettings: OptionGroup<IcpWalletUser, IcpWalletEntry | undefined> = {
  table: 'icp',
  schema: z.strictObject({
    enabled: z.boolean().optional(),
    root_key: z
      .string()
      .regex(/^[0-9a-f]{16,1024}$/, 'expected a key as DER, hexadecimal')
      .optional(),
    canisters: z.array(walletName).min(1).max(MAX_WALLET_URLS).optional(),
    identity_provider: httpUrl().optional(),
  }),
  options: [
    { key: 'enabled', kind: 'boolean', text: 'identities of the Internet Computer' },
    { key: 'root_key', kind: 'text', text: 'key of the root subnet, where it is a local one' },
    { key: 'canisters', kind: 'list', text: 'canisters whose signatures count' },
    { key: 'identity_provider', kind: 'text', text: 'page where people meet their identity' },
  ],
  resolve: ({ enabled = true, root_key, canisters, identity_provider }) =>
    enabled ? { rootKey: root_key, canisters, identityProvider: identity_provider } : undefined,
}
