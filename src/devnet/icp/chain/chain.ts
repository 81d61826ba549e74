/** The chain as its parts know it: what there is, what time it is, and what executes. */
import type { Canister } from '../canister/canister.ts'
import type { Executor } from '../canister/execute.ts'
import type { InstructionLimits } from '../parameters.ts'
import type { ChainState } from './state.ts'

/** `instant`: everything that a message leads to is done before it is answered. `manual`: messages wait to be told. */
export type MessageMode = 'instant' | 'manual'

export interface Chain {
  readonly limits: InstructionLimits
  readonly executor: Executor
  state: ChainState
  /** Nanoseconds since the Unix epoch; each answer is later than the one before. */
  now(): bigint
  /** 32 bytes that nobody knew before and the seed decides. */
  random(): Uint8Array
  /** A number that nothing else has. */
  newId(): number
  /** @throws Rejected where there is none */
  canister(id: Uint8Array): Canister
  /** Makes a canister; `wanted`: its id. @throws Rejected */
  create(controllers: readonly Uint8Array[], cycles: bigint, wanted?: Uint8Array): Canister
}
