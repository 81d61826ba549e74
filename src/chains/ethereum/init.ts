/** What an anchor of Ethereum is made with. */
import type { ChainAnchorInit } from '../shared/anchor-init.ts'
import type { KeyReference } from '../shared/key-text.ts'
import type { Deployment } from './deploy/deployment.ts'
import type { FinalityRule } from './rpc/head.ts'

export interface EthereumAnchorInit extends ChainAnchorInit {
  /** Endpoint for subscriptions, `ws:` or `wss:`. @default none: changes are found by looking */
  readonly wsUrl?: string | undefined
  /** Where the contracts are, see `readDeployment`. */
  readonly deployment: Deployment
  /** Key of the account that pays, and that speaks for this node's identities. @default none */
  readonly key?: KeyReference | undefined
  /** @default DEFAULT_FINALITY */
  readonly finality?: FinalityRule | undefined
  /** Most this node pays per gas, wei. @default DEFAULT_MAX_FEE_PER_GAS */
  readonly maxFeePerGas?: bigint | undefined
  /** Most of that which goes to whoever makes the block, wei. @default DEFAULT_MAX_TIP_PER_GAS */
  readonly maxTipPerGas?: bigint | undefined
  /** Age at which a transaction that is in no block is offered more, ms. @default STUCK_MS */
  readonly stuckMs?: number | undefined
}
