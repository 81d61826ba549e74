/** What the errors of Stellar's endpoints mean. They have a number, and words of their own. */
import { isMerogateError, type MerogateError } from '../../../node/errors.ts'
import type { Blame } from '../../shared/endpoints.ts'

/**
 * What may be done next: `window` the endpoint does not have that ledger (any more, or yet); `busy` it cannot answer now; `refused` what it was asked
 * cannot be answered, by anybody; `other` it will not answer this.
 */
export type RpcErrorKind = 'window' | 'busy' | 'refused' | 'other'

/** Numbers of JSON-RPC. */
const [INVALID_PARAMS, INTERNAL] = [-32_602, -32_603]

const BLAME: Readonly<Record<RpcErrorKind, Blame>> = {
  ...{ window: 'busy', busy: 'busy', refused: 'chain', other: 'endpoint' },
}

/** What an endpoint's error means; undefined when it is none. */
export function rpcErrorKind(error: unknown): RpcErrorKind | undefined {
  if (!isMerogateError(error, 'CHAIN_RPC')) return undefined
  const { code, reason } = error.details
  const words = String(reason)
  if (/\b(?:startLedger|start ledger|ledger range)\b/i.test(words)) return 'window'
  const isBusy = code === INTERNAL || code === 429 || code === -429
  if (isBusy || /\brate\b|limit|too many|try again/i.test(words)) return 'busy'
  // what we ask is of the shape that is asked for: an endpoint that does not take it is another
  return code === INVALID_PARAMS && /invalid_xdr|invalid_hash/.test(words) ? 'refused' : 'other'
}

/** Whose fault an endpoint's error is. */
export function blame(error: MerogateError): Blame {
  return BLAME[rpcErrorKind(error) ?? 'other']
}
