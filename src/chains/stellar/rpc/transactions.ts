/** Giving transactions to endpoints, and what became of them. */
import { z } from 'zod'
import { badAnswer } from '../../../node/anchor/errors.ts'
import type { Mined } from '../../shared/delivery.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { type Result, resultIn } from '../xdr/transactions.ts'
import { base64, LEDGER, MAX_XDR_CHARS, WHOLE } from './numbers.ts'

const SENT = z.object({
  status: z.enum(['PENDING', 'DUPLICATE', 'TRY_AGAIN_LATER', 'ERROR']),
  latestLedger: LEDGER,
  errorResultXdr: base64(MAX_XDR_CHARS).optional(),
})

/** What an endpoint says of a transaction that it is given. */
export interface Given {
  /** It takes it, or not now, or why it does not. */
  readonly word: 'taken' | 'later' | Result
  /** The endpoint's newest ledger. */
  readonly latest: number
}

/** Gives a transaction to an endpoint. @throws ANCHOR_BAD_ANSWER (protocol), CHAIN_RPC */
export async function giveTransaction(endpoint: Endpoint, transaction: string): Promise<Given> {
  const answer = SENT.safeParse(await endpoint.send('sendTransaction', { transaction }))
  if (!answer.success) throw badAnswer(endpoint.name, 'an answer to a transaction of another shape')
  const { status, errorResultXdr, latestLedger: latest } = answer.data
  if (status === 'TRY_AGAIN_LATER') return { word: 'later', latest }
  if (status !== 'ERROR') return { word: 'taken', latest }
  const result = errorResultXdr === undefined ? undefined : resultIn(errorResultXdr)
  if (result === undefined) throw badAnswer(endpoint.name, 'a refusal of another shape')
  return { word: result, latest }
}

const common = { latestLedger: LEDGER, latestLedgerCloseTime: WHOLE }

const SEEN = z.union([
  z.object({ ...common, status: z.literal('NOT_FOUND') }),
  z.object({
    ...common,
    status: z.enum(['SUCCESS', 'FAILED']),
    ledger: LEDGER,
    resultXdr: base64(MAX_XDR_CHARS),
    envelopeXdr: base64(MAX_XDR_CHARS),
  }),
])

/** A transaction as an endpoint has it. */
export interface Seen {
  readonly mined: Mined
  readonly result: Result
  /** As it was sent, base64. */
  readonly envelope: string
}

/** What an endpoint knows of a transaction, and when its newest ledger closed. */
export interface Looked {
  readonly seen: Seen | undefined
  readonly latest: number
  /** Unix seconds. */
  readonly closeTime: bigint
}

/** What an endpoint knows of a transaction. @throws ANCHOR_BAD_ANSWER (protocol), CHAIN_RPC */
export async function lookForTransaction(endpoint: Endpoint, hash: string): Promise<Looked> {
  const answer = SEEN.safeParse(await endpoint.send('getTransaction', { hash }))
  if (!answer.success) throw badAnswer(endpoint.name, 'a transaction of another shape')
  const { data } = answer
  const { latestLedger: latest, latestLedgerCloseTime: closeTime } = data
  if (data.status === 'NOT_FOUND') return { seen: undefined, latest, closeTime }
  const result = resultIn(data.resultXdr)
  if (result === undefined) throw badAnswer(endpoint.name, 'a result of another shape')
  const succeeded = data.status === 'SUCCESS'
  const mined = {
    ...{ transaction: hash, block: BigInt(data.ledger), succeeded },
    ...(succeeded ? {} : { failure: result.operation ?? result.code }),
  }
  return { seen: { mined, result, envelope: data.envelopeXdr }, latest, closeTime }
}
