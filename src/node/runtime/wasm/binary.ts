/** Reading and writing the binary format of WebAssembly modules: LEB128 numbers, names, vectors. */
import { invalidModule, overLimit } from '../errors.ts'

/** Walks a module's bytes. Every read is bounds-checked. @throws RUNTIME_MODULE_INVALID */
export class WasmReader {
  readonly bytes: Uint8Array
  at: number
  readonly end: number

  constructor(bytes: Uint8Array, at = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  get done(): boolean {
    return this.at >= this.end
  }

  byte(): number {
    if (this.at >= this.end) throw invalidModule('the module ends in the middle of something')
    return this.bytes[this.at++] as number // at < end <= length
  }

  /** Unsigned LEB128 of at most 32 bits. */
  u32(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte()
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) {
        if (value > 0xffff_ffff) break
        return value
      }
    }
    throw invalidModule('a number has more than 32 bits')
  }

  /** Unsigned LEB128 of at most 64 bits, below 2^53. */
  u64(): number {
    let value = 0
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.byte()
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break
        return value
      }
    }
    throw invalidModule('a number is above 2^53')
  }

  /** Steps over a LEB128 number of at most `bits` bits, signed or not. */
  skipLeb(bits: number): void {
    const most = Math.ceil(bits / 7)
    for (let n = 0; n < most; n++) if (this.byte() < 0x80) return
    throw invalidModule(`a number has more than ${bits} bits`)
  }

  /** The next `length` bytes, not copied. */
  take(length: number): Uint8Array {
    if (length > this.end - this.at)
      throw invalidModule('the module ends in the middle of something')
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }

  skip(length: number): void {
    this.take(length)
  }

  name(): string {
    const bytes = this.take(this.u32())
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    } catch (cause) {
      throw invalidModule('a name is not UTF-8', cause)
    }
  }

  /** A vector; `least` bytes per item keep a huge count from allocating anything, and `most` says how many there may be. @throws RUNTIME_LIMIT */
  list<T>(least: number, item: () => T, most?: { what: string; limit: number }): T[] {
    const count = this.u32()
    if (most !== undefined && count > most.limit) throw overLimit(most.what, most.limit, count)
    if (count * least > this.end - this.at) throw invalidModule('a list is longer than the module')
    const out: T[] = []
    for (let i = 0; i < count; i++) out.push(item())
    return out
  }
}

/** Unsigned LEB128. */
export function leb(value: number): number[] {
  const out: number[] = []
  let rest = value
  do {
    const low = rest % 128
    rest = Math.floor(rest / 128)
    out.push(rest > 0 ? low | 0x80 : low)
  } while (rest > 0)
  return out
}

/** Signed LEB128 of a number from 0 to 2^53: what constants of `i64.const` need. */
export function sleb(value: number): number[] {
  const out = leb(value)
  const last = out[out.length - 1] as number // leb never returns an empty list
  if ((last & 0x40) !== 0) {
    // the top bit of the last group would read as a sign
    out[out.length - 1] = last | 0x80
    out.push(0)
  }
  return out
}

/** Grows as bytes are added; doubling keeps it linear. */
export class WasmWriter {
  #bytes: Uint8Array
  length = 0

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity)
  }

  push(bytes: ArrayLike<number>): void {
    const needed = this.length + bytes.length
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
      larger.set(this.#bytes.subarray(0, this.length))
      this.#bytes = larger
    }
    this.#bytes.set(bytes, this.length)
    this.length = needed
  }

  /** A section: id, size, content. */
  section(id: number, content: ArrayLike<number>): void {
    this.push([id])
    this.push(leb(content.length))
    this.push(content)
  }

  /** What was written. */
  done(): Uint8Array {
    return this.#bytes.subarray(0, this.length)
  }
}
