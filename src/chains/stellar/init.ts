/** What an anchor of Stellar is made with. */
import type { ChainAnchorInit } from '../shared/anchor-init.ts'
import type { KeyReference } from '../shared/key-text.ts'
import type { Deployment } from './deploy/deployment.ts'

export interface StellarAnchorInit extends ChainAnchorInit {
  /** Where the contracts are, see `readDeployment`. */
  readonly deployment: Deployment
  /** Secret key of the account that pays; its channels' follow from it. @default none */
  readonly key?: KeyReference | undefined
  /** Most that a transaction offers for being taken, stroops of an operation; resources come on top. @default DEFAULT_MAX_FEE */
  readonly maxFee?: bigint | undefined
}
