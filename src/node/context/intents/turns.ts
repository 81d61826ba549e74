/** Lets so many things be under way, and the others in the order in which they came. */
export class Turns<T> {
  readonly #max: number
  readonly #waiting = new Set<T>()
  #running = 0

  constructor(max: number) {
    this.#max = max
  }

  /** Whether it may begin now; otherwise it waits for its turn. Who begins says when it ends. */
  enter(item: T): boolean {
    if (this.#running >= this.#max) {
      this.#waiting.add(item)
      return false
    }
    this.#waiting.delete(item)
    this.#running++
    return true
  }

  /** One has ended: `begin` is given those whose turn it is, until one of them begins. */
  leave(begin: (next: T) => boolean): void {
    this.#running--
    for (const next of this.#waiting) {
      this.#waiting.delete(next)
      if (begin(next)) return
    }
  }

  forget(item: T): void {
    this.#waiting.delete(item)
  }
}
