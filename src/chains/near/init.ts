/** What an anchor of NEAR is made with. */
import type { KeyReference } from '../shared/key-text.ts'
import type { Deployment } from './deploy/deployment.ts'

export interface NearAnchorInit {
  /** JSON-RPC endpoints, `http:` or `https:`, the preferred first. What one does not answer, the next is asked. */
  readonly rpcUrls: readonly string[]
  /** Where the contracts are, see `readDeployment`. */
  readonly deployment: Deployment
  /** Keys of the account that pays: full-access keys, or keys for `apply` alone. @default none */
  readonly key?: KeyReference | undefined
  /** That account, where the key's file does not name it. */
  readonly account?: string | undefined
  /** Gateway of somebody who pays in this node's place. @default none */
  readonly relayer?:
    { readonly url: string; readonly apiKey?: KeyReference | undefined } | undefined
  /** Pause between two looks at the chain, ms. @default LOCAL_POLL_MS for endpoints on this machine, otherwise POLL_MS */
  readonly pollMs?: number | undefined
}
