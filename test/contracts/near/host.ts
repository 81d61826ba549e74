/**
 * As much of NEAR's host as the two contracts ask of it, around the committed modules: one contract, calls one after another, no gas, and
 * promises that are written down and not kept. A call that fails leaves nothing behind, and gives back what came with it.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { verifySignature } from '../../../src/node/crypto/sign.ts'
import { fromHex, fromUtf8, toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { WASM, type WasmModule } from '../../../src/node/runtime/wasm/webassembly.ts'

const ARTEFACTS = join(import.meta.dirname, '../../../contracts/artifacts/near')

/** Yocto that a byte of storage costs. */
export const BYTE_COST: bigint = 10n ** 19n
/** Bytes of a record besides its key and value. */
const RECORD_BYTES = 40

export type ContractName = 'contexts' | 'packages'

/** The bytes that are committed. */
export function moduleBytes(name: ContractName): Uint8Array {
  return new Uint8Array(readFileSync(join(ARTEFACTS, name, `${name}.wasm`)))
}

const modules = new Map<ContractName, WasmModule>()

function moduleOf(name: ContractName): WasmModule {
  const known = modules.get(name)
  if (known !== undefined) return known
  const module = new WASM.Module(moduleBytes(name))
  modules.set(name, module)
  return module
}

/** Money that a call sends away. */
export interface Transfer {
  readonly to: string
  readonly amount: bigint
}

export interface Outcome {
  readonly value: Uint8Array
  readonly logs: readonly string[]
  readonly transfers: readonly Transfer[]
  /** Text of the panic; then nothing else happened. */
  readonly error?: string
}

export interface Call {
  readonly by?: string
  readonly deposit?: bigint
}

class Panic extends Error {}

/** A contract at an account, and its storage. */
export class NearHost {
  readonly account: string
  /** Stored bytes by key, both hexadecimal. */
  state: Map<string, string> = new Map()
  /** Unix seconds. */
  now: bigint = 1_800_000_000n
  height: bigint = 100n
  /** Of the contract. */
  balance: bigint = 10n ** 25n
  readonly #module: WasmModule

  constructor(name: ContractName, account: string = `${name}.near`) {
    this.account = account
    this.#module = moduleOf(name)
  }

  /** Bytes of storage that all records take. */
  get usage(): number {
    return [...this.state].reduce((sum, [key, value]) => sum + sizeOf(key, value), 0)
  }

  call(method: string, args: Uint8Array, { by = 'payer.near', deposit = 0n }: Call = {}): Outcome {
    const before = { state: new Map(this.state), balance: this.balance }
    this.balance += deposit
    this.height += 1n
    const run = new Run(this, { by, deposit, args, isView: false })
    const outcome = run.call(this.#module, method)
    if (outcome.error === undefined) {
      for (const { amount } of outcome.transfers) this.balance -= amount
      return outcome
    }
    Object.assign(this, before)
    return { ...outcome, transfers: deposit === 0n ? [] : [{ to: by, amount: deposit }] }
  }

  /** Asks; @throws Error with the text of a panic */
  view(method: string, args: Uint8Array = new Uint8Array(0)): Uint8Array {
    const run = new Run(this, { by: '', deposit: 0n, args, isView: true })
    const { value, error } = run.call(this.#module, method)
    if (error !== undefined) throw new Error(error)
    return value
  }
}

function sizeOf(key: string, value: string): number {
  return RECORD_BYTES + (key.length + value.length) / 2
}

interface Asked {
  readonly by: string
  readonly deposit: bigint
  readonly args: Uint8Array
  readonly isView: boolean
}

/** One call. */
class Run {
  readonly #host: NearHost
  readonly #asked: Asked
  readonly #registers = new Map<bigint, Uint8Array>()
  readonly #logs: string[] = []
  readonly #transfers: { to: string; amount: bigint }[] = []
  #value = new Uint8Array(0)
  #memory: { readonly buffer: ArrayBuffer } | undefined

  constructor(host: NearHost, asked: Asked) {
    this.#host = host
    this.#asked = asked
  }

  call(module: WasmModule, method: string): Outcome {
    const instance = new WASM.Instance(module, { env: this.#imports() })
    // of our own module
    const exports = instance.exports as Record<string, (() => void) | undefined> & {
      memory: { readonly buffer: ArrayBuffer }
    }
    this.#memory = exports.memory
    const about = { logs: this.#logs, transfers: this.#transfers }
    try {
      const entry = exports[method]
      if (entry === undefined) throw new Panic('MethodNotFound')
      entry()
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      return { value: this.#value, logs: [], transfers: [], error: text }
    }
    return { value: this.#value, ...about }
  }

  /** Bytes of the contract's memory. */
  #bytes(length: bigint, at: bigint): Uint8Array {
    return new Uint8Array(this.#memory?.buffer ?? new ArrayBuffer(0), Number(at), Number(length))
  }

  #text(length: bigint, at: bigint): string {
    return fromUtf8(this.#bytes(length, at).slice())
  }

  /** Only a transaction knows who calls, and may change anything. */
  #forbidInView(): void {
    if (this.#asked.isView) throw new Panic('ProhibitedInView')
  }

  #imports(): Record<string, (...args: bigint[]) => unknown> {
    const { by, deposit, args } = this.#asked
    const host = this.#host
    const keep = (register: bigint, bytes: Uint8Array): void => {
      this.#registers.set(register, bytes.slice())
    }
    const keyAt = (length: bigint, at: bigint): string => toHex(this.#bytes(length, at))
    const functions: Record<
      string,
      (...args: [bigint, bigint, bigint, bigint, bigint, bigint]) => unknown
    > = {
      input: (register) => keep(register, args),
      register_len: (register) => BigInt(this.#registers.get(register)?.length ?? -1),
      read_register: (register, at) => {
        const bytes = this.#registers.get(register) ?? new Uint8Array(0)
        this.#bytes(BigInt(bytes.length), at).set(bytes)
      },
      current_account_id: (register) => keep(register, utf8(host.account)),
      predecessor_account_id: (register) => {
        this.#forbidInView()
        keep(register, utf8(by))
      },
      attached_deposit: (at) => {
        this.#forbidInView()
        const view = new DataView(this.#bytes(16n, at).buffer, Number(at), 16)
        view.setBigUint64(0, deposit & ((1n << 64n) - 1n), true)
        view.setBigUint64(8, deposit >> 64n, true)
      },
      block_index: () => host.height,
      block_timestamp: () => host.now * 1_000_000_000n,
      storage_usage: () => BigInt(host.usage),
      storage_read: (length, at, register) => {
        const value = host.state.get(keyAt(length, at))
        if (value !== undefined) keep(register, fromHex(value))
        return BigInt(value !== undefined)
      },
      storage_has_key: (length, at) => BigInt(host.state.has(keyAt(length, at))),
      storage_write: (length, at, valueLength, valueAt, register) => {
        this.#forbidInView()
        const key = keyAt(length, at)
        const old = host.state.get(key)
        if (old !== undefined) keep(register, fromHex(old))
        host.state.set(key, keyAt(valueLength, valueAt))
        return BigInt(old !== undefined)
      },
      storage_remove: (length, at, register) => {
        this.#forbidInView()
        const key = keyAt(length, at)
        const old = host.state.get(key)
        if (old !== undefined) keep(register, fromHex(old))
        return BigInt(host.state.delete(key))
      },
      sha256: (length, at, register) => keep(register, sha256(this.#bytes(length, at))),
      ed25519_verify: (signatureLength, signature, length, at, keyLength, key) => {
        const signed = this.#bytes(signatureLength, signature).slice()
        const message = this.#bytes(length, at).slice()
        return BigInt(verifySignature(this.#bytes(keyLength, key).slice(), message, signed))
      },
      value_return: (length, at) => {
        this.#value = this.#bytes(length, at).slice()
      },
      log_utf8: (length, at) => this.#logs.push(this.#text(length, at)),
      panic_utf8: (length, at) => {
        throw new Panic(this.#text(length, at))
      },
      promise_batch_create: (length, at) => {
        this.#forbidInView()
        this.#transfers.push({ to: this.#text(length, at), amount: 0n })
        return BigInt(this.#transfers.length - 1)
      },
      promise_batch_action_transfer: (promise, at) => {
        const view = new DataView(this.#bytes(16n, at).buffer, Number(at), 16)
        const transfer = this.#transfers[Number(promise)]
        if (transfer === undefined) throw new Panic('InvalidPromiseIndex')
        transfer.amount += view.getBigUint64(0, true) + (view.getBigUint64(8, true) << 64n)
      },
    }
    return functions
  }
}
