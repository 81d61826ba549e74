/** Cuts a stream of bytes into frames: u32 big-endian length, then the body. Pure; knows no stream. */
import { EMPTY } from '../primitives/bytes.ts'
import { networkError } from './errors.ts'

/** Bytes of the length before each frame. */
const FRAME_HEADER_BYTES = 4

/** The frame with its length in front, in one buffer: one write, one packet. */
export function encodeFrame(body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + body.length)
  new DataView(frame.buffer).setUint32(0, body.length)
  frame.set(body, FRAME_HEADER_BYTES)
  return frame
}

/**
 * Collects chunks until a frame is complete. A stranger's length only says how many bytes to wait for: what is held is what was really
 * received, and a length above the limit is refused before a byte of the body is kept.
 */
export class FrameReader {
  readonly #maxBytes: number
  #chunks: Uint8Array[] = []
  /** Bytes of the first chunk that are used up. */
  #used = 0
  #held = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Bytes of an unfinished frame. */
  get held(): number {
    return this.#held
  }

  /** The frames completed by a chunk. @throws NETWORK_FRAME_TOO_LARGE (protocol) */
  push(chunk: Uint8Array): Uint8Array[] {
    if (chunk.length === 0) return []
    this.#chunks.push(chunk)
    this.#held += chunk.length
    const frames: Uint8Array[] = []
    while (this.#held >= FRAME_HEADER_BYTES) {
      const length = this.#peekLength()
      if (length > this.#maxBytes) {
        throw networkError(
          'NETWORK_FRAME_TOO_LARGE',
          `expected a frame of at most ${this.#maxBytes} bytes, got ${length}`,
          { max: this.#maxBytes, got: length },
        )
      }
      if (this.#held < FRAME_HEADER_BYTES + length) break
      this.#skip(FRAME_HEADER_BYTES)
      frames.push(length === 0 ? EMPTY : this.#take(length))
    }
    return frames
  }

  #peekLength(): number {
    const [first] = this.#chunks
    if (first !== undefined && first.length - this.#used >= FRAME_HEADER_BYTES) {
      return new DataView(first.buffer, first.byteOffset + this.#used).getUint32(0)
    }
    this.#trim()
    let value = 0
    let seen = 0
    for (const chunk of this.#chunks) {
      for (const byte of chunk) {
        value = value * 256 + byte
        if (++seen === FRAME_HEADER_BYTES) return value
      }
    }
    return value
  }

  /** Drops what is used up of the first chunk. */
  #trim(): void {
    const [first] = this.#chunks
    if (first === undefined || this.#used === 0) return
    if (this.#used === first.length) this.#chunks.shift()
    else this.#chunks[0] = first.subarray(this.#used)
    this.#used = 0
  }

  /** Passes over the next `count` bytes, which are here. */
  #skip(count: number): void {
    const [first] = this.#chunks
    if (first === undefined || first.length - this.#used < count) {
      this.#take(count)
      return
    }
    this.#held -= count
    this.#used += count
    if (this.#used === first.length) this.#trim()
  }

  /** The next `count` bytes, which are here. */
  #take(count: number): Uint8Array {
    const [first] = this.#chunks
    if (first !== undefined && first.length - this.#used > count) {
      const from = this.#used
      this.#skip(count)
      // a copy, so that a small frame that is kept does not keep the whole chunk alive
      return first.slice(from, from + count)
    }
    this.#trim()
    this.#held -= count
    const [next] = this.#chunks
    if (next?.length === count) {
      this.#chunks.shift()
      return next
    }
    const taken = new Uint8Array(count)
    let at = 0
    let used = 0
    for (const chunk of this.#chunks) {
      const part = chunk.subarray(0, count - at)
      taken.set(part, at)
      at += part.length
      if (part.length < chunk.length) {
        this.#chunks[used] = chunk.subarray(part.length)
        break
      }
      used++
      if (at === count) break
    }
    this.#chunks.splice(0, used)
    return taken
  }
}
