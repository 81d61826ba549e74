/** Who brings an envelope to the chain: this node's own account, or a relayer that pays for it. */
import type { SignedEnvelope } from '../../../node/anchor/service.ts'
import { utf8 } from '../../../node/primitives/bytes.ts'
import type { Refused, SendOptions, Sent } from '../../shared/delivery.ts'
import {
  type Moved,
  RelayerCarrier,
  type RelayerCarrierInit,
} from '../../shared/relayer-carrier.ts'
import { findApplied } from '../contracts/applied.ts'
import { signedArgs } from '../contracts/codec.ts'
import type { Target } from '../contracts/views.ts'
import { callAction } from './account.ts'
import { readDelivery, TRANSACTION } from './outcome.ts'
import type { TransactionSender } from './sender.ts'

/** A call that delivers an envelope. An account sends the call; a relayer is given what it is made of. */
export interface EnvelopeCall {
  readonly signed: SignedEnvelope
  /** Account of the contract. */
  readonly receiver: string
  readonly gas: bigint
  /** YoctoNEAR. @default nothing */
  readonly deposit?: bigint | undefined
}

/** What brings envelopes. See `TransactionSender.send`. */
export interface Carrier {
  /** Account that pays; undefined when it is not known. */
  readonly account: string | undefined
  /** Whether it can attach a deposit. Undefined: it pays in its own way. */
  canDeposit?(receiver: string, signal?: AbortSignal): Promise<boolean>
  send(call: EnvelopeCall, options: SendOptions): Promise<Sent | Refused>
  /** Has somebody else take over what moved to the contract, some of it at a time. Left out where this node does that by itself. */
  readonly adopt?: ((moved: Moved, signal?: AbortSignal) => Promise<void>) | undefined
}

/** This node's own account. */
export function accountCarrier(sender: TransactionSender): Carrier {
  return {
    account: sender.account,
    canDeposit: (receiver, signal) => sender.canDeposit(receiver, signal),
    send({ signed, receiver, gas, deposit }, options) {
      const actions = [callAction('apply', signedArgs(signed), { gas, deposit })]
      return sender.send({ receiver, actions, method: 'apply' }, options)
    },
  }
}

/** A transaction, or the digest of an envelope that the contract knows. */
const NAMED = new RegExp(`${TRANSACTION.source}|^[0-9a-f]{64}$`)

/** A relayer for one of our contracts. */
export function relayerCarrier({
  target,
  ...init
}: Omit<RelayerCarrierInit, 'chain' | 'transaction' | 'delivered' | 'applied'> & {
  readonly target: Target
}): Carrier {
  const relayer = new RelayerCarrier({
    ...init,
    chain: 'near',
    transaction: NAMED,
    // what was found by its digest alone has no other name
    delivered: (endpoint, name, envelope) =>
      name.includes('@')
        ? readDelivery(endpoint, target.address, name, envelope)
        : findApplied(endpoint, target, envelope),
    applied: (endpoint, envelope) => findApplied(endpoint, target, envelope),
  })
  return {
    account: undefined,
    send: ({ signed }, { onSigned, signal }) => relayer.send(signed, onSigned, signal),
    adopt: (moved, signal) => relayer.adopt(utf8(target.address), moved, signal),
  }
}
