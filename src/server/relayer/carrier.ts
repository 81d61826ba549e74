/** What a relayer needs of a chain. The composition root makes one of each chain's adapter. */
import type { Refusal } from '../../node/anchor/errors.ts'
import type { Domain } from '../../node/anchor/operations.ts'
import type { Submission, SignedEnvelope } from '../../node/anchor/service.ts'

/** An account on one network that pays for others, and the one contract it calls. */
export interface RelayCarrier {
  /** As requests name them: `ethereum`, `sepolia`. */
  readonly chain: string
  readonly network: string
  /** The contract; envelopes for any other are refused. */
  readonly domain: Domain
  /** Tries an envelope out: gas that its transaction may use, or what the contract would say to it now. @throws ANCHOR_UNREACHABLE (transport) */
  estimate(
    signed: SignedEnvelope,
    signal?: AbortSignal,
  ): Promise<{ readonly gas: bigint } | { readonly refusal: Refusal }>
  /** Sends an envelope that was tried out; resolves when it lies in a block, or with why it changed nothing. */
  submit(signed: SignedEnvelope, options: CarryOptions): Promise<Submission>
  /** The group that a context belongs to, which never changes; undefined where the chain knows none. @throws ANCHOR_UNREACHABLE (transport) */
  groupOf(context: Uint8Array, signal?: AbortSignal): Promise<Uint8Array | undefined>
  /** What became of an envelope that was sent lately, by whomever; undefined when the chain shows nothing. */
  find(envelope: Uint8Array, signal?: AbortSignal): Promise<Submission | undefined>
  stop(): void
}

export interface CarryOptions {
  /** Most gas its transaction may use. */
  readonly gas: bigint
  readonly signal: AbortSignal
  /** Told when a transaction was signed: from now on it may cost something. */
  readonly onSigned: () => void
}
