/** Everything one call of a guest may touch and leaves behind. Nothing of it outlives the call but what the outcome carries. */
import type { Layout } from '../artifact/layout.ts'
import type { CrossCall, GuestAlias, GuestEvent, GuestRequest } from '../engine.ts'
import { fuelExhausted, hostError, sizedHostError } from '../errors.ts'
import {
  HOST_BYTES_PER_FUEL,
  MAX_KEY_BYTES,
  MAX_REGISTER_BYTES,
  MAX_REGISTERS,
  MAX_REGISTERS_BYTES,
  MAX_VALUE_BYTES,
  MAX_WRITES,
  MAX_WRITTEN_BYTES,
} from '../limits.ts'
import type { BlobHandles } from './blob-handles.ts'
import type { GuestTime } from './guest-clock.ts'
import type { ContextRows, Overlay } from './rows.ts'

/** What a call is given. */
export interface CallInit {
  readonly contextId: Uint8Array
  readonly executor: Uint8Array
  readonly members: readonly Uint8Array[]
  /** Contexts that the application has named. @default [] */
  readonly aliases?: readonly GuestAlias[] | undefined
  /** The context that called; undefined when the method itself was called. */
  readonly origin?: Uint8Array | undefined
  readonly input: Uint8Array
  readonly readOnly: boolean
  readonly rows: ContextRows
  readonly time: GuestTime
  /** Fills with `length` random bytes. */
  readonly random: (length: number) => Uint8Array
  readonly blobs: BlobHandles
  /** Layout of the module's records, when it is known. */
  readonly layout?: Layout | undefined
  /** What guest and host functions together may spend. */
  readonly fuel: bigint
}

export class Call {
  readonly init: CallInit
  readonly overlay: Overlay = new Map()
  readonly privateOverlay: Overlay = new Map()
  readonly logs: string[] = []
  readonly events: GuestEvent[] = []
  readonly crossCalls: CrossCall[] = []
  readonly requests: GuestRequest[] = []
  returned: { readonly ok: boolean; readonly bytes: Uint8Array } | undefined
  root: Uint8Array | undefined
  artifact: Uint8Array | undefined
  /** Fuel of host calls, beside the guest's own. */
  hostFuel = 0
  readonly #fuel: number
  readonly #registers = new Map<bigint, Uint8Array>()
  #registerBytes = 0
  #writes = 0
  #written = 0

  constructor(init: CallInit) {
    this.init = init
    this.#fuel = Number(init.fuel)
  }

  /** Pays for work of the host. @throws RUNTIME_FUEL */
  charge(fuel: number): void {
    this.hostFuel += fuel
    if (this.hostFuel > this.#fuel) throw fuelExhausted(this.init.fuel)
  }

  /** Pays for bytes that the host moves. @throws RUNTIME_FUEL */
  chargeBytes(length: number): void {
    this.charge(Math.ceil(length / HOST_BYTES_PER_FUEL))
  }

  /** Whether storage was written, whatever became of it. */
  get wrote(): boolean {
    return this.overlay.size > 0 || this.privateOverlay.size > 0
  }

  read(key: string): Uint8Array | undefined {
    if (this.overlay.has(key)) return this.overlay.get(key)
    return this.init.rows.get(key)
  }

  readPrivate(key: string): Uint8Array | undefined {
    if (this.privateOverlay.has(key)) return this.privateOverlay.get(key)
    return this.init.rows.getPrivate(key)
  }

  /** Counts a write or removal. @throws RUNTIME_HOST past the budget of a call */
  countWrite(keyLength: number, valueLength: number): void {
    this.chargeBytes(keyLength + valueLength)
    if (keyLength > MAX_KEY_BYTES) throw hostError('KeyLengthOverflow')
    if (valueLength > MAX_VALUE_BYTES) throw hostError('ValueLengthOverflow')
    this.#writes++
    this.#written += keyLength + valueLength
    if (this.#writes > MAX_WRITES) {
      throw sizedHostError('StorageWriteCountExceeded', { max: MAX_WRITES })
    }
    if (this.#written > MAX_WRITTEN_BYTES) {
      const data = { attempted: this.#written, max: MAX_WRITTEN_BYTES }
      throw sizedHostError('StorageWriteBytesExceeded', data)
    }
  }

  register(id: bigint): Uint8Array | undefined {
    return this.#registers.get(id)
  }

  /** Replacing a register first releases what it held. @throws RUNTIME_HOST */
  setRegister(id: bigint, bytes: Uint8Array): void {
    this.chargeBytes(bytes.length)
    const old = this.#registers.get(id)
    const total = this.#registerBytes + bytes.length - (old === undefined ? -8 : old.length)
    if (
      bytes.length > MAX_REGISTER_BYTES ||
      total > MAX_REGISTERS_BYTES ||
      (old === undefined && this.#registers.size >= MAX_REGISTERS)
    ) {
      throw hostError('InvalidMemoryAccess')
    }
    this.#registerBytes = total
    this.#registers.set(id, bytes)
  }
}
