/** Calls: sent until an endpoint takes them, then looked for by the id of the request until they are answered, or expired and nobody had them. */
import { unreachable } from '../../../node/anchor/errors.ts'
import { pause } from '../../../node/anchor/watcher.ts'
import { throwIfAborted } from '../../../node/errors.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Endpoint, Endpoints } from '../../shared/endpoints.ts'
import { PATIENCE_MS } from '../../shared/limits.ts'
import { RESEND_MS } from '../limits.ts'
import { ask, type Asked, type CallState, isExpired, type PreparedCall } from './asked.ts'
import { isRejection } from './rejection.ts'

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
 * @throws CHAIN_RPC, ANCHOR_UNREACHABLE (transport) when no endpoint takes it, or its fate is not known; ABORTED
 */
export async function callCanister(
  init: CallsInit,
  question: Asked['prepare'][0],
  { signal, onPrepared }: CallOptions = {},
): Promise<CallEnd> {
  const { rpc } = init
  for (let attempt = 1; ; attempt++) {
    const prepared = await rpc.run((endpoint) => ask(endpoint, 'prepare', question), signal)
    onPrepared?.(prepared)
    const offer = new Offer(prepared, init)
    try {
      const taken = await rpc.run((endpoint) => offer.give(endpoint), signal)
      if (taken !== undefined && isEnd(taken)) return taken
    } catch (error) {
      throwIfAborted(signal)
      if (!offer.mayBeTaken) {
        // because of its time, which is learned by now
        if (isExpired(error) && attempt === 1) continue
        throw error
      }
    }
    return follow(init, prepared, offer, signal)
  }
}

/** A call on its way: given to endpoints again until one of them knows it, for it is one request however often it is given. */
class Offer {
  readonly #call: PreparedCall
  readonly #clock: Clock
  readonly #givenMs = new Map<number, number>()
  /** Whether an endpoint may have taken it: all others said that they did not. */
  mayBeTaken = false

  constructor(call: PreparedCall, { clock }: CallsInit) {
    this.#call = call
    this.#clock = clock
  }

  async give(endpoint: Endpoint): Promise<CallState | undefined> {
    this.#givenMs.set(endpoint.id, this.#clock.monotonicMs())
    try {
      const taken = await ask(endpoint, 'call', this.#call)
      this.mayBeTaken = true
      return taken
    } catch (error) {
      if (!isRejection(error)) this.mayBeTaken = true
      throw error
    }
  }

  /** Gives it to an endpoint that does not know it, once in a while. */
  async giveAgain(endpoint: Endpoint): Promise<void> {
    const givenMs = this.#givenMs.get(endpoint.id)
    if (givenMs !== undefined && this.#clock.monotonicMs() - givenMs < RESEND_MS) return
    await this.give(endpoint)
  }
}

/** Looks for a call until it is answered, or expired. */
async function follow(
  { rpc, clock, pollMs }: CallsInit,
  call: PreparedCall,
  offer: Offer,
  signal: AbortSignal | undefined,
): Promise<CallEnd> {
  const look = async (endpoint: Endpoint): Promise<CallState> => {
    const seen = await ask(endpoint, 'look', call)
    if (seen.state === 'unknown' && seen.time <= call.expiresAt) await offer.giveAgain(endpoint)
    return seen
  }
  let answeredMs = clock.monotonicMs()
  for (;;) {
    throwIfAborted(signal)
    try {
      const seen = await rpc.run(look, signal)
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
      if (isLasting) throw unreachable('the chain: what became of a call nobody says', error)
      if (!rpc.isFailure(error)) throw error
    }
    await pause(clock, pollMs, signal)
  }
}

/** How long the chain knows at least what became of a call, ns: some minutes, of which the most careful are counted. */
const KEPT_NS = 60n * 1_000_000_000n

function isEnd(state: CallState): state is Extract<CallEnd, { readonly time: bigint }> {
  return state.state === 'replied' || state.state === 'rejected'
}
