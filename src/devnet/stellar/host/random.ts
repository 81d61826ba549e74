/** Randomness of contracts: ChaCha20 from the seed of the transaction, a stream of its own for each frame, drawn as the network's host draws. */
import { createCipheriv, createHmac } from 'node:crypto'

const SEED_BYTES = 32
const WORD_BYTES = 4
/** Blocks that are made at once, bytes. */
const BUFFER_BYTES = 256
/** Part of the protocol: what seeds are mixed with, so that nobody chooses the stream by choosing the seed. */
const SALT = Buffer.from('7ac33997544e3175d266bd022439b22cdb16508c01163f26e5cb2a3e1045a979', 'hex')
const ALL_64 = (1n << 64n) - 1n
const ALL_32 = (1n << 32n) - 1n

export class Random {
  readonly #seed: Uint8Array
  #blocks = 0
  #buffer: Buffer = Buffer.alloc(0)
  #at = 0

  constructor(seed: Uint8Array) {
    this.#seed = seed
  }

  /** A stream of a seed that somebody may have chosen. */
  static ofSeed(seed: Uint8Array): Random {
    return new Random(new Uint8Array(createHmac('sha256', SALT).update(seed).digest()))
  }

  /** Bytes, of whole words: what is left of the last is lost. */
  bytes(length: number): Uint8Array {
    const out = Buffer.alloc(Math.ceil(length / WORD_BYTES) * WORD_BYTES)
    for (let at = 0; at < length; at += WORD_BYTES) out.writeUInt32LE(this.#word(), at)
    return new Uint8Array(out.subarray(0, length))
  }

  /** A stream of its own. */
  child(): Random {
    return new Random(this.bytes(SEED_BYTES))
  }

  /** A number between the two, both included. */
  between(low: bigint, high: bigint): bigint {
    const range = high - low + 1n
    if (range > ALL_64) return this.#u64()
    const zone = ALL_64 - ((ALL_64 - range + 1n) % range)
    for (;;) {
      const product = this.#u64() * range
      if ((product & ALL_64) <= zone) return low + (product >> 64n)
    }
  }

  shuffle<T>(list: readonly T[]): T[] {
    const out = [...list]
    for (let i = out.length - 1; i > 0; i--) {
      const other = this.#below(i + 1)
      const [a, b] = [out[i], out[other]]
      if (a !== undefined && b !== undefined) [out[i], out[other]] = [b, a]
    }
    return out
  }

  /** A number below a small one. */
  #below(bound: number): number {
    const range = BigInt(bound)
    const zone = BigInt.asUintN(32, (range << BigInt(Math.clz32(bound))) - 1n)
    for (;;) {
      const product = BigInt(this.#word()) * range
      if ((product & ALL_32) <= zone) return Number(product >> 32n)
    }
  }

  #u64(): bigint {
    const low = BigInt(this.#word())
    return (BigInt(this.#word()) << 32n) | low
  }

  #word(): number {
    if (this.#at >= this.#buffer.length) {
      const counter = Buffer.alloc(16)
      counter.writeUInt32LE(this.#blocks)
      this.#blocks += BUFFER_BYTES / 64
      const cipher = createCipheriv('chacha20', this.#seed, counter)
      this.#buffer = cipher.update(Buffer.alloc(BUFFER_BYTES))
      this.#at = 0
    }
    this.#at += WORD_BYTES
    return this.#buffer.readUInt32LE(this.#at - WORD_BYTES)
  }
}
