/** Questions about accounts, their keys and contracts, each at one block. */
import { z } from 'zod'
import { badAnswer } from '../../../node/anchor/errors.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { rpcErrorKind } from './rpc-errors.ts'

/** Which block: its hash or number. */
export type At = string | number

/** Without a block the newest, which may not last. */
function reference(at: At | undefined): object {
  return at === undefined ? { finality: 'optimistic' } : { block_id: at }
}

const amount = z
  .string()
  .regex(/^\d{1,39}$/)
  .transform(BigInt)
const nonce = z.union([z.int().min(0), z.string().regex(/^\d{1,20}$/)]).transform(BigInt)

const ACCOUNT = z.object({
  amount,
  code_hash: z.string(),
  storage_usage: z.int().min(0),
  block_height: z.int().min(0),
})

const PERMISSION = z.union([
  z.literal('FullAccess').transform(() => 'full' as const),
  z
    .object({
      FunctionCall: z.object({
        allowance: amount.nullish(),
        receiver_id: z.string(),
        method_names: z.array(z.string()),
      }),
    })
    .transform(({ FunctionCall: { allowance, receiver_id: receiver, method_names: methods } }) => ({
      allowance: allowance ?? undefined,
      receiver,
      methods,
    })),
  // kinds that came later
  z.unknown().transform(() => 'other' as const),
])

const KEY = z.object({ nonce, permission: PERMISSION })
const KEYS = z.object({
  keys: z.array(z.object({ public_key: z.string(), access_key: KEY })),
})

/** How endpoints said before, and many say still, that there is no such thing, or that a view failed: a result with an error in it. */
const ERROR = z.object({ error: z.string() })

const RESULT = z.object({
  result: z.array(z.int().min(0).max(255)),
  block_height: z.int().min(0),
  block_hash: z.string(),
})

/** An account. */
export interface Account {
  /** YoctoNEAR, with what its storage locks. */
  readonly amount: bigint
  /** SHA-256 of its code, base58; {@link NO_CODE} without one. */
  readonly codeHash: string
  readonly storageUsage: number
}

/** Code hash of an account that has no contract: 32 bytes of nothing. */
export const NO_CODE = '11111111111111111111111111111111'

/** What a key may do: everything, call functions of one contract, or something that this release does not know. */
export type KeyPermission =
  | 'full'
  | 'other'
  | {
      /** YoctoNEAR that it may still spend on gas; undefined: no end. */
      readonly allowance: bigint | undefined
      readonly receiver: string
      /** None: any. */
      readonly methods: readonly string[]
    }

/** A key of an account. */
export interface AccessKey {
  /** Of the last transaction that it signed. */
  readonly nonce: bigint
  readonly permission: KeyPermission
}

async function ask(endpoint: Endpoint, at: At | undefined, question: object): Promise<unknown> {
  return endpoint.send('query', { ...question, ...reference(at) })
}

/** An account; undefined when there is none. @throws CHAIN_RPC, ANCHOR_BAD_ANSWER (protocol) */
export async function viewAccount(
  endpoint: Endpoint,
  account: string,
  at?: At,
): Promise<Account | undefined> {
  const question = { request_type: 'view_account', account_id: account }
  const answer = await orAbsent(ask(endpoint, at, question))
  if (answer === undefined) return undefined
  const { data } = ACCOUNT.safeParse(answer)
  if (data !== undefined) {
    return { amount: data.amount, codeHash: data.code_hash, storageUsage: data.storage_usage }
  }
  if (isOldNone(answer)) return undefined
  throw badAnswer(endpoint.name, 'an account of another shape')
}

/** A key of an account, as `ed25519:<base58>`; undefined when there is none. @throws CHAIN_RPC, ANCHOR_BAD_ANSWER (protocol) */
export async function viewKey(
  endpoint: Endpoint,
  account: string,
  publicKey: string,
  at?: At,
): Promise<AccessKey | undefined> {
  const question = { request_type: 'view_access_key', account_id: account, public_key: publicKey }
  const answer = await orAbsent(ask(endpoint, at, question))
  if (answer === undefined) return undefined
  const { data } = KEY.safeParse(answer)
  if (data !== undefined) return data
  if (isOldNone(answer)) return undefined
  throw badAnswer(endpoint.name, 'a key of another shape')
}

/** All keys of an account, by `ed25519:<base58>`. @throws CHAIN_RPC, ANCHOR_BAD_ANSWER (protocol) */
export async function viewKeys(
  endpoint: Endpoint,
  account: string,
  at?: At,
): Promise<ReadonlyMap<string, AccessKey>> {
  const answer = await ask(endpoint, at, {
    request_type: 'view_access_key_list',
    account_id: account,
  })
  const { data } = KEYS.safeParse(answer)
  if (data === undefined) throw badAnswer(endpoint.name, 'a list of keys of another shape')
  return new Map(data.keys.map(({ public_key: name, access_key: key }) => [name, key]))
}

/** What a view said: bytes, or why it failed, in the words of the machine that runs contracts. */
export type Viewed = { readonly result: Uint8Array } | { readonly failed: string }

/** Calls a view. @throws CHAIN_RPC, ANCHOR_BAD_ANSWER (protocol) */
export async function callView(
  endpoint: Endpoint,
  account: string,
  method: string,
  args: Uint8Array,
  at?: At,
): Promise<Viewed> {
  let answer: unknown
  try {
    answer = await ask(endpoint, at, {
      request_type: 'call_function',
      account_id: account,
      method_name: method,
      args_base64: Buffer.from(args).toString('base64'),
    })
  } catch (error) {
    if (rpcErrorKind(error) === 'absent') return { failed: 'CodeDoesNotExist' }
    throw error
  }
  const { data } = RESULT.safeParse(answer)
  if (data !== undefined) {
    const isAsked = at === undefined || at === data.block_hash || at === data.block_height
    if (!isAsked) throw badAnswer(endpoint.name, `an answer to ${method} of another block`)
    return { result: Uint8Array.from(data.result) }
  }
  const failed = ERROR.safeParse(answer).data?.error
  if (failed !== undefined) return { failed }
  throw badAnswer(endpoint.name, `an answer to ${method} of another shape`)
}

/** Undefined where the endpoint says that there is no such account or key. */
async function orAbsent(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer
  } catch (error) {
    if (rpcErrorKind(error) !== 'absent') throw error
    return undefined
  }
}

function isOldNone(answer: unknown): boolean {
  return ERROR.safeParse(answer).data?.error.endsWith(' does not exist while viewing') === true
}
