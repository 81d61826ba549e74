/** What the thread of the chain is started with. */
import type { ThreadStart } from '../shared/thread.ts'
import type { MessageMode } from './chain/chain.ts'
import type { InstructionLimits } from './parameters.ts'

export interface IcpStart extends ThreadStart {
  readonly seed: string
  readonly hasSubnet: boolean
  readonly isSigning: boolean
  readonly mode: MessageMode
  readonly limits: InstructionLimits
  readonly maxBodyBytes: number
  readonly callTimeoutMs: number
  /** Milliseconds since the Unix epoch, where time only moves with what happens; undefined: the machine's time. */
  readonly startMs: number | undefined
  /** Who has cycles in the ledger from the beginning. */
  readonly accounts: readonly { readonly principal: string; readonly cycles: bigint }[]
}
