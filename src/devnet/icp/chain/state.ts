/** Everything that the chain is, between two messages; a copy of it is a snapshot. */
import type { Canister } from '../canister/canister.ts'
import type { Response } from '../canister/frame.ts'
import type { Closure } from '../canister/instance.ts'
import type { IdTree } from '../certification/id-tree.ts'
import type { LedgerState } from '../ledger/state.ts'

/** Where an answer goes. */
export type Origin =
  | { readonly type: 'ingress'; readonly request: string }
  | { readonly type: 'canister'; readonly callback: number }
  /** Timers and heartbeats answer nobody. */
  | { readonly type: 'system' }

/** A call that is being worked on: until it is answered, and nothing that it asked for is open. */
export interface CallContext {
  readonly id: number
  /** Text of the canister's id. */
  readonly canister: string
  readonly caller: Uint8Array
  readonly origin: Origin
  readonly deadline: bigint
  readonly isAnswered: boolean
  /** Cycles that came with it and were not accepted yet. */
  readonly available: bigint
  /** Instructions that it took so far. */
  readonly instructions: bigint
}

/** What is called when an answer comes. */
export interface Callback {
  readonly id: number
  readonly canister: string
  readonly context: number
  readonly reply: Closure
  readonly reject: Closure
  readonly cleanup: Closure | undefined
  readonly cycles: bigint
  readonly deadline: bigint
  readonly prepaid: { readonly transmission: bigint; readonly execution: bigint }
}

/** What waits to be executed. */
export type Message =
  | {
      readonly type: 'call'
      readonly origin: Origin
      readonly caller: Uint8Array
      readonly callee: Uint8Array
      readonly method: string
      readonly arg: Uint8Array
      readonly cycles: bigint
      readonly deadline: bigint
    }
  | {
      readonly type: 'response'
      readonly callback: number
      readonly response: Response
      readonly refund: bigint
    }

/** A call from outside. */
export interface IngressRequest {
  /** Hexadecimal. */
  readonly id: string
  readonly sender: Uint8Array
  readonly expiry: bigint
  /** `done`: it was answered, and the answer is no longer kept. */
  readonly status: 'received' | 'processing' | 'answered'
  readonly response: Response | undefined
}

/** A call of `stop_canister` that waits for open calls. */
export interface StopWaiter {
  readonly canister: string
  readonly origin: Origin
  readonly cycles: bigint
  readonly since: bigint
}

export interface ChainState {
  /** By text of the id. */
  readonly canisters: Map<string, Canister>
  readonly contexts: Map<number, CallContext>
  readonly callbacks: Map<number, Callback>
  /** By id; written to by requests.ts alone. */
  readonly requests: Map<string, IngressRequest>
  /** The same, as certificates have them. */
  requestTree: IdTree
  readonly stopping: StopWaiter[]
  readonly queue: Message[]
  ledger: LedgerState
  nextCanister: bigint
  nextId: number
  /** How many random texts there were. */
  randoms: number
  /** What time is ahead of the clock, nanoseconds. */
  ahead: bigint
  /** The last time that was told. */
  lastTime: bigint
}

/** A copy that nothing which happens later changes. */
export function copyState(state: ChainState): ChainState {
  const canisters = Array.from(state.canisters, ([id, one]) => [id, { ...one }] as const)
  return {
    ...state,
    canisters: new Map(canisters),
    contexts: new Map(state.contexts),
    callbacks: new Map(state.callbacks),
    requests: new Map(state.requests),
    stopping: [...state.stopping],
    queue: [...state.queue],
  }
}
