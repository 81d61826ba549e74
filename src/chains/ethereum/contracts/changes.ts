/** What changed on the chain: the contract's events, read up to the height that counts as final, so that none is ever taken back. */
import { MAX_CHANGES_PER_ANSWER } from '../../../node/anchor/limits.ts'
import type { AnchorChange } from '../../../node/anchor/anchor.ts'
import type { Changes } from '../../../node/anchor/service.ts'
import { pause } from '../../../node/anchor/watcher.ts'
import { throwIfAborted } from '../../../node/errors.ts'
import { fromHex } from '../../../node/primitives/bytes.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Heights } from '../rpc/heights.ts'
import { LOCAL_POLL_MS, MAX_CATCH_UP_BLOCKS } from '../limits.ts'
import { type Log, readLogs } from './logs.ts'
import type { NewBlocks } from './new-blocks.ts'
import type { Endpoint } from '../rpc/rpc.ts'

export interface ChangesInit {
  readonly heights: Heights
  readonly contract: string
  readonly clock: Clock
  readonly pollMs: number
  /** Tells of new blocks before the next look, where an endpoint can. */
  readonly newBlocks: NewBlocks
}

/** What an event is about; events that say nothing of a subject are not ours. */
function toChange({ topics, block }: Log): AnchorChange[] {
  const [, subject] = topics
  if (subject === undefined || !/^0x[0-9a-f]{64}$/i.test(subject)) return []
  return [{ subject: fromHex(subject.slice(2).toLowerCase()), height: BigInt(block) }]
}

export class ChainChanges {
  readonly #init: ChangesInit

  constructor(init: ChangesInit) {
    this.#init = init
  }

  /** See `EnvelopeService.waitForChanges`. */
  async wait(since: bigint | undefined, waitMs: number, signal?: AbortSignal): Promise<Changes> {
    const { heights, clock, pollMs, newBlocks } = this.#init
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
      await newBlocks.wait(Math.max(0, Math.min(pollMs, leftMs) - LOCAL_POLL_MS), signal)
      throwIfAborted(signal)
    }
  }

  async #read(endpoint: Endpoint, final: bigint, since: bigint | undefined): Promise<Changes> {
    if (since === undefined || final === since) return { height: final, changes: [], missed: false }
    // no endpoint has that block any more: this is another chain than the one that `since` is of
    if (final < since) return { height: final, changes: [], missed: true }
    if (final - since > BigInt(MAX_CATCH_UP_BLOCKS)) {
      return { height: final, changes: [], missed: true }
    }
    const range = { from: Number(since) + 1, to: Number(final) }
    const part = await readLogs(endpoint, { address: this.#init.contract, ...range })
    const height = BigInt(part.to)
    const changes = part.logs.flatMap(toChange)
    // more than anybody looks at one by one: all is read again
    if (changes.length > MAX_CHANGES_PER_ANSWER) return { height, changes: [], missed: true }
    return { height, changes, missed: false }
  }
}
