/**
 * What the errors of Ethereum nodes mean. Their codes and words differ by client (geth, Nethermind, Besu, Erigon, Reth, Hardhat) and by what
 * stands before it, so they are told apart by what all of them say.
 */
import { isMerogateError } from '../../../node/errors.ts'

/**
 * `revert` the call fails, and says why in its data; `funds` the account cannot pay; `nonce` the nonce is used; `known` the transaction is
 * there already; `underpriced` another of the same nonce is there and offers as much; `busy` the endpoint cannot answer now, or not yet;
 * `other` it will not answer this.
 */
export type RpcErrorKind = 'revert' | 'funds' | 'nonce' | 'known' | 'underpriced' | 'busy' | 'other'

/** The first that fits, in this order: a refusal of a transaction may quote what it would have done. */
const WORDS: readonly (readonly [RpcErrorKind, RegExp])[] = [
  ['known', /already ?known|already imported|known transaction|already exists/i],
  [
    'underpriced',
    /replacement|another transaction with same nonce|too low to replace|not ?allowed to replace/i,
  ],
  ['nonce', /nonce( is)? too low|old ?nonce|correct nonce|invalid nonce/i],
  [
    'funds',
    /insufficient ?funds|insufficient .*balance|enough funds|upfront cost exceeds|exceeds (the )?(account )?balance/i,
  ],
  [
    'revert',
    /revert|vm execution error|vm exception|invalid opcode|out of gas|invalid jump|stack (under|over)flow/i,
  ],
  [
    'busy',
    /\brate\b|limit exceeded|too many requests|capacity|not found|unknown block|missing trie|not available|timed? ?out|try again|unavailable|syncing|beyond current head|future block/i,
  ],
]

/** JSON-RPC's own code of an internal error, and those of limits. */
const BUSY_CODES: ReadonlySet<number> = new Set([-32603, -32005, -32029, -32001, 429])
/** geth's, and now everybody's, code of a revert. */
const REVERT_CODE = 3
/** JSON-RPC's own code of a method that does not exist. */
const NO_METHOD_CODE = -32601

/** What an endpoint's error means; undefined when it is none. */
export function rpcErrorKind(error: unknown): RpcErrorKind | undefined {
  if (!isMerogateError(error, 'CHAIN_RPC')) return undefined
  const { method, code, reason, data } = error.details
  const words = String(reason)
  const isSending = method === 'eth_sendRawTransaction'
  if (code === NO_METHOD_CODE) return 'other'
  // a call can fail in words of a contract's choice
  if (!isSending && (code === REVERT_CODE || data !== undefined || /revert/i.test(words))) {
    return 'revert'
  }
  for (const [kind, pattern] of WORDS) {
    const isOfSending = kind === 'known' || kind === 'underpriced' || kind === 'nonce'
    if (isOfSending && !isSending) continue
    if (pattern.test(words)) return kind
  }
  return BUSY_CODES.has(Number(code)) ? 'busy' : 'other'
}

/** What a call that failed says of it: hexadecimal with 0x; undefined when it is no revert, or says nothing. */
export function revertDataOf(error: unknown): string | undefined {
  if (!isMerogateError(error, 'CHAIN_RPC')) return undefined
  const { data } = error.details
  return typeof data === 'string' ? data : undefined
}

/** The data of a revert, wherever in an error a client puts it. */
export function findRevertData(data: unknown, depth: number = 0): string | undefined {
  if (typeof data === 'string') {
    // `Reverted 0x...`
    const found = /^(?:reverted )?(0x[0-9a-f]*)$/i.exec(data)?.[1]
    return found !== undefined && found.length >= 10 ? found.toLowerCase() : undefined
  }
  if (typeof data !== 'object' || data === null || depth > 2) return undefined
  const { data: inner, result, originalError } = data as Record<string, unknown> // each is looked at
  for (const part of [inner, result, originalError]) {
    const found = findRevertData(part, depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}
