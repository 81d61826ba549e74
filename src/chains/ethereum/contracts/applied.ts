/**
 * Which transaction applied an envelope, as the chain itself tells it, whoever carried it and whatever was forgotten since: every change is
 * an event with the subject, signer and nonce of its request, and the transaction of the event holds the request's own bytes.
 */
import { envelopeCodec } from '../../../node/anchor/envelope.ts'
import type { EnvelopeHead } from '../../../node/anchor/envelope-layout.ts'
import { packageEnvelopeCodec } from '../../../node/anchor/packages/envelope.ts'
import type { Mined } from '../../shared/delivery.ts'
import { equalBytes, fromHex } from '../../../node/primitives/bytes.ts'
import type { ContractName } from './artifacts.ts'
import { abiOf, hex } from './codec.ts'
import { readHead } from '../rpc/head.ts'
import { MAX_CATCH_UP_BLOCKS, MAX_LOG_BLOCKS } from '../limits.ts'
import { readLogs } from './logs.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { readReceipt } from '../send/offer.ts'

/** Where envelopes are delivered. */
export interface Target {
  readonly contract: ContractName
  readonly address: string
}

/**
 * The transaction that applied an envelope; undefined when there is none in the newest blocks, and when the envelope changed nothing, which
 * leaves no event.
 */
export async function findApplied(
  endpoint: Endpoint,
  target: Target,
  envelope: Uint8Array,
  blocks: number = MAX_CATCH_UP_BLOCKS,
): Promise<Mined | undefined> {
  const { subject, signer, nonce } = headOf(target.contract, envelope)
  const wanted = { address: target.address, topics: [null, hex(subject), hex(signer)] }
  const head = await readHead(endpoint)
  const first = Math.max(0, head - blocks + 1)
  for (let to = head; to >= first; to -= MAX_LOG_BLOCKS) {
    let from = Math.max(first, to - MAX_LOG_BLOCKS + 1)
    while (from <= to) {
      const part = await readLogs(endpoint, { ...wanted, from, to })
      from = part.to + 1
      for (const { data, transaction } of part.logs) {
        // every event begins with the nonce
        if (data.length < 66 || BigInt(data.slice(0, 66)) !== nonce) continue
        const found = await readDelivery(endpoint, target, transaction, envelope)
        if (found !== undefined && found !== 'another') return found
      }
    }
  }
  return undefined
}

/**
 * Where a transaction lies that delivers this very envelope; undefined when the endpoint does not have it (yet), `another` when it does
 * something else.
 */
export async function readDelivery(
  endpoint: Endpoint,
  { contract, address }: Target,
  transaction: string,
  envelope: Uint8Array,
): Promise<Mined | 'another' | undefined> {
  const mined = await readReceipt(endpoint, transaction)
  if (mined === undefined) return undefined
  const answer = await endpoint.send('eth_getTransactionByHash', [transaction])
  if (typeof answer !== 'object' || answer === null) return undefined
  const { to, input } = answer as { to?: unknown; input?: unknown } // checked below
  const isToUs = typeof to === 'string' && to.toLowerCase() === address.toLowerCase()
  const delivered = isToUs && typeof input === 'string' ? envelopeOf(contract, input) : undefined
  return delivered !== undefined && equalBytes(delivered, envelope) ? mined : 'another'
}

function headOf(contract: ContractName, envelope: Uint8Array): EnvelopeHead<Uint8Array> {
  return (contract === 'PackageRegistry' ? packageEnvelopeCodec : envelopeCodec).decode(envelope)
}

/** The envelope that call data hands to a contract; undefined for any other call, and for one that is cut off. */
function envelopeOf(contract: ContractName, data: string): Uint8Array | undefined {
  try {
    const call = abiOf(contract).parseTransaction({ data })
    if (call === null || !['submit', 'submitEd25519'].includes(call.name)) return undefined
    return fromHex(String(call.args[0]).slice(2))
  } catch {
    return undefined // anybody may send the contract such a transaction, and name it to us
  }
}
