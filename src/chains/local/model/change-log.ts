/** The newest changes, for watchers: a bounded memory and a way to wait for more. */
import type { Clock } from '../../../node/primitives/clock.ts'
import type { AnchorChange } from '../../../node/anchor/anchor.ts'
import { MAX_CHANGES_PER_ANSWER, MAX_REMEMBERED_CHANGES } from '../../../node/anchor/limits.ts'
import type { Changes } from '../../../node/anchor/service.ts'

export class ChangeLog {
  readonly #clock: Clock
  readonly #waiting = new Set<() => void>()
  #changes: AnchorChange[] = []
  /** Changes up to this height are forgotten. */
  #forgotten = 0n
  #height = 0n

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Height of the newest operation. */
  get height(): bigint {
    return this.#height
  }

  /** Notes an operation, and what it changed if anything. */
  append(subject: Uint8Array | undefined): void {
    this.#height++
    if (subject === undefined) return
    this.#changes.push({ subject, height: this.#height })
    if (this.#changes.length >= 2 * MAX_REMEMBERED_CHANGES) {
      this.#changes = this.#changes.slice(-MAX_REMEMBERED_CHANGES)
      this.#forgotten = (this.#changes[0]?.height ?? 1n) - 1n
    }
    this.wake()
  }

  /** Ends every wait now. */
  wake(): void {
    for (const call of this.#waiting) call()
  }

  /** See `EnvelopeService.waitForChanges`. */
  async wait(
    since: bigint | undefined,
    waitMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Changes> {
    const found = this.#since(since)
    if (since === undefined || found.missed || found.changes.length > 0) return found
    await new Promise<void>((resolve) => {
      const done = (): void => {
        timer.cancel()
        this.#waiting.delete(done)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = this.#clock.after(waitMs, done)
      this.#waiting.add(done)
      if (signal?.aborted === true) done()
      else signal?.addEventListener('abort', done)
    })
    return this.#since(since)
  }

  #since(since: bigint | undefined): Changes {
    const height = this.#height
    if (since === undefined) return { height, changes: [], missed: false }
    const missed = since < this.#forgotten || since > height
    if (missed) return { height, changes: [], missed }
    const newer = this.#changes.filter((change) => change.height > since)
    const changes = newer.slice(0, MAX_CHANGES_PER_ANSWER)
    const last = newer.length > changes.length ? changes.at(-1) : undefined
    return { height: last?.height ?? height, changes, missed }
  }
}
