/** `[install]`: where applications may be installed from. */
import { z } from 'zod'
import type { OptionGroup } from '../option-group.ts'

export interface InstallUser {
  allow_private_hosts?: boolean | undefined
}

export interface InstallConfig {
  /** Let an install URL reach private, loopback and link-local addresses. @default false */
  readonly allowPrivateHosts: boolean
}

export const install: OptionGroup<InstallUser, InstallConfig> = {
  table: 'install',
  schema: z.strictObject({ allow_private_hosts: z.boolean().optional() }),
  options: [
    {
      key: 'allow_private_hosts',
      kind: 'boolean',
      text: 'allow installing from private network addresses',
    },
  ],
  resolve: (user) => ({ allowPrivateHosts: user.allow_private_hosts ?? false }),
}
