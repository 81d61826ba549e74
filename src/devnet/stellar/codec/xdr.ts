/**
 * XDR (RFC 4506) as far as values and ledger entries need it: big-endian words, bytes padded to four. What is rare, such as envelopes, is
 * read by the SDK.
 */

/** The bytes are not what they should be. */
export class XdrInvalid extends Error {
  override readonly name: string = 'XdrInvalid'
}

export class XdrWriter {
  #bytes = new Uint8Array(256)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  u32(value: number): this {
    // first, for it may replace the view
    const at = this.#take(4)
    this.#view.setUint32(at, value >>> 0)
    return this
  }

  /** 64 bits, of signed and unsigned numbers. */
  u64(value: bigint): this {
    const at = this.#take(8)
    this.#view.setBigUint64(at, BigInt.asUintN(64, value))
    return this
  }

  /** Bytes as they are: of other writers, or of a length that is a multiple of four. */
  raw(bytes: Uint8Array): this {
    const at = this.#take(bytes.length)
    this.#bytes.set(bytes, at)
    return this
  }

  /** A length, the bytes, and padding. */
  bytes(bytes: Uint8Array): this {
    this.u32(bytes.length).raw(bytes)
    this.#take(-bytes.length & 3)
    return this
  }

  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  /** Room for so many bytes, all zero: where they begin. */
  #take(count: number): number {
    const at = this.#length
    this.#length += count
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2))
      larger.set(this.#bytes)
      this.#bytes = larger
      this.#view = new DataView(larger.buffer)
    }
    return at
  }
}

export class XdrReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get at(): number {
    return this.#at
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4))
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8))
  }

  i64(): bigint {
    return BigInt.asIntN(64, this.u64())
  }

  /** So many bytes, and padding, which must be zero. */
  opaque(length: number): Uint8Array {
    const at = this.#take(length)
    const end = this.#take(-length & 3)
    for (let i = end; i < this.#at; i++) {
      if (this.#bytes[i] !== 0) throw new XdrInvalid('padding is not zero')
    }
    return this.#bytes.slice(at, at + length)
  }

  bytes(): Uint8Array {
    return this.opaque(this.u32())
  }

  /** How many follow; each takes four bytes at least, so that a huge count allocates nothing. */
  count(): number {
    const count = this.u32()
    if (count * 4 > this.#bytes.length - this.#at) throw new XdrInvalid('a list is too long')
    return count
  }

  /** What was read since a place. */
  since(at: number): Uint8Array {
    return this.#bytes.slice(at, this.#at)
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new XdrInvalid('bytes are left over')
  }

  #take(count: number): number {
    const at = this.#at
    if (count > this.#bytes.length - at) throw new XdrInvalid('the bytes end too early')
    this.#at += count
    return at
  }
}
