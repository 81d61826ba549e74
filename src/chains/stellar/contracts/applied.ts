/**
 * Which transaction applied an envelope, as the chain itself tells it, whoever carried it and whatever was forgotten since: every change is an event with
 * the subject, signer and nonce of its request, and the transaction of the event holds the request's own bytes.
 */
import { equalBytes } from '../../../node/primitives/bytes.ts'
import { decodeEnvelope } from '../../shared/core/values.ts'
import type { Mined } from '../../shared/delivery.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { MAX_APPLIED_LEDGERS } from '../limits.ts'
import { readEvents } from '../rpc/events.ts'
import { readWindow } from '../rpc/head.ts'
import { lookForTransaction } from '../rpc/transactions.ts'
import { eventIn } from '../xdr/events.ts'
import { callIn } from '../xdr/transactions.ts'
import { bytesText } from '../xdr/values.ts'
import type { Target } from './views.ts'

/** Where it was applied; undefined when it was not in the newest ledgers, and when it changed nothing, which leaves no event. */
export async function findApplied(
  endpoint: Endpoint,
  target: Target,
  envelope: Uint8Array,
): Promise<Mined | undefined> {
  const { subject, signer, nonce } = decodeEnvelope(target.contract, envelope)
  const topics = [bytesText(subject), '*']
  const { latest, oldest } = await readWindow(endpoint)
  let from = Math.max(oldest, latest - MAX_APPLIED_LEDGERS + 1)
  while (from <= latest) {
    const { events, until } = await readEvents(endpoint, {
      ...{ contract: target.address, from, topics },
    })
    for (const { topic, value, txHash } of events) {
      const told = eventIn(topic, value)
      if (told?.nonce !== nonce || !equalBytes(told.signer, signer)) continue
      const mined = await readDelivery(endpoint, target, txHash, envelope)
      if (mined !== undefined && mined !== 'another') return mined
    }
    if (until < from) break
    from = until + 1
  }
  return undefined
}

/** Where a transaction lies that delivers this very envelope to a contract; `another` when it does something else. */
export async function readDelivery(
  endpoint: Endpoint,
  { address }: Pick<Target, 'address'>,
  transaction: string,
  envelope: Uint8Array,
): Promise<Mined | 'another' | undefined> {
  const { seen } = await lookForTransaction(endpoint, transaction)
  if (seen === undefined) return undefined
  const call = callIn(seen.envelope)
  const isOurs = call?.contract === address && call.method === 'apply'
  const [delivered] = isOurs ? call.args : []
  return delivered !== undefined && equalBytes(delivered, envelope) ? seen.mined : 'another'
}
