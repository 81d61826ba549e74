/** Numbers that authors gave to their deltas, counted: two deltas may have one number. */
import { idKey } from '../primitives/ids.ts'

export class AuthorNumbers {
  readonly #authors = new Map<string, Map<bigint, number>>()

  /** Numbers of an author, each once, in no order. */
  of(author: Uint8Array): Iterable<bigint> {
    return this.#authors.get(idKey(author))?.keys() ?? []
  }

  add(author: Uint8Array, sequence: bigint): void {
    this.#count(idKey(author), sequence, 1)
  }

  /** Takes out one of what was added. */
  remove(author: Uint8Array, sequence: bigint): void {
    this.#count(idKey(author), sequence, -1)
  }

  #count(author: string, sequence: bigint, by: 1 | -1): void {
    const numbers = this.#authors.get(author) ?? new Map<bigint, number>()
    const count = (numbers.get(sequence) ?? 0) + by
    if (count === 0) numbers.delete(sequence)
    else numbers.set(sequence, count)
    if (numbers.size === 0) this.#authors.delete(author)
    else this.#authors.set(author, numbers)
  }
}
