/** Simulation: what a call would do, and answers to questions. */
import { z } from 'zod'
import { badAnswer } from '../../../node/anchor/errors.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import type { Call } from '../xdr/operations.ts'
import { isDeclarable, type Prepared, questionOf } from '../xdr/transactions.ts'
import { MAX_RESOURCE_FEE } from '../limits.ts'
import { base64, LEDGER, MAX_XDR_CHARS, WHOLE } from './numbers.ts'

const ANSWER = z.union([
  z.object({ latestLedger: LEDGER, error: z.string() }),
  z.object({
    latestLedger: LEDGER,
    transactionData: base64(MAX_XDR_CHARS),
    minResourceFee: WHOLE,
    results: z
      .array(
        z.object({
          xdr: base64(MAX_XDR_CHARS),
          auth: z.array(base64(MAX_XDR_CHARS)).max(16).nullish(),
        }),
      )
      .max(1)
      .nullish(),
  }),
])

/** The host's error: `Contract` and a number, `Crypto` and `InvalidInput`. */
export interface HostError {
  readonly type: string
  readonly code: string
}

/** What came of it, and the ledger that it is true at. */
export type Simulated = { readonly ledger: number } & (
  | {
      /** What was returned, base64. */
      readonly value: string
      readonly prepared: Prepared
    }
  | {
      /** Undefined: it is no error of the host. */
      readonly failed: HostError | undefined
      /** In the endpoint's words, a few of them. */
      readonly reason: string
    }
)

/** Words of a failure that are told on. */
const MAX_REASON_CHARS = 200

const HOST_ERROR = /^HostError: Error\((\w{1,32}), (#?\w{1,64})\)/

/**
 * Simulates a call. @param source who would send it; left out where that does not matter @param most stroops that it may cost by an endpoint's word
 * @throws ANCHOR_BAD_ANSWER (protocol), CHAIN_RPC
 */
export async function simulate(
  endpoint: Endpoint,
  call: Call,
  source?: string,
  most: bigint = MAX_RESOURCE_FEE,
): Promise<Simulated> {
  const transaction = questionOf(call, source)
  const answer = ANSWER.safeParse(await endpoint.send('simulateTransaction', { transaction }))
  if (!answer.success) throw badAnswer(endpoint.name, 'a simulation of another shape')
  const { data } = answer
  const { latestLedger: ledger } = data
  if ('error' in data) {
    const [reason = ''] = data.error.split('\n')
    const [, type, code] = HOST_ERROR.exec(data.error) ?? []
    const failed = type === undefined || code === undefined ? undefined : { type, code }
    return { ledger, failed, reason: reason.slice(0, MAX_REASON_CHARS) }
  }
  const { transactionData, minResourceFee: fee, results } = data
  const [result] = results ?? []
  const resources = { data: transactionData, fee, auth: result?.auth ?? [] }
  if (!isDeclarable(resources, most))
    throw badAnswer(endpoint.name, 'resources that nobody can declare')
  return { ledger, value: result?.xdr ?? '', prepared: { call, resources } }
}
