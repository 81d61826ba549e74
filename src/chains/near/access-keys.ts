/** What a NEAR account lets a key do, as an RPC endpoint says of its newest final block. */
import { z } from 'zod'
import { badAnswer, unreachable } from '../../node/anchor/errors.ts'
import type { MerogateError } from '../../node/errors.ts'
import { shownAddress } from '../../node/primitives/shown-address.ts'
import { fetchJson } from '../shared/fetch-json.ts'
import { LOOK_UP_TIMEOUT_MS } from '../shared/limits.ts'
import type { ChainEndpoint } from '../shared/look-up.ts'
import { MAX_RPC_ANSWER_BYTES } from './limits.ts'

/** `limited`: a key that may only call functions, or pay for gas. `none`: no such key, or no such account. */
export type KeyAccess = 'full' | 'limited' | 'none'

// a key for functions is `{FunctionCall: {...}}`; kinds that came later are objects as well
const ACCESS_KEY = z.object({
  nonce: z.union([z.number(), z.bigint(), z.string()]),
  block_height: z.number(),
  permission: z.union([z.literal('FullAccess'), z.string(), z.record(z.string(), z.unknown())]),
})

/** How endpoints said before 2021, and some say still, that there is no key: a result with an error in it. */
const OLD_ERROR = z.object({ error: z.string(), block_height: z.number() })

const ANSWER = z.object({
  id: z.string(),
  result: z.unknown().optional(),
  error: z
    .object({
      name: z.string().optional(),
      cause: z.object({ name: z.string(), info: z.unknown().optional() }).optional(),
    })
    .optional(),
})

const OF_ACCOUNT = z.object({ requested_account_id: z.string() })
const OF_KEY = z.object({ public_key: z.string() })

/** What is asked for: an account's id and a key as `ed25519:<base58>`. */
export interface AccessKeyQuestion {
  readonly accountId: string
  readonly publicKey: string
}

let lastId = 0

/**
 * Asks one endpoint.
 * @throws ANCHOR_UNREACHABLE (transport), ANCHOR_BAD_ANSWER (protocol), ABORTED
 * @see https://docs.near.org/api/rpc/access-keys#view-access-key
 */
export async function viewAccessKey(
  { url, headers }: ChainEndpoint,
  question: AccessKeyQuestion,
  signal: AbortSignal | undefined,
): Promise<KeyAccess> {
  const id = `merogate-${++lastId}`
  const { status, json } = await fetchJson(url, {
    body: { jsonrpc: '2.0', id, method: 'query', params: paramsOf(question) },
    headers,
    timeoutMs: LOOK_UP_TIMEOUT_MS,
    maxBytes: MAX_RPC_ANSWER_BYTES,
    signal,
  })
  const where = shownAddress(url)
  const answer = ANSWER.safeParse(json)
  if (!answer.success || answer.data.id !== id) throw notOfQuery(where, status)
  const { result, error } = answer.data
  if (error !== undefined) return accessOfError(error.cause, question, where)
  const key = ACCESS_KEY.safeParse(result)
  if (key.success) return key.data.permission === 'FullAccess' ? 'full' : 'limited'
  if (isOldNone(result, question)) return 'none'
  throw notOfQuery(where, status)
}

function paramsOf({ accountId, publicKey }: AccessKeyQuestion): Record<string, string> {
  return {
    request_type: 'view_access_key',
    finality: 'final',
    account_id: accountId,
    public_key: publicKey,
  }
}

/** Only what says of this very account or key that it is not there is an answer; all else is the endpoint's own trouble. */
function accessOfError(
  cause: { readonly name: string; readonly info?: unknown } | undefined,
  { accountId, publicKey }: AccessKeyQuestion,
  where: string,
): KeyAccess {
  const account = OF_ACCOUNT.safeParse(cause?.info).data?.requested_account_id
  const key = OF_KEY.safeParse(cause?.info).data?.public_key
  if (cause?.name === 'UNKNOWN_ACCESS_KEY' && key === publicKey) return 'none'
  if (cause?.name === 'UNKNOWN_ACCOUNT' && account === accountId) return 'none'
  if (cause?.name === 'UNKNOWN_ACCESS_KEY' || cause?.name === 'UNKNOWN_ACCOUNT') {
    throw badAnswer(where, 'an answer about another account')
  }
  throw unreachable(where, 'the endpoint says that it failed')
}

function isOldNone(result: unknown, { accountId, publicKey }: AccessKeyQuestion): boolean {
  const error = OLD_ERROR.safeParse(result).data?.error
  return (
    error === `access key ${publicKey} does not exist while viewing` ||
    error === `account ${accountId} does not exist while viewing`
  )
}

/** What stands before an endpoint answers in its place when that is down, also in JSON. */
function notOfQuery(where: string, status: number): MerogateError {
  return status === 200
    ? badAnswer(where, 'something that is no answer to query')
    : unreachable(where, `status ${status}`)
}
