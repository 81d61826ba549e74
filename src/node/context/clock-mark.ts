/** The stored high-water mark of the node's hybrid clock: no timestamp is used before a mark above it is on disk, so none is used twice. */
import { ntp64 } from '../primitives/hlc.ts'
import type { Globals } from '../store/repositories/globals.ts'
import type { BatchOp } from '../store/store.ts'
import { HLC_MARK_AHEAD_MS } from './limits.ts'

const AHEAD = ntp64(BigInt(HLC_MARK_AHEAD_MS) * 1_000_000n)

export class ClockMark {
  readonly #globals: Globals
  #stored: bigint

  /** `stored` is what the database holds; it is also the clock's floor at start. */
  constructor(globals: Globals, stored: bigint) {
    this.#globals = globals
    this.#stored = stored
  }

  /** The row that must be stored, synced, together with a use of `time`; undefined while the mark lies above. */
  opFor(time: bigint): BatchOp | undefined {
    return time < this.#stored ? undefined : this.#globals.putHlcMark(time + AHEAD)
  }

  /** The row of {@link opFor} is on disk. */
  stored(time: bigint): void {
    if (time + AHEAD > this.#stored) this.#stored = time + AHEAD
  }
}
