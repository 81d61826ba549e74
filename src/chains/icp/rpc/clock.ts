/** The time of the chain, as far as this machine can know it without asking: its own time, and by how much the chain's was seen to differ. */
import { agreedTime } from '../../../node/anchor/errors.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import { MAX_CERTIFICATE_AGE_NS } from '../limits.ts'

const NS_PER_SECOND = 1_000_000_000n

export class ChainClock {
  readonly #clock: Pick<Clock, 'nowNs'>
  readonly #mayDiffer: boolean
  #aheadNs = 0n

  /** `mayDiffer`: a chain on this machine has a time of its own, which may be hours away; any other is held to this machine's. */
  constructor(clock: Pick<Clock, 'nowNs'>, mayDiffer: boolean) {
    this.#clock = clock
    this.#mayDiffer = mayDiffer
  }

  /** ns since the Unix epoch. */
  now(): bigint {
    return this.#clock.nowNs() + this.#aheadNs
  }

  /** A certificate said just now that it is this time. @throws ANCHOR_CLOCK (protocol) when it cannot be */
  learn(where: string, time: bigint): void {
    const own = this.#clock.nowNs()
    if (!this.#mayDiffer) agreedTime(where, time / NS_PER_SECOND, own / NS_PER_SECOND)
    this.#aheadNs = time - own
  }

  /** Whether a certificate of this time is one of now. */
  isNow(time: bigint): boolean {
    const age = this.now() - time
    return age <= MAX_CERTIFICATE_AGE_NS && -age <= MAX_CERTIFICATE_AGE_NS
  }
}
