/** What the configuration says of Stellar: `[anchor.stellar]`, and `[relayer.stellar]`, the account that pays for others there. */
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

/** What users write. */
export interface StellarUser extends ChainUser {
  max_fee_stroops?: number | undefined
}

/** A Stellar network, and how this node takes part in it. */
export interface StellarEntry extends ChainEntry {
  /** Most that a transaction offers for being taken, stroops. */
  readonly maxFee?: bigint | undefined
}

const schema: z.ZodType<StellarUser> = z
  .strictObject({
    ...commonKeys,
    max_fee_stroops: z.int().min(100).max(Number.MAX_SAFE_INTEGER).optional(),
  })
  .refine(hasOneKey, { message: ONE_KEY })

export const settings: ChainSettings<StellarUser, StellarEntry> = {
  anchor: {
    table: 'stellar',
    schema,
    options: [
      ...COMMON_OPTIONS,
      {
        key: 'max_fee_stroops',
        kind: 'integer',
        text: 'most that a transaction offers for being taken; resources and rent come on top',
      },
    ],
    resolve: (user, home) => ({
      ...resolveCommon(user, home),
      maxFee: user.max_fee_stroops === undefined ? undefined : BigInt(user.max_fee_stroops),
    }),
  },
  relayer: payer('stellar', {
    key: 'stroops_per_day',
    text: 'ten-millionths of an XLM of all operations of a day',
  }),
}
