/** A guest's linear memory as host functions see it: bounds-checked, and re-acquired whenever the guest has grown it. */
import { hostError, type PanicLocation } from '../errors.ts'
import { MAX_PANIC_BYTES } from '../limits.ts'
import type { WasmMemory } from './webassembly.ts'

/** Bytes in guest memory; checked to lie inside it. */
export interface Span {
  readonly at: number
  readonly length: number
}

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export class GuestMemory {
  readonly #memory: WasmMemory
  #buffer: ArrayBuffer
  #bytes: Buffer
  #view: DataView

  constructor(memory: WasmMemory) {
    this.#memory = memory
    this.#buffer = memory.buffer
    this.#bytes = Buffer.from(this.#buffer)
    this.#view = new DataView(this.#buffer)
  }

  get pages(): number {
    return this.#memory.buffer.byteLength / 65_536
  }

  #acquire(): void {
    if (this.#buffer === this.#memory.buffer) return
    this.#buffer = this.#memory.buffer
    this.#bytes = Buffer.from(this.#buffer)
    this.#view = new DataView(this.#buffer)
  }

  /** @throws RUNTIME_HOST when any of the bytes lies outside */
  span(at: bigint, length: bigint): Span {
    return this.#span(Number(at), Number(length))
  }

  #span(at: number, length: number): Span {
    this.#acquire()
    // an empty buffer may point anywhere; a negative number is an unsigned one above 2^63
    if (length === 0) return { at: 0, length: 0 }
    if (at < 0 || length < 0 || at + length > this.#buffer.byteLength) {
      throw hostError('InvalidMemoryAccess')
    }
    return { at, length }
  }

  /** Address of a struct of `size` bytes. */
  struct(address: bigint, size: number): number {
    return this.#span(Number(address), size).at
  }

  /** The span that a descriptor { ptr u64, len u64 } at `address` names. */
  descriptor(address: bigint): Span {
    return this.descriptorAt(this.struct(address, 16))
  }

  /** As {@link descriptor}, for an address inside a struct that was checked. */
  descriptorAt(at: number): Span {
    const view = this.#view
    // high words first: a pointer or length of 2^32 and more is outside
    if (view.getUint32(at + 4, true) !== 0 || view.getUint32(at + 12, true) !== 0) {
      throw hostError('InvalidMemoryAccess')
    }
    return this.#span(view.getUint32(at, true), view.getUint32(at + 8, true))
  }

  u32(at: number): number {
    return this.#view.getUint32(at, true)
  }

  u64(at: number): bigint {
    return this.#view.getBigUint64(at, true)
  }

  writeU64(at: number, value: bigint): void {
    this.#acquire()
    this.#view.setBigUint64(at, value, true)
  }

  /** A copy of the bytes. */
  copy(span: Span): Uint8Array {
    return new Uint8Array(this.#buffer.slice(span.at, span.at + span.length))
  }

  /** The bytes as a text with one character per byte: a key for maps. */
  latin1(span: Span): string {
    return this.#bytes.toString('latin1', span.at, span.at + span.length)
  }

  /** @throws RUNTIME_HOST when it is not UTF-8 */
  text(span: Span): string {
    try {
      return DECODER.decode(this.#bytes.subarray(span.at, span.at + span.length))
    } catch {
      throw hostError('BadUTF8')
    }
  }

  /** As {@link text}, but of a long one only the beginning. */
  textUpTo(span: Span, maxBytes: number): string {
    if (span.length <= maxBytes) return this.text(span)
    return this.#bytes.toString('utf8', span.at, span.at + maxBytes) // the cut may lie in a character
  }

  /** A copy of exactly `size` bytes. @throws RUNTIME_HOST */
  fixed(span: Span, size: number): Uint8Array {
    if (span.length !== size) throw hostError('InvalidMemoryAccess')
    return this.copy(span)
  }

  write(at: number, bytes: Uint8Array): void {
    this.#acquire()
    this.#bytes.set(bytes, at)
  }

  /** { file buffer, line u32, column u32 } at `address`. */
  location(address: bigint): PanicLocation {
    const at = this.struct(address, 24)
    return {
      file: this.textUpTo(this.descriptorAt(at), MAX_PANIC_BYTES),
      line: this.u32(at + 16),
      column: this.u32(at + 20),
    }
  }
}
