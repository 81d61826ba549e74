/** What an anchor of the Internet Computer is made with. */
import type { ChainAnchorInit } from '../shared/anchor-init.ts'
import type { Deployment } from './deploy/deployment.ts'

/** Nobody who calls pays: there is no account to name, and no relayer to ask. */
export interface IcpAnchorInit extends Omit<ChainAnchorInit, 'relayer' | 'pollMs'> {
  /** Pause between two looks at a canister, ms. @default LOCAL_LOOK_MS for endpoints on this machine, otherwise POLL_MS */
  readonly pollMs?: number | undefined
  /** Where the contracts are, see `readDeployment`. */
  readonly deployment: Deployment
}
