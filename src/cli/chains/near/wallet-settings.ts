/** What the configuration says of NEAR wallets: `[auth.near]`. */
import { z } from 'zod'
import type { OptionGroup } from '../../config/option-group.ts'
import { walletName, walletUrls } from '../shared/settings.ts'

interface NearWalletUser {
  network?: string | undefined
  rpc_urls?: string[] | undefined
  recipient?: string | undefined
  callback_urls?: string[] | undefined
}

export interface NearWalletEntry {
  readonly network: string
  readonly rpcUrls: readonly string[]
  readonly recipient?: string
  readonly callbackUrls: readonly string[]
}

export const walletSettings: OptionGroup<NearWalletUser, NearWalletEntry> = {
  table: 'near',
  schema: z.strictObject({
    network: walletName.optional(),
    rpc_urls: walletUrls.optional(),
    recipient: walletName.optional(),
    callback_urls: walletUrls.optional(),
  }),
  options: [
    { key: 'network', kind: 'text', text: 'NEAR wallets: mainnet, testnet' },
    { key: 'rpc_urls', kind: 'list', text: 'endpoints of that network' },
    { key: 'recipient', kind: 'text', text: 'whom wallets say the message is for' },
    { key: 'callback_urls', kind: 'list', text: 'pages that wallets may come back to' },
  ],
  resolve: ({ network = 'mainnet', rpc_urls: rpcUrls = [], recipient, callback_urls: pages }) => ({
    ...{ network, rpcUrls, callbackUrls: pages ?? [] },
    ...(recipient === undefined ? {} : { recipient }),
  }),
}
