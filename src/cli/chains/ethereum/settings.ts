/** What the configuration says of Ethereum: `[anchor.ethereum]`, and `[relayer.ethereum]`, the account that pays for others there. */
import { z } from 'zod'
import type { ChainSettings } from '../../config/option-group.ts'
import {
  type ChainEntry,
  type ChainUser,
  COMMON_OPTIONS,
  commonKeys,
  hasOneKey,
  ONE_KEY,
  payer,
  resolveCommon,
} from '../shared/settings.ts'

/** Blocks above one that counts as final. */
const MAX_CONFIRMATIONS = 1000

/** What users write. */
export interface EthereumUser extends ChainUser {
  ws_url?: string | undefined
  finality?: 'finalized' | 'safe' | undefined
  confirmations?: number | undefined
  max_fee_gwei?: number | undefined
  max_tip_gwei?: number | undefined
}

/** An Ethereum chain, and how this node takes part in it. */
export interface EthereumEntry extends ChainEntry {
  /** Endpoint for subscriptions. */
  readonly wsUrl?: string | undefined
  /** When a block counts as final; a number: that many blocks above it. Undefined: the adapter's default. */
  readonly finality?: 'finalized' | 'safe' | number | undefined
  readonly maxFeeGwei?: number | undefined
  readonly maxTipGwei?: number | undefined
}

const schema: z.ZodType<EthereumUser> = z
  .strictObject({
    ...commonKeys,
    ws_url: z
      .url({ protocol: /^wss?$/, error: 'expected a ws or wss URL' })
      .max(2048)
      .optional(),
    finality: z.enum(['finalized', 'safe']).optional(),
    confirmations: z.int().min(0).max(MAX_CONFIRMATIONS).optional(),
    max_fee_gwei: z.int().min(1).max(100_000).optional(),
    max_tip_gwei: z.int().min(1).max(100_000).optional(),
  })
  .refine(hasOneKey, { message: ONE_KEY })
  .refine(({ finality, confirmations }) => finality === undefined || confirmations === undefined, {
    message: 'expected one of finality and confirmations',
  })

function resolveEntry(user: EthereumUser, home: string): EthereumEntry {
  const { relayerUrl, ...common } = resolveCommon(user, home)
  return {
    ...common,
    wsUrl: user.ws_url,
    finality: user.confirmations ?? user.finality,
    maxFeeGwei: user.max_fee_gwei,
    maxTipGwei: user.max_tip_gwei,
    relayerUrl,
  }
}

export const settings: ChainSettings<EthereumUser, EthereumEntry> = {
  anchor: {
    table: 'ethereum',
    schema,
    options: [
      ...COMMON_OPTIONS,
      { key: 'ws_url', kind: 'text', text: 'endpoint for subscriptions' },
      { key: 'finality', kind: 'text', text: 'finalized or safe: when a block counts' },
      { key: 'confirmations', kind: 'integer', text: 'blocks above one that counts, instead' },
      { key: 'max_fee_gwei', kind: 'integer', text: 'most that is paid per gas' },
      { key: 'max_tip_gwei', kind: 'integer', text: 'most of that for whoever makes the block' },
    ],
    resolve: resolveEntry,
  },
  relayer: payer('ethereum', { key: 'gas_per_day', text: 'gas of all operations of a day' }),
}
