/** Calls: sent until an endpoint takes them, then looked for by the id of the request until they are answered, or expired and nobody had them. */
import { unreachable } from '../../../node/anchor/errors.ts'
import { pause } from '../../../node/anchor/watcher.ts'
import { isMerogateError, throwIfAborted } from '../../../node/errors.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Endpoints } from '../../shared/endpoints.ts'
import { PATIENCE_MS } from '../../shared/limits.ts'
import { ask, type Asked, type CallState, isExpired, type PreparedCall } from './asked.ts'

export interface CallsInit {
  readonly rpc: Endpoints
  readonly clock: Clock
  /** Pause between two looks, ms. */
  readonly pollMs: number
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  /** Told of the request before it is sent: from now on it may take effect. */
  readonly onPrepared?: ((call: PreparedCall) => void) | undefined
}

/** How a call ended: certified, but for `lost`, of which nobody knows any more what became. */
export type CallEnd =
  | Extract<CallState, { readonly state: 'replied' | 'rejected' }>
  | { readonly state: 'expired' | 'lost' }

/**
 * Calls a canister, and tells how that ended: `expired` it did nothing, and never will; `lost` nobody knows.
 * @throws CHAIN_RPC when no endpoint takes it, ANCHOR_UNREACHABLE (transport) when its fate is not known, ABORTED
 */
export async function callCanister(
  init: CallsInit,
  question: Asked['prepare'][0],
  { signal, onPrepared }: CallOptions = {},
): Promise<CallEnd> {
  const { rpc } = init
  for (let attempt = 1; ; attempt++) {
    let prepared: PreparedCall | undefined
    try {
      const taken = await rpc.run(async (endpoint) => {
        if (prepared === undefined) {
          prepared = await ask(endpoint, 'prepare', question)
          onPrepared?.(prepared)
        }
        return ask(endpoint, 'call', prepared)
      }, signal)
      if (taken !== undefined && isEnd(taken)) return taken
    } catch (error) {
      throwIfAborted(signal)
      // no endpoint took it because of its time, which is learned by now
      if (isExpired(error) && attempt === 1) continue
      // one of them may have taken it whose answer was lost
      if (prepared === undefined || !isMerogateError(error, 'ANCHOR_UNREACHABLE')) throw error
    }
    if (prepared === undefined) throw new TypeError('expected a call that was prepared')
    return followCall(init, prepared, signal)
  }
}

/** Looks for a call until it is answered, or expired. @throws ANCHOR_UNREACHABLE (transport), ABORTED */
export async function followCall(
  { rpc, clock, pollMs }: CallsInit,
  call: Pick<PreparedCall, 'effective' | 'requestId' | 'expiresAt'>,
  signal?: AbortSignal,
): Promise<CallEnd> {
  let answeredMs = clock.monotonicMs()
  for (;;) {
    throwIfAborted(signal)
    try {
      const seen = await rpc.run((endpoint) => ask(endpoint, 'look', call), signal)
      answeredMs = clock.monotonicMs()
      if (isEnd(seen)) return seen
      if (seen.state === 'done') return { state: 'lost' }
      // its answer would be there for as long again
      const lateNs = seen.time - call.expiresAt
      if (seen.state === 'unknown' && lateNs > 0n) {
        return { state: lateNs < KEPT_NS ? 'expired' : 'lost' }
      }
    } catch (error) {
      const isLasting = clock.monotonicMs() - answeredMs >= PATIENCE_MS
      if (!isExpired(error) && !isMerogateError(error, 'ANCHOR_UNREACHABLE')) throw error
      if (isLasting)
        throw unreachable('the chain: a call was sent, and nobody says what became of it')
    }
    await pause(clock, pollMs, signal)
  }
}

/** How long the chain knows at least what became of a call, ns: some minutes, of which the most careful are counted. */
const KEPT_NS = 60n * 1_000_000_000n

function isEnd(state: CallState): state is Extract<CallEnd, { readonly time: bigint }> {
  return state.state === 'replied' || state.state === 'rejected'
}
