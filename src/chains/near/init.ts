/** What an anchor of NEAR is made with. */
import type { ChainAnchorInit } from '../shared/anchor-init.ts'
import type { KeyReference } from '../shared/key-text.ts'
import type { Deployment } from './deploy/deployment.ts'

export interface NearAnchorInit extends ChainAnchorInit {
  /** Where the contracts are, see `readDeployment`. */
  readonly deployment: Deployment
  /** Keys of the account that pays: full-access keys, or keys for `apply` alone. @default none */
  readonly key?: KeyReference | undefined
  /** That account, where the key's file does not name it. */
  readonly account?: string | undefined
}
