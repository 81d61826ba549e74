/**
 * The chain as it runs: one subnet that executes messages one after the other. Pure but for the clock that it is given; HTTP is around it.
 */
import { toHex, utf8 } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import type { System } from '../canister/api/machine.ts'
import { type Canister, newCanister } from '../canister/canister.ts'
import { Executor } from '../canister/execute.ts'
import { Certifier } from '../certification/certificates.ts'
import { IdTree } from '../certification/id-tree.ts'
import type { StatePath } from '../certification/tree.ts'
import type { CallContent } from '../codec/envelope.ts'
import { canisterId, principalText } from '../codec/principal.ts'
import { notFound, Rejected } from '../errors.ts'
import { EMPTY_LEDGER } from '../ledger/state.ts'
import { type InstructionLimits, LIMITS } from '../parameters.ts'
import type { Chain, MessageMode } from './chain.ts'
import { chargeForTime } from './charging.ts'
import { deliverCall, deliverResponse } from './deliver.ts'
import { admit } from './admit.ts'
import { checkPaths, stateTree } from './state-tree.ts'
import { putRequest } from './requests.ts'
import { type ChainState, copyState, type IngressRequest } from './state.ts'
import { dropOldRequests, runTasks, timeOut } from './tasks.ts'

export interface SubnetInit {
  readonly seed: string
  readonly hasSubnet: boolean
  /** See `IcpDevnetInit`. @default true */
  readonly isSigning?: boolean
  readonly mode: MessageMode
  readonly limits: InstructionLimits
  /** Nanoseconds since the Unix epoch. */
  readonly now: () => bigint
}

export class Subnet implements Chain {
  mode: MessageMode
  readonly limits: InstructionLimits
  readonly certifier: Certifier
  readonly executor: Executor
  state: ChainState
  readonly #init: SubnetInit
  readonly #snapshots: ChainState[] = []
  readonly #listeners = new Set<() => void>()
  #isBusy = false

  constructor(init: SubnetInit) {
    this.#init = init
    this.mode = init.mode
    this.limits = init.limits
    this.certifier = new Certifier(init)
    const system: System = {
      subnetId: this.certifier.subnetId,
      messageLimit: init.limits.message,
      certificateFor: (canister) =>
        this.certify([[utf8('canister'), canister.id, utf8('certified_data')]]),
    }
    this.executor = new Executor(system)
    this.state = {
      ...{ canisters: new Map(), contexts: new Map(), callbacks: new Map(), requests: new Map() },
      ...{ stopping: [], queue: [], ledger: EMPTY_LEDGER, nextCanister: 0n, nextId: 1, randoms: 0 },
      ...{ ahead: 0n, lastTime: 0n, requestTree: new IdTree() },
    }
  }

  /** Nanoseconds since the Unix epoch; each answer is later than the one before. */
  now(): bigint {
    const { state } = this
    const time = this.#init.now() + state.ahead
    state.lastTime = time > state.lastTime ? time : state.lastTime + 1n
    return state.lastTime
  }

  moveTime(ns: bigint): void {
    this.state.ahead += ns
    this.tick()
  }

  /** 32 bytes that nobody knew before and the seed decides. */
  random(): Uint8Array {
    return sha256(utf8(`random\0${this.state.randoms++}\0${this.#init.seed}`))
  }

  newId(): number {
    return this.state.nextId++
  }

  /** @throws Rejected where there is none */
  canister(id: Uint8Array): Canister {
    const text = principalText(id)
    const found = this.state.canisters.get(text)
    if (found === undefined) throw notFound(text)
    return found
  }

  /** Makes a canister; `wanted`: its id. @throws Rejected */
  create(controllers: readonly Uint8Array[], cycles: bigint, wanted?: Uint8Array): Canister {
    const { canisters } = this.state
    if (canisters.size >= LIMITS.canisters) {
      throw new Rejected(2, 'IC0204', `there are ${LIMITS.canisters} canisters at most`)
    }
    let id = wanted
    while (id === undefined || (wanted === undefined && canisters.has(principalText(id)))) {
      id = canisterId(this.state.nextCanister++)
    }
    const canister = newCanister(id, controllers, cycles, this.now())
    if (canisters.has(canister.text)) {
      throw new Rejected(4, 'IC0406', `Canister ${canister.text} is already there`)
    }
    canisters.set(canister.text, canister)
    return canister
  }

  /** Takes in a call from outside. @throws Rejected where it is not taken */
  submit(requestId: Uint8Array, content: CallContent, target: Uint8Array): IngressRequest {
    const id = toHex(requestId)
    const known = this.state.requests.get(id)
    if (known !== undefined) return known
    admit(this, content, target)
    const { sender, ingress_expiry: expiry } = content
    const request = { id, sender, expiry, status: 'received', response: undefined } as const
    putRequest(this.state, request)
    this.state.queue.push({
      ...{ type: 'call', origin: { type: 'ingress', request: id }, caller: sender },
      ...{ callee: content.canister_id, method: content.method_name, arg: content.arg },
      ...{ cycles: 0n, deadline: 0n },
    })
    if (this.mode === 'instant') this.run()
    return this.state.requests.get(id) ?? request
  }

  /** Executes what waits, at most so many messages. @returns how many it were */
  run(most: number = Infinity): number {
    if (this.#isBusy) return 0
    this.#isBusy = true
    let done = 0
    try {
      while (done < most) {
        const message = this.state.queue.shift()
        if (message === undefined) break
        if (message.type === 'call') deliverCall(this, message)
        else deliverResponse(this, message)
        done++
      }
    } finally {
      this.#isBusy = false
    }
    this.#tell()
    return done
  }

  /** What time brings about: timers, charges, calls and stops that waited for too long, answers that are no longer kept. */
  tick(): void {
    const now = this.now()
    timeOut(this, now)
    chargeForTime(this, now)
    dropOldRequests(this, now)
    runTasks(this, now)
    if (this.mode === 'instant') this.run()
    // calls that only time ended
    else this.#tell()
  }

  /** Calls when messages were executed. @returns what ends it */
  onRun(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }

  certify(paths: readonly StatePath[]): Uint8Array {
    return this.certifier.certify(this.now(), stateTree(this.state), paths)
  }

  /** A certificate of what somebody may read. @throws RequestRefused */
  readState(
    paths: readonly StatePath[],
    sender: Uint8Array,
    target: Uint8Array | undefined,
  ): Uint8Array {
    checkPaths(this.state, paths, sender, target)
    return this.certify(paths)
  }

  snapshot(): number {
    this.#snapshots.push(copyState(this.state))
    return this.#snapshots.length - 1
  }

  /** Goes back to a snapshot, time included; it stays, those made after it are gone. */
  revert(snapshot: number): boolean {
    const kept = this.#snapshots[snapshot]
    if (kept === undefined) return false
    this.state = copyState(kept)
    this.#snapshots.length = snapshot + 1
    this.executor.forget()
    this.#tell()
    return true
  }
}
