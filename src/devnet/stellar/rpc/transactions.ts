/** Sending transactions, and what came of them. */
import { z } from 'zod'
import { toBase64 } from '../codec/text.ts'
import type { TransactionRecord } from '../chain/records.ts'
import { diagnosticXdr, eventXdr } from '../host/events.ts'
import { RpcRefused } from './errors.ts'
import { checkStart, type Method, method, pagination, rangeOf } from './method.ts'

const MAX_TRANSACTIONS = 200
const DEFAULT_TRANSACTIONS = 50

export const sendTransaction: Method = method(
  z.object({ transaction: z.string() }),
  ({ chain }, { transaction }) => {
    const { latestLedger, latestLedgerCloseTime } = rangeOf(chain)
    let sent: ReturnType<typeof chain.send>
    try {
      sent = chain.send(transaction)
    } catch (error) {
      throw unreadable(error)
    }
    const { status, id } = sent
    const answer = { status, hash: id, latestLedger, latestLedgerCloseTime }
    return status === 'ERROR'
      ? { ...answer, errorResultXdr: toBase64(sent.result), diagnosticEventsXdr: [] }
      : answer
  },
)

/** What the SDK says of bytes that are no envelope. @throws what is a fault of ours */
function unreadable(error: unknown): Error {
  const isXdr = error instanceof Error && /xdr|union|buffer|bytes|length/i.test(String(error))
  if (isXdr) return new RpcRefused('params', 'invalid_xdr')
  return error instanceof Error ? error : new RpcRefused('internal', String(error))
}

export const getTransaction: Method = method(
  z.object({ hash: z.string().regex(/^[0-9a-fA-F]{64}$/, 'unexpected hash length') }),
  ({ chain }, { hash }) => {
    const record = chain.transaction(hash.toLowerCase())
    if (record === undefined) return { status: 'NOT_FOUND', ...rangeOf(chain), txHash: hash }
    return { ...rangeOf(chain), ...encode(record) }
  },
)

function encode(record: TransactionRecord): object {
  const { diagnostics, events, feeEvents } = record
  return {
    status: record.isOk ? 'SUCCESS' : 'FAILED',
    txHash: record.id,
    applicationOrder: record.order,
    feeBump: record.isFeeBump,
    envelopeXdr: toBase64(record.envelope),
    resultXdr: toBase64(record.result),
    resultMetaXdr: toBase64(record.meta),
    diagnosticEventsXdr: diagnostics.map((event) => toBase64(diagnosticXdr(event))),
    events: {
      transactionEventsXdr: feeEvents.map(toBase64),
      contractEventsXdr: [events.map((event) => toBase64(eventXdr(event)))],
    },
    ledger: record.ledger,
    createdAt: String(record.closeTime),
  }
}

/** Orders transactions: ledger, place in it, operation. */
export function placeOf({ ledger, order }: TransactionRecord): bigint {
  return (BigInt(ledger) << 32n) | (BigInt(order) << 12n)
}

export const getTransactions: Method = method(
  z.object({ startLedger: z.int().optional(), pagination: pagination(MAX_TRANSACTIONS) }),
  ({ chain }, { startLedger = 0, pagination: page }) => {
    const { cursor, limit = DEFAULT_TRANSACTIONS } = page ?? {}
    if (cursor !== undefined && !/^\d{1,19}$/.test(cursor)) {
      throw new RpcRefused('params', 'invalid cursor')
    }
    if (cursor === undefined) checkStart(chain, startLedger)
    const after = cursor === undefined ? BigInt(startLedger) << 32n : BigInt(cursor)
    const found = chain.ledgers
      .flatMap(({ transactions }) => transactions)
      .filter((one) => placeOf(one) > after)
      .slice(0, limit)
    const last = found.at(-1)
    return {
      transactions: found.map(encode),
      latestLedger: chain.last.sequence,
      latestLedgerCloseTimestamp: chain.last.closeTime,
      oldestLedger: chain.oldest.sequence,
      oldestLedgerCloseTimestamp: chain.oldest.closeTime,
      cursor: String(last === undefined ? after : placeOf(last)),
    }
  },
)
