/** What an anchor of Ethereum is made with. */
import type { KeyReference } from '../shared/key-text.ts'
import type { Deployment } from './deploy/deployment.ts'
import type { FinalityRule } from './rpc/head.ts'

export interface EthereumAnchorInit {
  /** JSON-RPC endpoints, `http:` or `https:`, the preferred first. What one does not answer, the next is asked. */
  readonly rpcUrls: readonly string[]
  /** Endpoint for subscriptions, `ws:` or `wss:`. @default none: changes are found by looking */
  readonly wsUrl?: string | undefined
  /** Where the contracts are, see `readDeployment`. */
  readonly deployment: Deployment
  /** Key of the account that pays, and that speaks for this node's identities. @default none */
  readonly key?: KeyReference | undefined
  /** Gateway of somebody who pays in this node's place. @default none */
  readonly relayer?:
    { readonly url: string; readonly apiKey?: KeyReference | undefined } | undefined
  /** @default DEFAULT_FINALITY */
  readonly finality?: FinalityRule | undefined
  /** Most this node pays per gas, wei. @default DEFAULT_MAX_FEE_PER_GAS */
  readonly maxFeePerGas?: bigint | undefined
  /** Most of that which goes to whoever makes the block, wei. @default DEFAULT_MAX_TIP_PER_GAS */
  readonly maxTipPerGas?: bigint | undefined
  /** Pause between two looks at the chain, ms. @default LOCAL_POLL_MS for endpoints on this machine, otherwise POLL_MS */
  readonly pollMs?: number | undefined
  /** Age at which a transaction that is in no block is offered more, ms. @default STUCK_MS */
  readonly stuckMs?: number | undefined
}
