/** `[install]`: where applications may be installed from. */
import { z } from 'zod'
import type { OptionGroup } from '../option-group.ts'

export interface InstallUser {
  allow_private_hosts?: boolean | undefined
  allow_unhashed_bundles?: boolean | undefined
}

export interface InstallConfig {
  /** Let an install URL reach private, loopback and link-local addresses. @default false */
  readonly allowPrivateHosts: boolean
  /** Take signed bundles without hashes of their modules, as if nobody had signed them. @default false */
  readonly allowUnhashedBundles: boolean
}

export const install: OptionGroup<InstallUser, InstallConfig> = {
  table: 'install',
  schema: z.strictObject({
    allow_private_hosts: z.boolean().optional(),
    allow_unhashed_bundles: z.boolean().optional(),
  }),
  options: [
    {
      key: 'allow_private_hosts',
      kind: 'boolean',
      text: 'allow installing from private network addresses',
    },
    {
      key: 'allow_unhashed_bundles',
      kind: 'boolean',
      text: 'take signed bundles without hashes, as if nobody had signed them',
    },
  ],
  resolve: (user) => ({
    allowPrivateHosts: user.allow_private_hosts ?? false,
    allowUnhashedBundles: user.allow_unhashed_bundles ?? false,
  }),
}
