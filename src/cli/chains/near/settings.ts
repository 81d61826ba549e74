/** What the configuration says of NEAR: `[anchor.near]`, and `[relayer.near]`, the account that pays for others there. */
import { z } from 'zod'
import { ACCOUNT_ID } from '../../../chains/near/constants.ts'
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
export interface NearUser extends ChainUser {
  account?: string | undefined
}

/** A NEAR network, and how this node takes part in it. */
export interface NearEntry extends ChainEntry {
  /** Account whose key it is, where the key's file does not say. */
  readonly account?: string | undefined
}

const account = z.string().regex(ACCOUNT_ID, 'expected the id of a NEAR account')

const schema: z.ZodType<NearUser> = z
  .strictObject({ ...commonKeys, account: account.optional() })
  .refine(hasOneKey, { message: ONE_KEY })

export const settings: ChainSettings<NearUser, NearEntry> = {
  anchor: {
    table: 'near',
    schema,
    options: [
      ...COMMON_OPTIONS,
      {
        key: 'account',
        kind: 'text',
        text: 'account whose key it is, where its file does not say',
      },
    ],
    resolve: (user, home) => ({ ...resolveCommon(user, home), account: user.account }),
  },
  relayer: payer('near', {
    key: 'micro_near_per_day',
    text: 'millionths of a NEAR of all operations of a day',
  }),
}
