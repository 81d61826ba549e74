/** What the thread of the chain is started with. */
import type { ThreadStart } from '../shared/thread.ts'
import type { GenesisAccount } from './chain/genesis.ts'
import type { LedgerMode, ParametersInit } from './parameters.ts'

export interface StellarStart extends ThreadStart {
  readonly passphrase: string
  readonly seed: string
  readonly mode: LedgerMode
  readonly parameters: ParametersInit
  readonly accounts: readonly GenesisAccount[]
  readonly retentionLedgers: number
  readonly maxBodyBytes: number
  /** Seconds since the Unix epoch, where time only moves with ledgers; undefined: the machine's time. */
  readonly startSeconds: number | undefined
}
