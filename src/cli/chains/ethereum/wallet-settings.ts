/** What the configuration says of Ethereum wallets: `[auth.ethereum]`. */
import { z } from 'zod'
import type { OptionGroup } from '../../config/option-group.ts'
import { httpUrl, MAX_WALLET_URLS } from '../shared/settings.ts'

interface EthereumWalletUser {
  chain_ids?: string[] | undefined
  rpc_urls?: string[] | undefined
}

interface WalletChain {
  readonly chainId: number
  readonly rpcUrls: readonly string[]
}

/** The first is meant where a wallet names none. */
export type EthereumWalletEntry = readonly [WalletChain, ...WalletChain[]]

const chainId = z.string().regex(/^[1-9]\d{0,14}$/, 'expected the number of a chain, EIP-155')

/** `1=https://...`: an endpoint with the chain it belongs to. */
const chainUrl = z
  .string()
  .max(2048)
  .refine(
    (text) =>
      httpUrl().safeParse(partsOf(text)[1]).success && chainId.safeParse(partsOf(text)[0]).success,
    { message: 'expected a chain with its endpoint, as in 1=https://rpc.example' },
  )

export const walletSettings: OptionGroup<EthereumWalletUser, EthereumWalletEntry> = {
  table: 'ethereum',
  schema: z
    .strictObject({
      chain_ids: z.array(chainId).min(1).max(MAX_WALLET_URLS).optional(),
      rpc_urls: z.array(chainUrl).max(MAX_WALLET_URLS).optional(),
    })
    .refine(
      ({ chain_ids: ids = ['1'], rpc_urls: list = [] }) =>
        list.every((text) => ids.includes(partsOf(text)[0])),
      { message: 'expected endpoints of chains that stand in chain_ids', path: ['rpc_urls'] },
    ),
  options: [
    { key: 'chain_ids', kind: 'list', text: 'Ethereum wallets: chains by EIP-155' },
    { key: 'rpc_urls', kind: 'list', text: 'endpoints as 1=https://..., for contracts' },
  ],
  resolve({ chain_ids: [first = '1', ...others] = [], rpc_urls: list = [] }) {
    const chainOf = (id: string): WalletChain => ({
      chainId: Number(id),
      rpcUrls: list.map(partsOf).flatMap(([chain, url]) => (chain === id ? [url] : [])),
    })
    return [chainOf(first), ...others.map(chainOf)]
  },
}

/** Chain and URL of an endpoint. */
function partsOf(text: string): [string, string] {
  const at = text.indexOf('=')
  return [text.slice(0, at), text.slice(at + 1)]
}
