/** What host functions share: gas, memory, registers, logs, and the balance of the call. */
import { EMPTY, utf8 } from '../../../node/primitives/bytes.ts'
import type { WasmGlobal, WasmMemory } from '../../../node/runtime/wasm/webassembly.ts'
import type { Fee, HostFee, Parameters } from '../parameters.ts'
import type { CallContext, CallState } from './context.ts'
import { FAILURES } from './errors.ts'

const U64_MAX = 0xffff_ffff_ffff_ffffn
/** Added to each register's size where their sum is limited. */
const REGISTER_OVERHEAD = 8

/** An i64 of WebAssembly as the unsigned number it stands for. */
export function unsigned(value: bigint): bigint {
  return BigInt.asUintN(64, value)
}

export class Machine {
  readonly context: CallContext
  readonly state: CallState
  readonly parameters: Parameters
  readonly logs: string[] = []
  /** Given to promises. */
  promisedGas = 0n
  balance: bigint
  storage: bigint
  value: Uint8Array = EMPTY
  #meter: WasmGlobal | undefined
  #memory: WasmMemory | undefined
  readonly #registers = new Map<bigint, Uint8Array>()
  #registersMemory = 0
  #logBytes = 0

  constructor(context: CallContext, state: CallState, parameters: Parameters) {
    this.context = context
    this.state = state
    this.parameters = parameters
    this.balance = context.balance
    this.storage = context.storage
  }

  /** Takes the instance over; `gas`: what may still be spent. */
  attach(meter: WasmGlobal, memory: WasmMemory, gas: bigint): void {
    this.#meter = meter
    this.#memory = memory
    meter.value = gas
  }

  /** Below zero: the contract ran out of it. */
  get gasLeft(): bigint {
    return this.#meter?.value ?? 0n
  }

  burn(gas: bigint): void {
    const left = this.gasLeft - gas
    if (this.#meter !== undefined) this.#meter.value = left
    if (left < 0n) throw FAILURES.gas()
  }

  pay(fee: HostFee, times: number | bigint = 1n): void {
    this.burn(this.parameters.host[fee] * BigInt(times))
  }

  /** Sets gas aside for a promise. */
  promise(gas: bigint): void {
    this.burn(gas)
    this.promisedGas += gas
  }

  /** Pays for sending now, and for executing later. */
  payAction(fee: Fee, toSelf: boolean, times: number | bigint = 1n): void {
    this.burn((toSelf ? fee.self : fee.other) * BigInt(times))
    this.promise(fee.execution * BigInt(times))
  }

  prohibitInView(method: string): void {
    if (this.context.isView) throw FAILURES.view(method)
  }

  /** Takes tokens from the account for a promise. */
  spend(amount: bigint): void {
    if (amount > this.balance) throw FAILURES.balance()
    this.balance -= amount
  }

  readMemory(pointer: bigint, length: bigint): Uint8Array {
    const bytes = unsigned(length)
    this.pay('read_memory_base')
    this.pay('read_memory_byte', bytes)
    return this.#slice(unsigned(pointer), bytes).slice()
  }

  writeMemory(pointer: bigint, bytes: Uint8Array): void {
    this.pay('write_memory_base')
    this.pay('write_memory_byte', bytes.length)
    this.#slice(unsigned(pointer), BigInt(bytes.length)).set(bytes)
  }

  readRegister(id: bigint): Uint8Array {
    const bytes = this.#registers.get(unsigned(id))
    if (bytes === undefined) throw FAILURES.register(unsigned(id))
    this.pay('read_register_base')
    this.pay('read_register_byte', bytes.length)
    return bytes
  }

  registerLength(id: bigint): bigint {
    const bytes = this.#registers.get(unsigned(id))
    return bytes === undefined ? U64_MAX : BigInt(bytes.length)
  }

  /** `isShared`: the bytes are not copied on the chain, and not paid for. */
  writeRegister(id: bigint, bytes: Uint8Array, isShared = false): void {
    this.pay('write_register_base')
    if (!isShared) this.pay('write_register_byte', bytes.length)
    const { limits } = this.parameters
    const old = this.#registers.get(unsigned(id))
    const oldSize = old === undefined ? 0 : old.length + REGISTER_OVERHEAD
    const memory = this.#registersMemory - oldSize + bytes.length + REGISTER_OVERHEAD
    const isTooMany = this.#registers.size >= limits.registers
    if (bytes.length > limits.registerBytes || memory > limits.registersMemory || isTooMany) {
      throw FAILURES.memory()
    }
    this.#registersMemory = memory
    this.#registers.set(unsigned(id), bytes)
  }

  /** Bytes in memory, or with the largest length those of a register. */
  input(length: bigint, pointer: bigint): Uint8Array {
    return unsigned(length) === U64_MAX
      ? this.readRegister(pointer)
      : this.readMemory(pointer, length)
  }

  readU128(pointer: bigint): bigint {
    const bytes = Buffer.from(this.readMemory(pointer, 16n))
    return bytes.readBigUInt64LE(0) | (bytes.readBigUInt64LE(8) << 64n)
  }

  writeU128(pointer: bigint, value: bigint): void {
    const bytes = Buffer.alloc(16)
    bytes.writeBigUInt64LE(unsigned(value), 0)
    bytes.writeBigUInt64LE(unsigned(value >> 64n), 8)
    this.writeMemory(pointer, bytes)
  }

  /** Text in memory; with the largest length it ends at a zero byte. */
  text(length: bigint, pointer: bigint): string {
    this.pay('utf8_decoding_base')
    const bytes = this.#textBytes(length, pointer, 1)
    this.pay('utf8_decoding_byte', bytes.length)
    return decodeUtf8(bytes)
  }

  text16(length: bigint, pointer: bigint): string {
    this.pay('utf16_decoding_base')
    const bytes = this.#textBytes(length, pointer, 2)
    this.pay('utf16_decoding_byte', bytes.length)
    const text = Buffer.from(bytes).toString('utf16le')
    if (bytes.length % 2 !== 0 || !text.isWellFormed()) throw FAILURES.utf16()
    return text
  }

  /** `prefix` stands before the text in the log, and is not paid for. */
  log(text: string, prefix = ''): void {
    this.pay('log_base')
    this.pay('log_byte', utf8(text).length)
    const length = utf8(prefix + text).length
    const { logBytes } = this.parameters.limits
    if (this.#logBytes + length > logBytes) {
      // the chain counts it twice in its words
      throw FAILURES.logLength(this.#logBytes + 2 * length, logBytes)
    }
    this.#logBytes += length
    this.logs.push(prefix + text)
  }

  /** Before a text is read: there may be no room for it. */
  checkLogs(): void {
    const { logs } = this.parameters.limits
    if (this.logs.length >= logs) throw FAILURES.logs(logs)
  }

  #textBytes(length: bigint, pointer: bigint, unit: number): Uint8Array {
    const { logBytes } = this.parameters.limits
    const room = logBytes - this.#logBytes
    if (unsigned(length) !== U64_MAX) {
      if (unsigned(length) > BigInt(room)) {
        throw FAILURES.logLength(Number(unsigned(length)) + this.#logBytes, logBytes)
      }
      return this.readMemory(pointer, length)
    }
    const bytes: number[] = []
    for (let at = unsigned(pointer); ; at += BigInt(unit)) {
      const next = this.readMemory(at, BigInt(unit))
      if (next.every((byte) => byte === 0)) return Uint8Array.from(bytes)
      bytes.push(...next)
      if (bytes.length > room) throw FAILURES.logLength(bytes.length + this.#logBytes, logBytes)
    }
  }

  #slice(pointer: bigint, length: bigint): Uint8Array {
    const buffer = this.#memory?.buffer ?? new ArrayBuffer(0)
    if (pointer + length > BigInt(buffer.byteLength)) throw FAILURES.memory()
    return new Uint8Array(buffer, Number(pointer), Number(length))
  }
}

/** @throws VmError where it is not UTF-8 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw FAILURES.utf8()
  }
}
