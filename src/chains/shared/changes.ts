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
  /** Changes of the heights above `since`, up to `final` or less far; neither is the other. */
  readonly read: (endpoint: Endpoint, final: bigint, since: bigint) => Promise<Changes>
}

export class ChainChanges {
  readonly #init: ChangesInit

  constructor(init: ChangesInit) {
    this.#init = init
  }

  /** See `EnvelopeService.waitForChanges`. */
  async wait(since: bigint | undefined, waitMs: number, signal?: AbortSignal): Promise<Changes> {
    const { heights, clock, pollMs, news } = this.#init
    const until = clock.monotonicMs() + waitMs
    for (;;) {
      if (since !== undefined) heights.sawFinal(Number(since))
      const answer = await heights.run(
        'final',
        (endpoint, final) => this.#read(endpoint, BigInt(final), since),
        signal,
      )
      const isNews = since === undefined || answer.height !== since || answer.missed
      const leftMs = until - clock.monotonicMs()
      if (isNews || leftMs <= 0) return answer
      // a socket that talks without end must not make us ask without end
      await pause(clock, Math.min(LOCAL_POLL_MS, leftMs), signal)
      const restMs = Math.max(0, Math.min(pollMs, leftMs) - LOCAL_POLL_MS)
      await (news === undefined ? pause(clock, restMs, signal) : news.wait(restMs, signal))
      throwIfAborted(signal)
    }
  }

  async #read(endpoint: Endpoint, final: bigint, since: bigint | undefined): Promise<Changes> {
    if (since === undefined || final === since) return { height: final, changes: [], missed: false }
    // no endpoint has that block any more: this is another chain than the one that `since` is of
    if (final < since) return { height: final, changes: [], missed: true }
    return this.#init.read(endpoint, final, since)
  }
}
