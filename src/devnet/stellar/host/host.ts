/**
 * The host of one invocation: frames, what they share, and how they call each other. A frame that fails leaves nothing; what it reports goes to
 * whoever called it.
 */
import type { Budget } from '../budget/budget.ts'
import { XdrInvalid, XdrReader, XdrWriter } from '../codec/xdr.ts'
import { type Executable, type Instance, readInstance } from '../storage/entries.ts'
import { codeKey, dataKey, DURABILITY, instanceKey } from '../storage/keys.ts'
import type { LedgerInfo, Slot, Storage } from '../storage/storage.ts'
import { ADDRESS, type Address, sameAddress } from '../value/address.ts'
import { contractError, HostError, hostError } from '../value/errors.ts'
import { Objects } from '../value/objects.ts'
import { fromScVal, readScVal, SCV, toScVal, writeScVal } from '../value/scval.ts'
import { errorOf, errorVal, TAG, tagOf, type Val, VOID } from '../value/word.ts'
import type { ImportedFunction } from '../../wasm/rewrite.ts'
import { EVENT, type HostEvent, joinedXdr, symbolXdr, textXdr, VOID_XDR } from './events.ts'
import { type Frame, type InstanceMap, newFrame } from './frame.ts'
import type { Creation } from './creation.ts'
import { loadInstanceMap, storeInstanceMap } from './instance-storage.ts'
import { Random } from './random.ts'

/** Decides who agreed to what. */
export interface Authorizer {
  /** @throws HostError where the address did not agree to the current call with these arguments */
  require(address: Address, args: readonly Val[]): void
  /** The running contract agrees to what its next call does. */
  agreeAsContract(entries: readonly Val[]): void
  /** Who signed for the account whose agreement is being checked. */
  delegates(): readonly Address[]
  /** That account leaves it to somebody else. @throws HostError where they did not sign */
  delegate(address: Address): void
  /** Runs a creation, which an address can agree to as to a call. */
  creating<T>(creation: Creation, body: () => T): T
  pushFrame(frame: Frame): unknown
  /** With what `pushFrame` gave: back to that. */
  popFrame(frame: Frame, undo: unknown): void
  /** The last frame ended. */
  finish(): void
}

/** Runs what contracts are made of. */
export interface Programs {
  /** Calls a function of a module. `isOptional`: a missing function does nothing. */
  wasm(host: Host, hash: Uint8Array, frame: Frame, isOptional: boolean): Val
  asset(host: Host, frame: Frame): Val
  /** @throws HostError where a function is imported that this protocol does not have */
  link(imports: readonly ImportedFunction[], protocol: number): void
}

export interface HostInit {
  readonly storage: Storage
  readonly info: LedgerInfo
  readonly budget: Budget
  readonly source: Address
  readonly seed: Uint8Array
  readonly programs: Programs
  readonly authorizer: (host: Host) => Authorizer
}

/** How a call differs from one that a contract makes. */
export interface CallOptions {
  /** By the host: of functions whose names begin with two underscores. */
  readonly isInternal?: boolean
  /** The contract that asked may be called back. */
  readonly mayReenter?: boolean
  readonly isOptional?: boolean
}

const MAX_FRAMES = 100

export class Host {
  readonly objects: Objects
  readonly storage: Storage
  readonly info: LedgerInfo
  readonly budget: Budget
  readonly source: Address
  readonly programs: Programs
  readonly authorizer: Authorizer
  readonly #random: Random
  readonly #frames: Frame[] = []
  #events: HostEvent[] = []

  constructor(init: HostInit) {
    this.objects = new Objects(init.budget)
    this.storage = init.storage
    this.info = init.info
    this.budget = init.budget
    this.source = init.source
    this.programs = init.programs
    this.#random = Random.ofSeed(init.seed)
    // the network's host draws for other purposes first
    this.#random.child()
    this.#random.child()
    this.authorizer = init.authorizer(this)
  }

  get events(): readonly HostEvent[] {
    return this.#events
  }

  get protocol(): number {
    return this.info.parameters.protocol
  }

  get frame(): Frame {
    const frame = this.#frames.at(-1)
    if (frame === undefined) throw hostError('Context', 'InternalError', 'no contract running')
    return frame
  }

  /** The contract that is running. */
  get contract(): Address {
    const { call } = this.frame
    if (call === undefined) throw hostError('Context', 'InternalError', 'no contract running')
    return call.contract
  }

  get random(): Random {
    return (this.frame.random ??= this.#random.child())
  }

  toXdr(value: Val): Uint8Array {
    return toScVal(this.objects, value)
  }

  fromXdr(bytes: Uint8Array): Val {
    return fromScVal(this.objects, bytes)
  }

  /** A value of XDR that was paid for when it was read. */
  decoded(bytes: Uint8Array): Val {
    return readScVal(this.objects, new XdrReader(bytes))
  }

  emit(type: number, topics: readonly Val[], data: Val): void {
    const contract = this.frame.call?.contract.bytes
    const encoded = topics.map((topic) => this.toXdr(topic))
    this.#add({ type, contract, topics: encoded, data: this.toXdr(data), isUndone: false })
  }

  /** Tells what a contract says for those who look for faults. */
  log(message: string, args: readonly Val[]): void {
    const data = [textXdr(message), ...args.map((one) => this.#shown(one))]
    this.#diagnose([symbolXdr('log')], joinedXdr(data))
  }

  /** Runs a frame in which no contract is. */
  top(body: () => Val): Val {
    return this.#within(newFrame(), body)
  }

  /** @throws HostError */
  call(contract: Address, method: string, args: readonly Val[], options: CallOptions = {}): Val {
    const { isInternal = false, mayReenter = false, isOptional = false } = options
    if (contract.kind !== ADDRESS.contract) {
      throw hostError('Object', 'InvalidInput', 'not the address of a contract')
    }
    if (!isInternal && method.startsWith('__')) {
      const detail = "can't invoke a reserved function directly"
      throw hostError('Context', 'InvalidAction', detail)
    }
    this.#checkReentry(contract, mayReenter)
    const shown = joinedXdr(args.map((one) => this.#shown(one)))
    const id = new XdrWriter().u32(SCV.bytes).bytes(contract.bytes).done()
    this.#diagnose([symbolXdr('fn_call'), id, symbolXdr(method)], shown)
    const instance = this.instanceOf(contract)
    const frame = newFrame({ contract, method, args, instance })
    const hash = this.codeOf(instance.executable)
    const result = this.#within(frame, () =>
      hash === undefined
        ? this.programs.asset(this, frame)
        : this.programs.wasm(this, hash, frame, isOptional),
    )
    const topics = [symbolXdr('fn_return'), symbolXdr(method)]
    this.#diagnose(topics, this.#shown(result), contract.bytes)
    return result
  }

  /** The same, with errors that a contract may go on after as values. */
  tryCall(contract: Address, method: string, args: readonly Val[]): Val {
    try {
      return this.call(contract, method, args)
    } catch (error) {
      if (!(error instanceof HostError) || !error.isRecoverable) throw error
      return error.type === 0 ? errorVal(0, error.code) : errorVal(2, 6)
    }
  }

  instanceOf(contract: Address): Instance {
    const { entry } = this.storage.expect(instanceKey(contract), 'contract instance')
    if (entry.kind !== 'data') throw hostError('Storage', 'InternalError', 'no instance')
    return readInstance(entry.value)
  }

  /** Hash of the module; undefined of the contract that is built in. */
  codeOf(executable: Executable): Uint8Array | undefined {
    if (executable.kind === 'asset') return undefined
    if (executable.kind === 'wasm') return executable.hash
    const { entry } = this.storage.expect(this.referenceKey(executable), 'executable reference')
    const r = new XdrReader(entry.kind === 'data' ? entry.value : VOID_XDR)
    if (r.u32() === SCV.bytes) return r.bytes()
    throw hostError('Storage', 'InternalError', 'executable reference is not bytes')
  }

  referenceKey({ owner, tag }: { readonly owner: Address; readonly tag: Uint8Array }): string {
    const key = new XdrWriter().u32(SCV.execTag).bytes(tag).done()
    return dataKey(owner, key, DURABILITY.persistent)
  }

  hasCode(hash: Uint8Array): boolean {
    return this.storage.has(codeKey(hash))
  }

  /** What the running contract keeps in its own entry. */
  instanceMap(): InstanceMap {
    const { frame } = this
    if (frame.call === undefined) throw hostError('Context', 'InternalError', 'no instance')
    frame.instanceMap ??= loadInstanceMap(this.objects, frame.call.instance)
    return frame.instanceMap
  }

  #within(frame: Frame, body: () => Val): Val {
    if (this.#frames.length >= MAX_FRAMES) {
      throw hostError('Context', 'ExceededLimit', 'too many calls within calls')
    }
    const storage = this.storage.mark()
    const events = this.#events.length
    const undo = this.authorizer.pushFrame(frame)
    this.#frames.push(frame)
    let result: Val = VOID
    let failure: HostError | undefined
    try {
      result = this.#checked(body())
      if (this.#persist(frame)) this.#reload(frame)
    } catch (error) {
      failure = this.#noted(error)
    }
    this.#frames.pop()
    if (this.#frames.length === 0) this.authorizer.finish()
    this.budget.giveBack(frame.linearMemory)
    if (failure !== undefined) this.#undo(storage, events)
    this.authorizer.popFrame(frame, failure === undefined ? undefined : undo)
    if (failure !== undefined) throw failure
    return result
  }

  #undo(storage: ReadonlyMap<string, Slot>, events: number): void {
    this.storage.rollback(storage)
    this.#events = this.#events.map((event, i) =>
      i < events ? event : { ...event, isUndone: true },
    )
  }

  /** An error that is returned is a failure. */
  #checked(result: Val): Val {
    if (tagOf(result) !== TAG.error) return result
    const { type, code } = errorOf(result)
    if (type === 0) throw contractError(code, 'escalating Ok(Error) frame-exit to Err')
    const detail = 'frame-exit with Ok(Error) carrying a non-ScErrorType::Contract Error'
    throw hostError('Context', 'InvalidAction', detail, [result])
  }

  #checkReentry(contract: Address, mayReenter: boolean): void {
    const calls = this.#frames.flatMap(({ call }) => (call === undefined ? [] : [call])).reverse()
    const distance = calls.findIndex((call) => sameAddress(call.contract, contract))
    if (distance === -1) return
    if (!mayReenter || distance > 0) {
      throw hostError('Context', 'InvalidAction', 'Contract re-entry is not allowed')
    }
    this.#persist(this.frame)
  }

  /** Writes what a contract keeps in its own entry, where it changed. */
  #persist({ call, instanceMap }: Frame): boolean {
    if (call === undefined || instanceMap?.isChanged !== true) return false
    storeInstanceMap(this, call.contract, instanceMap.map)
    return true
  }

  /** Frames of the same contract further out see what was written. */
  #reload(frame: Frame): void {
    const { call } = frame
    if (call === undefined) return
    for (const outer of this.#frames) {
      if (outer === frame || !sameAddress(outer.call?.contract, call.contract)) continue
      outer.instanceMap = loadInstanceMap(this.objects, this.instanceOf(call.contract))
    }
  }

  #noted(error: unknown): HostError {
    const failure = asHostError(error)
    if (failure.isLogged) return failure
    failure.isLogged = true
    const value = this.#shown(errorVal(failure.type, failure.code))
    const args = failure.args.map((one) => this.#shown(one))
    this.#diagnose([symbolXdr('error'), value], joinedXdr([textXdr(failure.detail), ...args]))
    return failure
  }

  #diagnose(topics: readonly Uint8Array[], data: Uint8Array, of?: Uint8Array): void {
    const contract = of ?? this.#frames.at(-1)?.call?.contract.bytes
    this.#add({ type: EVENT.diagnostic, contract, topics, data, isUndone: false })
  }

  #add(event: HostEvent): void {
    this.#events.push(event)
  }

  /** XDR that is not paid for; of what cannot be written, nothing. */
  #shown(value: Val): Uint8Array {
    this.budget.isPaused = true
    try {
      return writeScVal(this.objects, new XdrWriter(), value).done()
    } catch {
      return VOID_XDR
    } finally {
      this.budget.isPaused = false
    }
  }
}

/** @throws what is no failure of the invocation: a fault of ours */
function asHostError(error: unknown): HostError {
  if (error instanceof HostError) return error
  if (error instanceof XdrInvalid) return hostError('Value', 'InvalidInput', error.message)
  throw error
}
