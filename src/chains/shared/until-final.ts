/** Waits until what lies in a block is final. */
import { unreachable } from '../../node/anchor/errors.ts'
import { pause } from '../../node/anchor/watcher.ts'
import { isMerogateError, throwIfAborted } from '../../node/errors.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import type { Mined } from './delivery.ts'
import type { Endpoint, Endpoints } from './endpoints.ts'
import type { Heights } from './heights.ts'
import { PATIENCE_MS } from './limits.ts'

/** What waiting for a chain takes. */
export interface WaitInit {
  readonly rpc: Endpoints
  readonly heights: Heights
  readonly clock: Clock
  readonly pollMs: number
  /** @default PATIENCE_MS */
  readonly patienceMs?: number | undefined
}

/**
 * Where something lies when its block is final. `look` says where it lies now; a chain that reorganised may not have it for a while, and
 * endpoints may be silent.
 * @throws ANCHOR_UNREACHABLE (transport) when it is not to be seen for longer than the patience
 */
export async function untilFinal(
  { heights, clock, pollMs, patienceMs = PATIENCE_MS }: WaitInit,
  look: (endpoint: Endpoint) => Promise<Mined | undefined>,
  signal?: AbortSignal,
): Promise<Mined> {
  let seenMs = clock.monotonicMs()
  for (;;) {
    const isLasting = clock.monotonicMs() - seenMs > patienceMs
    try {
      const seen = await heights.run(
        'final',
        async (endpoint, final) => ({ final, mined: await look(endpoint) }),
        signal,
      )
      if (seen.mined !== undefined) {
        if (seen.mined.block <= seen.final) return seen.mined
        seenMs = clock.monotonicMs()
      } else if (isLasting) {
        throw unreachable('the chain: a transaction is gone that lay in a block')
      }
    } catch (error) {
      if (isLasting || !isMerogateError(error, 'ANCHOR_UNREACHABLE')) throw error
    }
    await pause(clock, pollMs, signal)
    throwIfAborted(signal)
  }
}
