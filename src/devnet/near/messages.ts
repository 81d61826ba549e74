/** What goes between the thread of the chain and whoever started it. */
import type { ThreadStart } from '../shared/thread.ts'
import type { BlockMode } from './chain/chain.ts'
import type { PublicKey } from './types.ts'

/** An account that is there from the beginning. */
export interface GenesisAccount {
  readonly id: string
  readonly amount: bigint
  readonly publicKey: PublicKey
}

/** Everything that the thread is started with. */
export interface NearStart extends ThreadStart {
  readonly chainId: string
  readonly seed: string
  readonly mode: BlockMode
  readonly historyBlocks: number
  readonly maxBodyBytes: number
  readonly pollingMs: number
  /** Milliseconds since the Unix epoch, where time only moves with blocks; undefined: the machine's time. */
  readonly startMs: number | undefined
  readonly accounts: readonly GenesisAccount[]
}
