/** Bounds what of one peer is in verification at once. */
import { MAX_RECEIVING, MAX_RECEIVING_BYTES } from '../limits.ts'

export class InFlight {
  readonly #waiting = new Set<() => void>()
  #count = 0
  #bytes = 0
  #released = false

  enter(bytes: number): void {
    this.#count++
    this.#bytes += bytes
  }

  leave(bytes: number): void {
    this.#count--
    this.#bytes -= bytes
    this.#wake()
  }

  /** Resolves when there is room, or at once after {@link release}. Whoever waits here reads nothing, so the peer is held back. */
  async room(): Promise<void> {
    while (this.#count >= MAX_RECEIVING || this.#bytes > MAX_RECEIVING_BYTES) {
      if (this.#released) return
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  /** Nobody waits any more. */
  release(): void {
    this.#released = true
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }
}
