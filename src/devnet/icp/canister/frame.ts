/** One message while it is executed: what it was given, and what it changed so far. */
import type { Mode } from './api/table.ts'
import type { Canister } from './canister.ts'
import type { Closure } from './instance.ts'
import { EMPTY } from '../../../node/primitives/bytes.ts'
import type { RejectCode } from '../errors.ts'

/** An answer to a call. */
export type Response =
  | { readonly type: 'reply'; readonly bytes: Uint8Array }
  | {
      readonly type: 'reject'
      readonly code: RejectCode
      readonly message: string
      readonly errorCode: string | undefined
    }

/** A call that a message makes. */
export interface OutgoingCall {
  readonly callee: Uint8Array
  readonly method: string
  readonly arg: Uint8Array
  readonly cycles: bigint
  readonly reply: Closure
  readonly reject: Closure
  readonly cleanup: Closure | undefined
  /** Seconds that it waits for an answer; undefined: until there is one. */
  readonly timeoutSeconds: number | undefined
  /** Put aside for the answer and its callback. */
  readonly prepaid: { readonly transmission: bigint; readonly execution: bigint }
}

/** A call that is being put together. */
export type CallDraft = { -readonly [K in Exclude<keyof OutgoingCall, 'prepaid'>]: OutgoingCall[K] }

/** What a message is given. */
export interface FrameInit {
  readonly mode: Mode
  readonly canister: Canister
  readonly caller: Uint8Array
  readonly time: bigint
  /** Instructions that it may take. */
  readonly limit: bigint
  /** Instructions that its call took before. */
  readonly spentBefore?: bigint
  readonly arg?: Uint8Array
  readonly method?: string
  readonly reject?: { readonly code: RejectCode; readonly message: string }
  readonly refunded?: bigint
  /** When the caller stops waiting, nanoseconds; 0: never. */
  readonly deadline?: bigint
  /** Whether its call still waits for an answer. */
  readonly awaitsAnswer?: boolean
  /** Calls of this canister that are open already. */
  readonly openCalls?: number
  /** Cycles that came with the call and were not accepted yet. */
  readonly available?: bigint
  /** Whether there is a certificate: in a query that no canister made. */
  readonly hasCertificate?: boolean
  /** Cycles of the canister, without those put aside for this message. */
  readonly balance: bigint
}

export class Frame {
  readonly mode: Mode
  readonly canister: Canister
  readonly caller: Uint8Array
  readonly time: bigint
  readonly limit: bigint
  readonly spentBefore: bigint
  readonly arg: Uint8Array
  readonly method: string
  readonly reject: FrameInit['reject']
  readonly refunded: bigint
  readonly deadline: bigint
  readonly openCalls: number
  readonly hasCertificate: boolean
  awaitsAnswer: boolean
  available: bigint
  balance: bigint
  readonly replyParts: Uint8Array[] = []
  replyBytes = 0
  response: Response | undefined
  draft: CallDraft | undefined
  readonly calls: OutgoingCall[] = []
  certifiedData: Uint8Array | undefined
  timer: bigint | undefined
  isAccepted = false
  readonly logs: Uint8Array[] = []
  /** Certificate of the canister's certified data, once it was asked for. */
  certificate: Uint8Array | undefined

  constructor(init: FrameInit) {
    this.mode = init.mode
    this.canister = init.canister
    this.caller = init.caller
    this.time = init.time
    this.limit = init.limit
    this.spentBefore = init.spentBefore ?? 0n
    this.arg = init.arg ?? EMPTY
    this.method = init.method ?? ''
    this.reject = init.reject
    this.refunded = init.refunded ?? 0n
    this.deadline = init.deadline ?? 0n
    this.awaitsAnswer = init.awaitsAnswer ?? false
    this.openCalls = init.openCalls ?? 0
    this.hasCertificate = init.hasCertificate ?? false
    this.available = init.available ?? 0n
    this.balance = init.balance
  }

  /** Whether what it does stays: of queries nothing does. */
  get isReplicated(): boolean {
    return !['NRQ', 'CQ', 'CRy', 'CRt', 'CC', 'F'].includes(this.mode)
  }
}
