/** What bringing an envelope to a contract takes on any chain: what differs between chains is behind these functions. */
import type { Refusal } from '../../node/anchor/errors.ts'
import type { SignedEnvelope } from '../../node/anchor/service.ts'

/** Where a transaction lies. */
export interface Mined {
  /** Its name, as the chain writes it: a hash in most. */
  readonly transaction: string
  /** Number of its block, or whatever the chain counts. */
  readonly block: bigint
  /** False when it failed there: it may have paid, and changed nothing. */
  readonly succeeded: boolean
  /** Why it failed, in the chain's own words, where it has any. */
  readonly failure?: string | undefined
}

/** A transaction that lies in a block. */
export interface Sent extends Mined {
  /**
   * Resolves when its block is final, with where it lies then. A chain that reorganised may have dropped it: then it is sent again.
   * @throws an error that {@link Delivery.isReplaced} knows when another took its place; ANCHOR_UNREACHABLE (transport)
   */
  readonly final: (signal?: AbortSignal) => Promise<Mined>
}

/** Whoever sends was told no, and why. */
export interface Refused {
  readonly refusal: Refusal
}

/** Called with the name of a transaction before it is sent. */
export type OnSigned = (transaction: string) => void

/** How an envelope is to be sent. */
export interface SendOptions {
  readonly signal?: AbortSignal | undefined
  /** Most that its transaction may cost, in a unit of the chain. @default what the chain estimates, and a margin */
  readonly cost?: bigint | undefined
  /** Told when a transaction was signed for it: from now on it may cost something. */
  readonly onSigned?: OnSigned | undefined
}

/** One contract on one chain, to whoever sends to it. Each may throw ANCHOR_UNREACHABLE (transport), ANCHOR_BAD_ANSWER (protocol). */
export interface Delivery {
  /** Protocol of the chain, as in `ethereum`. */
  readonly chain: string
  /** Whether it is our contract that lies there: asked once before anything is sent. @throws CHAIN_NO_CONTRACT (missing) */
  check(signal?: AbortSignal): Promise<void>
  /** What the contract would say now; undefined when it would accept. Left out where a chain cannot be asked. */
  tryOut?(signed: SignedEnvelope, signal?: AbortSignal): Promise<Refusal | undefined>
  /**
   * Sends it, and resolves when it lies in a block; the same again, after a failure, happens once.
   * @throws CHAIN_READ_ONLY (input) when nothing can be sent from here
   */
  send(signed: SignedEnvelope, options: SendOptions): Promise<Sent | Refused>
  /** Where a transaction lies that was signed here; undefined when nobody has it. */
  look(transaction: string, signal?: AbortSignal): Promise<Mined | undefined>
  /** The transaction that applied an envelope, whoever carried it, and whatever was forgotten since; `blocks`: how far back it is looked for. */
  find(envelope: Uint8Array, signal?: AbortSignal, blocks?: number): Promise<Mined | undefined>
  /** The signer's next nonce, where a refusal for a wrong one cannot name it: a number is all that some chains' errors carry. */
  readNonce?(envelope: Uint8Array, signal?: AbortSignal): Promise<bigint | undefined>
  /** Whether an error says that another transaction took the place of ours, which did nothing: it may be sent anew. @default never */
  isReplaced?(error: unknown): boolean
}
