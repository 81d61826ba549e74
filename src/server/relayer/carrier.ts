/** What a relayer needs of a chain. The composition root makes one of each chain's adapter. */
import type { Refusal } from '../../node/anchor/errors.ts'
import type { Domain } from '../../node/anchor/operations.ts'
import type { Submission, SignedEnvelope } from '../../node/anchor/service.ts'

/** An account on one network that pays for others, and the one contract it calls. */
export interface RelayCarrier {
  /** As requests name them: the protocol of its anchor, the network as its deployment names it. */
  readonly chain: string
  readonly network: string
  /** The contract; envelopes for any other are refused. */
  readonly domain: Domain
  /** What its transactions may cost. */
  readonly costs: RelayCosts
  /** Tries an envelope out: what its transaction may cost, or what the contract would say to it now. @throws ANCHOR_UNREACHABLE (transport) */
  estimate(
    signed: SignedEnvelope,
    signal?: AbortSignal,
  ): Promise<{ readonly cost: bigint } | { readonly refusal: Refusal }>
  /** Sends an envelope that was tried out; resolves when it lies in a block, or with why it changed nothing. */
  submit(signed: SignedEnvelope, options: CarryOptions): Promise<Submission>
  /**
   * The same account for another contract, when that takes over from this one, be it through others. Left out where groups do not move.
   * @throws ANCHOR_UNREACHABLE (transport)
   */
  successor?(contract: Uint8Array, signal?: AbortSignal): Promise<RelayCarrier | undefined>
  /** What takes over what moved to this contract, or the next part of it; undefined for what did not move here. @throws ANCHOR_UNREACHABLE (transport) */
  adoption?(moved: Moved, signal?: AbortSignal): Promise<Adoption | 'done' | undefined>
  /** The group that a context belongs to, which never changes; undefined where the chain knows none. @throws ANCHOR_UNREACHABLE (transport) */
  groupOf(context: Uint8Array, signal?: AbortSignal): Promise<Uint8Array | undefined>
  /** What became of an envelope that was sent lately, by whomever; undefined when the chain shows nothing. */
  find(envelope: Uint8Array, signal?: AbortSignal): Promise<Submission | undefined>
  stop(): void
}

/** Bounds of what is paid, in a unit of the chain. */
export interface RelayCosts {
  /** As messages and metrics name it, in the plural: `gas`. */
  readonly unit: string
  /** Most of one operation. */
  readonly perOperation: bigint
  /** Most of all operations of a day together. */
  readonly perDay: bigint
}

/** What moved to another contract, by its id. */
export type Moved = { readonly group: Uint8Array } | { readonly context: Uint8Array }

/** A transaction that takes something over. */
export interface Adoption {
  /** What it may cost. */
  readonly cost: bigint
  /** Sends it; resolves when it lies in a block. */
  send(options: CarryOptions): Promise<unknown>
}

export interface CarryOptions {
  /** Most that its transaction may cost. */
  readonly cost: bigint
  readonly signal: AbortSignal
  /** Told when a transaction was signed: from now on it may cost something. */
  readonly onSigned: () => void
}
