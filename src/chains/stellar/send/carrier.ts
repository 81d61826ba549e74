/** Who brings an envelope to the chain: this node's own account, or a relayer that pays for it. */
import type { SignedEnvelope } from '../../../node/anchor/service.ts'
import type { Refused, SendOptions, Sent } from '../../shared/delivery.ts'
import { RelayerCarrier, type RelayerCarrierInit } from '../../shared/relayer-carrier.ts'
import { TRANSACTION } from '../constants.ts'
import { findApplied, readDelivery } from '../contracts/applied.ts'
import type { Target } from '../contracts/views.ts'
import type { Prepared } from '../xdr/transactions.ts'
import type { TransactionSender } from './sender.ts'

/** A call that delivers an envelope. An account sends the call; a relayer is given what it is made of. */
export interface EnvelopeCall {
  readonly signed: SignedEnvelope
  readonly prepared: Prepared
}

/** What brings envelopes. See `TransactionSender.send`. */
export interface Carrier {
  send(call: EnvelopeCall, options: SendOptions): Promise<Sent | Refused>
}

/** This node's own account. */
export function accountCarrier(sender: TransactionSender): Carrier {
  return { send: ({ prepared }, options) => sender.send(prepared, options) }
}

/** A relayer for one of our contracts. */
export function relayerCarrier({
  target,
  ...init
}: Omit<RelayerCarrierInit, 'chain' | 'transaction' | 'delivered' | 'applied'> & {
  readonly target: Target
}): Carrier {
  const relayer = new RelayerCarrier({
    ...{ ...init, chain: 'stellar', transaction: TRANSACTION },
    delivered: (endpoint, name, envelope) => readDelivery(endpoint, target, name, envelope),
    applied: (endpoint, envelope) => findApplied(endpoint, target, envelope),
  })
  return { send: ({ signed }, { onSigned, signal }) => relayer.send(signed, onSigned, signal) }
}
