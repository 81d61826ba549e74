/** What the functions of the system share: the message, the instance it runs in, and access to memory that is paid for. */
import { fromUtf8 } from '../../../../node/primitives/bytes.ts'
import { Trap, violated } from '../../errors.ts'
import type { Frame } from '../frame.ts'
import type { Instance } from '../instance.ts'
import type { StableWriter } from '../memory.ts'
import type { Canister } from '../canister.ts'
import type { Mode } from './table.ts'

/** A parameter or result that is as wide as memory. */
export type Word = number | bigint

/** Functions of WebAssembly take and return numbers alone. */
export type ApiFunctions = Readonly<Record<string, (...values: never[]) => Word | void>>

/** What the functions ask of the chain. */
export interface System {
  readonly subnetId: Uint8Array
  /** Most instructions of a message, which calls put cycles aside for. */
  readonly messageLimit: bigint
  /** A certificate of the canister's certified data. */
  certificateFor(canister: Canister): Uint8Array
}

export class Machine {
  readonly system: System
  readonly isWide: boolean
  #instance: Instance | undefined
  #running: { readonly frame: Frame; readonly stable: StableWriter } | undefined
  /** The module's start function runs. */
  #isStarting = false

  constructor(system: System, isWide: boolean) {
    this.system = system
    this.isWide = isWide
  }

  attach(instance: Instance): void {
    this.#instance = instance
  }

  begin(frame: Frame, stable: StableWriter): void {
    this.#running = { frame, stable }
  }

  set isStarting(value: boolean) {
    this.#isStarting = value
  }

  get mode(): Mode {
    return this.#isStarting ? 's' : this.frame.mode
  }

  get frame(): Frame {
    return this.#current.frame
  }

  get stable(): StableWriter {
    return this.#current.stable
  }

  get #current(): { readonly frame: Frame; readonly stable: StableWriter } {
    if (this.#running === undefined) throw violated('there is no message')
    return this.#running
  }

  get #live(): Instance {
    // the start function of the module's own runs when the instance is there
    if (this.#instance === undefined) throw violated('there is no instance')
    return this.#instance
  }

  /** Instructions of this message so far. */
  get spent(): bigint {
    return this.frame.limit - this.#live.left
  }

  /** @throws Trap where there are too few instructions left */
  burn(instructions: number): void {
    const instance = this.#live
    instance.left -= BigInt(instructions)
    if (instance.left >= 0n) return
    throw new Trap(
      'IC0522',
      'Canister exceeded the limit of instructions for single message execution.',
    )
  }

  /** A number as wide as memory. */
  word(value: number): Word {
    return this.isWide ? BigInt(value) : value
  }

  /** Bytes of memory, copied. */
  read(pointer: Word, length: Word): Uint8Array {
    return this.#slice(pointer, length).slice()
  }

  /** @throws Trap where the bytes are no text */
  readText(pointer: Word, length: Word): string {
    const bytes = this.read(pointer, length)
    try {
      return fromUtf8(bytes)
    } catch {
      throw violated('a text is not UTF-8')
    }
  }

  write(pointer: Word, bytes: Uint8Array): void {
    this.#slice(pointer, bytes.length).set(bytes)
  }

  /** A part of what there is to read. */
  copy(bytes: Uint8Array, target: Word, offset: Word, length: Word): void {
    const from = toNumber(offset)
    const to = from + toNumber(length)
    if (to > bytes.length) throw violated(`${to} is behind the end at ${bytes.length}`)
    this.write(target, bytes.subarray(from, to))
  }

  /** Sixteen bytes, the lowest first. */
  write128(pointer: Word, value: bigint): void {
    const out = new DataView(new ArrayBuffer(16))
    out.setBigUint64(0, BigInt.asUintN(64, value), true)
    out.setBigUint64(8, value >> 64n, true)
    this.write(pointer, new Uint8Array(out.buffer))
  }

  #slice(pointer: Word, length: Word): Uint8Array {
    const at = toNumber(pointer)
    const count = toNumber(length)
    const { buffer } = this.#live
    if (at + count > buffer.byteLength) {
      throw new Trap('IC0502', 'Canister trapped: heap out of bounds')
    }
    this.burn(count)
    return new Uint8Array(buffer, at, count)
  }
}

/** An i32 or i64 of WebAssembly as the unsigned number it stands for. */
export function toNumber(value: Word): number {
  return typeof value === 'bigint' ? Number(BigInt.asUintN(64, value)) : value >>> 0
}

export function unsigned(value: bigint): bigint {
  return BigInt.asUintN(64, value)
}

export function join128(high: bigint, low: bigint): bigint {
  return (unsigned(high) << 64n) | unsigned(low)
}

/** Functions to read something: how long it is, and a part of it. */
export function readable(machine: Machine, name: string, get: () => Uint8Array): ApiFunctions {
  return {
    [`${name}_size`]: () => machine.word(get().length),
    [`${name}_copy`]: (target: Word, offset: Word, length: Word) =>
      machine.copy(get(), target, offset, length),
  }
}
