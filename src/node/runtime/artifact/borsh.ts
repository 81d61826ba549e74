/**
 * Borsh as the guests' storage library writes it, hand-written: artefacts and index records are read on every call. All integers are
 * little-endian; byte strings and lists have a u32 count. Readers return views of the input, not copies.
 */
import { invalidArtifact } from '../errors.ts'

/** @throws RUNTIME_ARTIFACT_INVALID when the bytes end early */
export class BorshReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  /** Position after the next `length` bytes; moves there. */
  #step(length: number): number {
    const from = this.at
    if (length > this.#bytes.length - from) {
      throw invalidArtifact(`expected ${length} more bytes, got ${this.#bytes.length - from}`)
    }
    this.at = from + length
    return from
  }

  u8(): number {
    return this.#view.getUint8(this.#step(1))
  }

  u32(): number {
    return this.#view.getUint32(this.#step(4), true)
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#step(8), true)
  }

  raw(length: number): Uint8Array {
    const from = this.#step(length)
    return this.#bytes.subarray(from, from + length)
  }

  id(): Uint8Array {
    return this.raw(32)
  }

  bytes(): Uint8Array {
    return this.raw(this.u32())
  }

  /** Whether an option holds a value. */
  option(): boolean {
    const tag = this.u8()
    if (tag > 1) throw invalidArtifact(`expected an option tag 0 or 1, got ${tag}`)
    return tag === 1
  }

  /** A list whose items take at least `least` bytes each, so that its count is bounded by what is there. */
  list<T>(least: number, item: () => T): T[] {
    const count = this.u32()
    if (count * least > this.#bytes.length - this.at) {
      throw invalidArtifact(`${count} items do not fit into ${this.#bytes.length - this.at} bytes`)
    }
    const out: T[] = []
    for (let i = 0; i < count; i++) out.push(item())
    return out
  }

  /** The bytes read since a position. */
  since(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.at)
  }

  end(): void {
    if (this.at !== this.#bytes.length) {
      throw invalidArtifact(`${this.#bytes.length - this.at} bytes are left over`)
    }
  }
}

/** Collects parts; sizes are known only at the end. */
export class BorshWriter {
  #bytes: Uint8Array
  #view: DataView
  #length = 0

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity)
    this.#view = new DataView(this.#bytes.buffer)
  }

  #step(length: number): number {
    const from = this.#length
    this.#length += length
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2))
      larger.set(this.#bytes)
      this.#bytes = larger
      this.#view = new DataView(larger.buffer)
    }
    return from
  }

  u8(value: number): void {
    const at = this.#step(1)
    this.#view.setUint8(at, value)
  }

  u32(value: number): void {
    const at = this.#step(4)
    this.#view.setUint32(at, value, true)
  }

  u64(value: bigint): void {
    const at = this.#step(8)
    this.#view.setBigUint64(at, value, true)
  }

  raw(bytes: Uint8Array): void {
    const at = this.#step(bytes.length)
    this.#bytes.set(bytes, at)
  }

  bytes(bytes: Uint8Array): void {
    this.u32(bytes.length)
    this.raw(bytes)
  }

  option(isThere: boolean): void {
    this.u8(isThere ? 1 : 0)
  }

  /** What was written, as an array of its own. */
  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }
}
