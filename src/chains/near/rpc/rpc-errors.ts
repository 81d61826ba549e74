/**
 * What the errors of NEAR's nodes mean, and of what stands before them. They are told apart by the name of their cause, which is part of the protocol;
 * of a transaction that is not taken, the name of the rule it breaks.
 */
import { isMerogateError } from '../../../node/errors.ts'

/**
 * What may be done next: `refused` the transaction breaks a rule and does nothing, anywhere; `nonce` its nonce is used, perhaps by itself; `expired` its
 * block is too old, `funds` its account cannot pay, `key` its key may not; `unknown` the transaction is not known there (yet); `absent` there is no such
 * account, key or code; `gone` the block is no longer kept, or not there yet; `busy` the endpoint cannot answer now; `other` it will not answer this.
 */
export type RpcErrorKind =
  | 'refused'
  | 'nonce'
  | 'expired'
  | 'funds'
  | 'key'
  | 'unknown'
  | 'absent'
  | 'gone'
  | 'busy'
  | 'other'

/** By the name of the cause. */
const CAUSES: Readonly<Record<string, RpcErrorKind>> = {
  INVALID_TRANSACTION: 'refused',
  UNKNOWN_TRANSACTION: 'unknown',
  UNKNOWN_RECEIPT: 'unknown',
  UNKNOWN_ACCOUNT: 'absent',
  INVALID_ACCOUNT: 'absent',
  UNKNOWN_ACCESS_KEY: 'absent',
  NO_CONTRACT_CODE: 'absent',
  UNKNOWN_BLOCK: 'gone',
  GARBAGE_COLLECTED_BLOCK: 'gone',
  NOT_SYNCED_YET: 'busy',
  NO_SYNCED_BLOCKS: 'busy',
  NO_SYNCED_YET: 'busy',
  UNAVAILABLE_SHARD: 'busy',
  TIMEOUT_ERROR: 'busy',
  REQUEST_ROUTED: 'busy',
  INTERNAL_ERROR: 'busy',
}

/** By the name of the rule that a transaction breaks; any other is `refused`. */
const RULES: Readonly<Record<string, RpcErrorKind>> = {
  InvalidNonce: 'nonce',
  NonceTooLarge: 'nonce',
  Expired: 'expired',
  InvalidChain: 'expired',
  NotEnoughBalance: 'funds',
  LackBalanceForState: 'funds',
  InvalidAccessKeyError: 'key',
  // of the shard, not of the transaction
  ShardCongested: 'busy',
  ShardStuck: 'busy',
}

/** What is kept of an error: the name of its cause, and of a transaction's rule. */
export function causeOf(data: unknown, error: unknown): string | undefined {
  const cause = textAt(error, 'cause', 'name')
  const broken = variantAt(data, 'TxExecutionError', 'InvalidTxError')
  if (broken === undefined) return cause
  const inner =
    broken === 'InvalidAccessKeyError'
      ? variantAt(data, 'TxExecutionError', 'InvalidTxError', broken)
      : undefined
  return ['INVALID_TRANSACTION', broken, ...(inner === undefined ? [] : [inner])].join(':')
}

/** What an endpoint's error means; undefined when it is none. */
export function rpcErrorKind(error: unknown): RpcErrorKind | undefined {
  if (!isMerogateError(error, 'CHAIN_RPC')) return undefined
  const { data, code, reason } = error.details
  const [cause = '', rule, inner] = typeof data === 'string' ? data.split(':') : []
  // a key's allowance that is used up is a lack of funds, too
  if (inner === 'NotEnoughAllowance') return 'funds'
  if (rule !== undefined) return RULES[rule] ?? 'refused'
  const kind = CAUSES[cause]
  if (kind !== undefined) return kind
  // what stands before a node has words of its own
  const isBusy =
    code === 429 || code === -429 || /\brate\b|limit|too many|try again/i.test(String(reason))
  return isBusy ? 'busy' : 'other'
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key] // its own, see above
    : undefined
}

const NAME = /^\w{1,64}$/

function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = path.reduce<unknown>(at, value)
  return typeof found === 'string' && NAME.test(found) ? found : undefined
}

/** The name of an enum's variant: a text, or the one key of an object. */
function variantAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = path.reduce<unknown>(at, value)
  const name = typeof found === 'object' && found !== null ? Object.keys(found)[0] : found
  return typeof name === 'string' && NAME.test(name) ? name : undefined
}
