/** What goes between the thread of the chain and whoever started it. */
import type { BlockMode } from './chain/chain.ts'
import type { PublicKey } from './types.ts'

/** An account that is there from the beginning. */
export interface GenesisAccount {
  readonly id: string
  readonly amount: bigint
  readonly publicKey: PublicKey
}

/** Everything that the thread is started with. */
export interface ThreadStart {
  readonly host: string
  readonly port: number
  readonly chainId: string
  readonly seed: string
  readonly mode: BlockMode
  readonly historyBlocks: number
  readonly maxBodyBytes: number
  /** Milliseconds since the Unix epoch, where time only moves with blocks; undefined: the machine's time. */
  readonly startMs: number | undefined
  readonly accounts: readonly GenesisAccount[]
}

export type ThreadRequest =
  | {
      readonly type: 'call'
      readonly id: number
      readonly method: string
      readonly params: unknown
    }
  | { readonly type: 'close' }

export type ThreadReply =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'result'; readonly id: number; readonly result: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: object }
