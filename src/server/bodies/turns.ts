/** Whose turn it is: work that waits, of many senders. */

/** Whom something comes from, as far as that is known. */
export interface Sender {
  /** Undefined: one that many share, such as this machine's or a proxy's. */
  readonly address?: string | undefined
  /** The key that signed in. */
  readonly keyId?: string | undefined
}

/** A name for what nobody has in particular. */
const SHARED = ''

/**
 * One piece of work of each address in turn, and of an address one of each key in turn, oldest first. Whoever comes new is last, so that however many come,
 * everybody's turn does.
 */
export class Turns<T> {
  readonly #waiting = new Map<string, Map<string, T[]>>()

  add({ address = SHARED, keyId = SHARED }: Sender, item: T): void {
    const keys = this.#waiting.get(address) ?? new Map<string, T[]>()
    const items = keys.get(keyId) ?? []
    items.push(item)
    keys.set(keyId, items)
    this.#waiting.set(address, keys)
  }

  /** Takes out the next; undefined when nothing waits. */
  next(): T | undefined {
    for (const [address, keys] of this.#waiting) {
      this.#waiting.delete(address)
      for (const [keyId, items] of keys) {
        const item = items.shift()
        keys.delete(keyId)
        if (items.length > 0) keys.set(keyId, items)
        if (keys.size > 0) this.#waiting.set(address, keys)
        return item
      }
    }
    return undefined
  }
}
