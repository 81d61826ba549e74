/** What changed on a chain: read up to the height that counts as final, so that nothing is ever taken back. */
import type { Changes } from '../../node/anchor/service.ts'
import { pause } from '../../node/anchor/watcher.ts'
import { throwIfAborted } from '../../node/errors.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import type { Endpoint } from './endpoints.ts'
import type { Heights } from './heights.ts'
import { LOCAL_POLL_MS } from './limits.ts'

export interface ChangesInit {
  readonly heights: Heights
  readonly clock: Clock
  readonly pollMs: number
  /** Tells of new blocks before the next look, where an endpoint can: resolves then, or after the time. @default time goes by */
  readonly news?: { wait(ms: number, signal?: AbortSignal): Promise<void> } | undefined
  /** What changed after the cursor `since`, up to `final` or less far; without a cursor where things stand. See {@link byHeight}. */
  readonly read: (endpoint: Endpoint, final: bigint, since: bigint | undefined) => Promise<Changes>
  /** Height that a cursor of an earlier answer stands for: endpoints that are not there yet are passed over. @default unknown */
  readonly heightOf?: ((cursor: bigint) => bigint) | undefined
}

export class ChainChanges {
  readonly #init: ChangesInit

  constructor(init: ChangesInit) {
    this.#init = init
  }

  /** See `EnvelopeService.waitForChanges`. */
  async wait(since: bigint | undefined, waitMs: number, signal?: AbortSignal): Promise<Changes> {
    const { heights, clock, pollMs, news, read, heightOf } = this.#init
    const until = clock.monotonicMs() + waitMs
    for (;;) {
      if (since !== undefined && heightOf !== undefined) heights.sawFinal(heightOf(since))
      const answer = await heights.run(
        'final',
        async (endpoint, final, { told }) => {
          const changes = await read(endpoint, final, since)
          told?.(changes.height)
          return changes
        },
        signal,
      )
      const { height, cursor = height, missed } = answer
      const isNews = since === undefined || cursor !== since || missed
      const leftMs = until - clock.monotonicMs()
      if (isNews || leftMs <= 0) return answer
      // a socket that talks without end must not make us ask without end
      await pause(clock, Math.min(LOCAL_POLL_MS, leftMs), signal)
      const restMs = Math.max(0, Math.min(pollMs, leftMs) - LOCAL_POLL_MS)
      await (news === undefined ? pause(clock, restMs, signal) : news.wait(restMs, signal))
      throwIfAborted(signal)
    }
  }
}

/** Reads by height, where cursors are heights: `read` gets two that differ, the first one final. */
export function byHeight(
  read: (endpoint: Endpoint, final: bigint, since: bigint) => Promise<Changes>,
): Pick<ChangesInit, 'read' | 'heightOf'> {
  return {
    async read(endpoint, final, since) {
      if (since === undefined || final === since) {
        return { height: final, changes: [], missed: false }
      }
      // no endpoint has that block any more: this is another chain than the one that `since` is of
      if (final < since) return { height: final, changes: [], missed: true }
      return read(endpoint, final, since)
    },
    heightOf: (cursor) => cursor,
  }
}
