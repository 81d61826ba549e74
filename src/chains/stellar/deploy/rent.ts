/** What letting code live on would cost, asked before there is a contract that could do it. */
import {
  Account,
  Operation,
  SorobanDataBuilder,
  TransactionBuilder,
  xdr,
} from '@stellar/stellar-sdk'
import { z } from 'zod'
import { badAnswer } from '../../../node/anchor/errors.ts'
import { fromHex } from '../../../node/primitives/bytes.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { MIN_FEE } from '../limits.ts'
import { WHOLE } from '../rpc/numbers.ts'
import { codeKeyOf } from '../xdr/entries.ts'
import { HORIZON_LEDGERS } from './state.ts'

const ANSWER = z.object({ minResourceFee: WHOLE })

/** Stroops, by simulation, of code that is there. @throws ANCHOR_BAD_ANSWER (protocol), CHAIN_RPC */
export async function rentOfCode(
  endpoint: Endpoint,
  codeHash: string,
  source: string,
): Promise<bigint> {
  const key = xdr.LedgerKey.fromXdr(codeKeyOf(fromHex(codeHash)), 'base64')
  const transaction = new TransactionBuilder(new Account(source, '0'), {
    ...{ fee: String(MIN_FEE), networkPassphrase: '-' },
  })
    .addOperation(Operation.extendFootprintTtl({ extendTo: HORIZON_LEDGERS }))
    .setSorobanData(new SorobanDataBuilder().setReadOnly([key]).build())
    .setTimeout(0)
    .build()
    .toEnvelope()
    .toXdr('base64')
  const answer = ANSWER.safeParse(await endpoint.send('simulateTransaction', { transaction }))
  if (answer.success) return answer.data.minResourceFee
  throw badAnswer(endpoint.name, 'no simulation of what code costs')
}
