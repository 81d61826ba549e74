/** What was paid for storage before: credit of a group, and of an account (NEP-145). */
import { badAnswer } from '../../../node/anchor/errors.ts'
import { fromUtf8, utf8 } from '../../../node/primitives/bytes.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { callView } from '../rpc/query.ts'
import { decodeEnvelope } from '../../shared/core/values.ts'
import { args } from './layouts.ts'
import { askView, type Target } from './views.ts'
import { z } from 'zod'

const BALANCE = z
  .object({
    available: z
      .string()
      .regex(/^\d{1,39}$/)
      .transform(BigInt),
  })
  .nullable()

/** What an account has at a contract. */
export interface AccountCredit {
  /** Whether there is a record of it, which takes something itself. */
  readonly isKnown: boolean
  /** YoctoNEAR that may be used for storage. */
  readonly available: bigint
}

/** What an account has for storage. @throws ANCHOR_BAD_ANSWER (protocol), CHAIN_RPC */
export async function readAccountCredit(
  endpoint: Endpoint,
  { address }: Pick<Target, 'address'>,
  account: string,
): Promise<AccountCredit> {
  const given = utf8(JSON.stringify({ account_id: account }))
  const viewed = await callView(endpoint, address, 'storage_balance_of', given)
  const parsed = 'result' in viewed ? BALANCE.safeParse(toJson(viewed.result)) : undefined
  if (parsed?.success !== true) throw badAnswer(endpoint.name, 'a credit of another shape')
  const { data } = parsed
  return { isKnown: data !== null, available: data?.available ?? 0n }
}

/** YoctoNEAR that may be used for an envelope: of the account that brings it, and of the group that it is about. */
export async function readCredit(
  endpoint: Endpoint,
  target: Target,
  envelope: Uint8Array,
  account: string | undefined,
): Promise<bigint> {
  const own =
    account === undefined ? 0n : (await readAccountCredit(endpoint, target, account)).available
  if (target.contract !== 'contexts') return own
  const { subject, operation } = decodeEnvelope(target.contract, envelope)
  const given = 'group' in operation ? operation.group : undefined
  const found = await askView(endpoint, target, 'group', args.id.encode(given ?? subject))
  const group = found?.id ?? subject
  return own + (await askView(endpoint, target, 'group_credit', args.id.encode(group)))
}

function toJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(bytes))
  } catch {
    return undefined
  }
}
