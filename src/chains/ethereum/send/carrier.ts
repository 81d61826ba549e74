/** Who brings an envelope to the chain: this node's own account, or a relayer that pays for it. */
import { getBytes } from 'ethers'
import type { SignedEnvelope } from '../../../node/anchor/service.ts'
import type { OnSigned, Refused, Sent } from '../../shared/delivery.ts'
import {
  type Moved,
  RelayerCarrier,
  type RelayerCarrierInit,
} from '../../shared/relayer-carrier.ts'
import { findApplied, readDelivery, type Target } from '../contracts/applied.ts'
import { MAX_LOG_BLOCKS } from '../limits.ts'
import type { Call } from './offer.ts'

/** A call that delivers an envelope. An account sends the call; a relayer is given what it is made of. */
export interface EnvelopeCall extends Call {
  readonly signed: SignedEnvelope
}

/** See `TransactionSender.send`. */
export interface Carrier {
  /** Account that sends, for simulation; undefined when it is not known. */
  readonly address: string | undefined
  send(call: EnvelopeCall, onSigned?: OnSigned, signal?: AbortSignal): Promise<Sent | Refused>
  /** Has somebody else take over what moved to the contract, some of it at a time. Left out where this node does that by itself. */
  readonly adopt?: ((moved: Moved, signal?: AbortSignal) => Promise<void>) | undefined
}

/** A relayer for one of our contracts. */
export function relayerCarrier({
  target,
  ...init
}: Omit<RelayerCarrierInit, 'chain' | 'transaction' | 'delivered' | 'applied'> & {
  readonly target: Target
}): Carrier {
  const relayer = new RelayerCarrier({
    ...init,
    chain: 'ethereum',
    transaction: /^0x[0-9a-f]{64}$/,
    delivered: (endpoint, hash, envelope) => readDelivery(endpoint, target, hash, envelope),
    applied: (endpoint, envelope) => findApplied(endpoint, target, envelope, MAX_LOG_BLOCKS),
  })
  return {
    address: undefined,
    send: ({ signed }, onSigned, signal) => relayer.send(signed, onSigned, signal),
    adopt: (moved, signal) => relayer.adopt(getBytes(target.address), moved, signal),
  }
}
