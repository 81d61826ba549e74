/** Who brings an envelope to the chain: this node's own account, or a relayer that pays for it. */
import type { Refusal } from '../../../node/anchor/errors.ts'
import type { SignedEnvelope } from '../../../node/anchor/service.ts'
import type { Call, Sent } from './sender.ts'

/** A call that delivers an envelope. An account sends the call; a relayer is given what it is made of. */
export interface EnvelopeCall extends Call {
  readonly signed: SignedEnvelope
}

/** Whoever carries was told no, and why. */
export interface Refused {
  readonly refusal: Refusal
}

/** See `TransactionSender.send`. */
export interface Carrier {
  /** Account that sends, for simulation; undefined when it is not known. */
  readonly address: string | undefined
  send(
    call: EnvelopeCall,
    onSigned?: (hash: string) => void,
    signal?: AbortSignal,
  ): Promise<Sent | Refused>
}
