/** What the configuration says of the Internet Computer: `[anchor.icp]`. Nobody who calls pays there, so a node has no key, and nothing to relay. */
import { z } from 'zod'
import type { ChainSettings } from '../../config/option-group.ts'
import {
  type ChainEntry,
  type ChainUser,
  COMMON_OPTIONS,
  commonKeys,
  resolveCommon,
} from '../shared/settings.ts'

/** What users write. */
export type IcpUser = Pick<ChainUser, 'rpc_urls' | 'deployment'>

/** A network of the Internet Computer. */
export type IcpEntry = ChainEntry

/** Keys of other chains that somebody may bring along. */
const needless = z
  .never({
    error:
      'nobody who calls pays on the Internet Computer: a node needs neither a key nor a relayer',
  })
  .optional()

const { rpc_urls, deployment } = commonKeys

const schema: z.ZodType<IcpUser> = z.strictObject({
  ...{ rpc_urls, deployment },
  ...{ key_file: needless, key_env: needless },
  ...{ relayer_url: needless, relayer_key_env: needless },
})

export const settings: ChainSettings<IcpUser, IcpEntry> = {
  anchor: {
    table: 'icp',
    schema,
    options: COMMON_OPTIONS.filter(({ key }) => key === 'rpc_urls' || key === 'deployment'),
    resolve: (user, home) => resolveCommon(user, home),
  },
}
