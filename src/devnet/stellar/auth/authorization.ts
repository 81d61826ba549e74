/**
 * Who agreed to what of an invocation. Enforcing, agreements of the transaction are held against the calls as they happen; recording, they are
 * made of what addresses are asked for, for somebody to sign.
 */
import { XdrWriter } from '../codec/xdr.ts'
import { COST } from '../budget/costs.ts'
import type { Creation } from '../host/creation.ts'
import type { Frame } from '../host/frame.ts'
import type { Authorizer, Host } from '../host/host.ts'
import {
  accountKey,
  codeKey,
  dataKey,
  DURABILITY,
  instanceKey,
  nonceValue,
} from '../storage/keys.ts'
import { ADDRESS, type Address, sameAddress } from '../value/address.ts'
import { errorText, HostError, hostError } from '../value/errors.ts'
import { SCV } from '../value/scval.ts'
import { errorVal, type Val, VOID } from '../value/word.ts'
import { Authentication } from './authentication.ts'
import { readContractEntry } from './contract-entries.ts'
import { type Agreement, readAgreement, recordedEntry } from './credentials.ts'
import type { Action } from './invocation.ts'
import { Tracker, type TrackerMark } from './tracker.ts'

/** How agreements are dealt with. */
export type AuthMode =
  /** XDR of the transaction's entries. */
  | { readonly kind: 'enforce'; readonly entries: readonly Uint8Array[] }
  | {
      readonly kind: 'record'
      /** Addresses may also be asked by contracts that the called one calls. */
      readonly mayBeInner: boolean
      /** What is signed names the address. */
      readonly namesAddress: boolean
      /** A number that was not used before. */
      readonly nonce: () => bigint
    }

/** A frame that is running, as far as addresses can be asked about it. */
type Running =
  | { readonly kind: 'call'; readonly contract: Address; readonly method: string }
  | { readonly kind: 'create'; readonly creation: Creation }

interface Mark {
  readonly agreements: readonly {
    readonly of: Agreement
    readonly mark: TrackerMark
    readonly isVerified: boolean
  }[]
  readonly own: readonly TrackerMark[]
}

/** Checking what an address agreed to, beside its signatures, instructions. */
const AGREEMENT = 25_000
const VOID_VALUE = new XdrWriter().u32(SCV.void).done()

export class Authorization implements Authorizer {
  readonly #host: Host
  readonly #mode: AuthMode
  readonly #authentication: Authentication
  readonly #running: Running[] = []
  #agreements: Agreement[] = []
  /** What contracts agreed to by themselves: each for the next call that it makes. */
  #own: { readonly contract: Address; readonly tracker: Tracker }[] = []

  constructor(host: Host, mode: AuthMode) {
    this.#host = host
    this.#mode = mode
    this.#authentication = new Authentication(host)
  }

  /** Reads what the transaction brings. @throws HostError, XdrInvalid */
  begin(): void {
    const entries = this.#mode.kind === 'enforce' ? this.#mode.entries : []
    this.#agreements = entries.map((entry) => readAgreement(this.#host, entry))
  }

  /** XDR of the entries that were recorded. */
  recorded(): readonly Uint8Array[] {
    const mode = this.#mode
    if (mode.kind === 'enforce') return []
    return this.#agreements.map((one) => recordedEntry(this.#host, one, mode.namesAddress))
  }

  pushFrame({ call }: Frame): Mark {
    if (call !== undefined) {
      this.#push({ kind: 'call', contract: call.contract, method: call.method })
    }
    const agreements = this.#agreements
      .filter(({ isBusy }) => !isBusy)
      .map((of) => ({ of, mark: of.tracker.mark(), isVerified: of.isVerified }))
    return { agreements, own: this.#own.map(({ tracker }) => tracker.mark()) }
  }

  popFrame({ call }: Frame, undo: unknown): void {
    if (undo !== undefined) this.#rollback(undo as Mark) // what pushFrame gave
    if (call !== undefined) this.#pop()
  }

  creating<T>(creation: Creation, body: () => T): T {
    this.#push({ kind: 'create', creation })
    try {
      return body()
    } finally {
      this.#pop()
    }
  }

  #push(running: Running): void {
    this.#running.push(running)
    for (const { tracker, isBusy } of this.#agreements) if (!isBusy) tracker.push()
    for (const { tracker } of this.#own) tracker.push()
  }

  #pop(): void {
    this.#running.pop()
    for (const { tracker, isBusy } of this.#agreements) if (!isBusy) tracker.pop()
    for (const { tracker } of this.#own) tracker.pop()
    while (this.#own.at(-1)?.tracker.isEmpty === true) this.#own.pop()
  }

  #rollback({ agreements, own }: Mark): void {
    if (this.#mode.kind === 'record') this.#agreements = agreements.map(({ of }) => of)
    for (const { of, mark, isVerified } of agreements) {
      of.tracker.rollback(mark)
      of.isVerified = isVerified
    }
    this.#own.length = Math.min(this.#own.length, own.length)
    for (const [i, { tracker }] of this.#own.entries()) tracker.rollback(own[i] ?? [])
  }

  require(address: Address, args: readonly Val[]): void {
    const top = this.#running.at(-1)
    if (top === undefined) {
      throw hostError('Auth', 'InternalError', 'require_auth outside of a valid frame')
    }
    const action: Action = top.kind === 'call' ? { ...top, args } : top
    if (this.#isByCaller(address, top, action)) return
    if (this.#mode.kind === 'enforce') this.#enforce(address, action)
    else this.#record(address, action, this.#mode)
  }

  agreeAsContract(entries: readonly Val[]): void {
    const { contract } = this.#host
    for (const entry of entries) {
      const root = readContractEntry(this.#host, entry)
      this.#own.push({ contract, tracker: new Tracker(root) })
    }
  }

  delegates(): readonly Address[] {
    return this.#authentication.delegates()
  }

  delegate(address: Address): void {
    this.#authentication.delegate(address)
  }

  /** A contract agrees to what it calls itself, and to what it said. */
  #isByCaller(address: Address, top: Running, action: Action): boolean {
    const caller = this.#running.at(-2)
    if (caller === undefined) return false
    if (caller.kind === 'call' && sameAddress(caller.contract, address)) return true
    return this.#own.some(({ contract, tracker }) => {
      if (top.kind === 'call' && sameAddress(contract, top.contract)) return false
      if (!sameAddress(contract, address)) return false
      return tracker.match(this.#host.objects, action, true)
    })
  }

  #enforce(address: Address, action: Action): void {
    const mine = this.#agreements.filter((one) => !one.isBusy && sameAddress(one.address, address))
    // a tree that has begun comes before one that could begin
    const hasActive = mine.some(({ tracker }) => tracker.isActive && !tracker.hasFrame)
    const found = mine.find(({ tracker }) => tracker.match(this.#host.objects, action, !hasActive))
    if (found === undefined) {
      const args = [this.#host.objects.newAddress(address)]
      throw hostError('Auth', 'InvalidAction', 'Unauthorized function call for address', args)
    }
    if (!found.isVerified) this.#verify(found)
    found.isVerified = true
  }

  #verify(agreement: Agreement): void {
    agreement.isBusy = true
    try {
      this.#authentication.verify(agreement)
    } catch (error) {
      if (!(error instanceof HostError) || !error.isRecoverable) throw error
      const { type, code } = error
      const detail = `failed account authentication with error ${errorText(type, code)}`
      const address = this.#host.objects.newAddress(agreement.address)
      throw hostError('Auth', 'InvalidAction', detail, [address, errorVal(type, code)])
    } finally {
      agreement.isBusy = false
    }
    const { nonce, address } = agreement
    if (nonce === undefined) return
    const { info, storage } = this.#host
    if (info.sequence > nonce.liveUntil) {
      throw hostError('Auth', 'InvalidInput', 'signature has expired')
    }
    if (nonce.liveUntil > storage.longestLife) {
      throw hostError('Auth', 'InvalidInput', 'signature expiration is too late')
    }
    this.#useNonce(address, nonce.value, nonce.liveUntil)
  }

  /** A nonce is used once: an entry says so for as long as the signature could be. */
  #useNonce(contract: Address, nonce: bigint, liveUntil: number): void {
    const { storage } = this.#host
    const key = nonceValue(nonce)
    const durability = DURABILITY.temporary
    const at = dataKey(contract, key, durability)
    if (storage.has(at)) {
      throw hostError('Auth', 'ExistingValue', 'nonce already exists for address')
    }
    const entry = { kind: 'data', contract, key, durability, value: VOID_VALUE } as const
    storage.put(at, entry, Math.max(liveUntil, storage.firstLife(durability)))
  }

  #record(address: Address, action: Action, mode: AuthMode & { readonly kind: 'record' }): void {
    const open = this.#agreements.find(
      ({ address: of, tracker }) =>
        sameAddress(of, address) && tracker.hasAnyFrame && !tracker.hasFrame,
    )
    if (open !== undefined) {
      open.tracker.record(action)
      return
    }
    const isKnown = this.#agreements.some(
      ({ address: of, tracker }) => sameAddress(of, address) && tracker.hasFrame,
    )
    if (isKnown) throw hostError('Auth', 'ExistingValue', 'frame is already authorized')
    if (!mode.mayBeInner && this.#running.length !== 1) throw this.#notAtRoot(address)
    const isSource = sameAddress(address, this.#host.source)
    const nonce = isSource ? undefined : { value: mode.nonce(), liveUntil: 0 }
    const { storage } = this.#host
    if (nonce !== undefined) this.#useNonce(address, nonce.value, storage.longestLife)
    this.#agreements.push({
      address,
      tracker: Tracker.recording(action, this.#running.length),
      signature: VOID,
      nonce,
      namesAddress: mode.namesAddress,
      delegates: undefined,
      isVerified: true,
      isBusy: false,
    })
  }

  #notAtRoot(address: Address): Error {
    const isCaller = this.#running
      .slice(0, -1)
      .some((one) => one.kind === 'call' && sameAddress(one.contract, address))
    const detail = isCaller
      ? 'encountered unauthorized call for a contract earlier in the call stack, make sure that you have called `authorize_as_current_contract()`'
      : 'encountered authorization not tied to the root contract invocation for an address. Use `require_auth()` in the top invocation or enable non-root authorization.'
    const args = [this.#host.objects.newAddress(address)]
    return hostError('Auth', 'InvalidAction', `[recording authorization only] ${detail}`, args)
  }

  /** Looks up what checking signatures will look up, so that the footprint has it. */
  finish(): void {
    if (this.#mode.kind === 'enforce') return
    const { storage, budget } = this.#host
    for (const { address, nonce } of this.#agreements) {
      if (nonce === undefined) continue
      budget.work(AGREEMENT)
      if (address.kind === ADDRESS.account) {
        if (!storage.has(accountKey(address.bytes))) continue
        budget.charge(COST.ed25519Key)
        budget.charge(COST.ed25519, 32)
        continue
      }
      if (!storage.has(instanceKey(address))) continue
      const hash = this.#host.codeOf(this.#host.instanceOf(address).executable)
      if (hash !== undefined) storage.has(codeKey(hash))
    }
  }
}
