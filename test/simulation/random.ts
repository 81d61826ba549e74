/** Chance that follows from a seed: fast, and not secure, which is the point. */
import type { Random } from '../../src/node/primitives/clock.ts'

/** The generator sfc32. Streams of one seed are independent, so that drawing more in one room does not shift the others. */
export class SimRandom implements Random {
  #a: number
  #b: number
  #c = 0x2545f491
  #n = 1

  constructor(seed: number, stream = 0) {
    this.#a = seed | 0
    this.#b = stream | 0
    for (let i = 0; i < 16; i++) this.next()
  }

  /** A whole number of 32 bits. */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#n) | 0
    this.#n = (this.#n + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** A whole number below `bound`. */
  below(bound: number): number {
    return this.next() % bound
  }

  /** A whole number from `low` up to, and without, `high`. */
  between(low: number, high: number): number {
    return low + this.below(high - low)
  }

  chance(probability: number): boolean {
    return this.next() < probability * 2 ** 32
  }

  /** One of the items. @throws RangeError when there are none */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('expected something to pick from')
    return items[this.below(items.length)] as T // below its length
  }

  /** A new stream of its own. */
  fork(stream: number): SimRandom {
    return new SimRandom(this.next(), stream)
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length)
    for (let at = 0; at < length; at++) out[at] = this.next()
    return out
  }
}
