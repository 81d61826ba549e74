/** Guests in the thread of the test: rows in memory, scripted or seeded time and chance, no workers. */
import { createHash } from 'node:crypto'
import { toHex } from '../../src/node/primitives/bytes.ts'
import { ContextId, PublicKey } from '../../src/node/primitives/ids.ts'
import type { GuestOutcome, StateWrite } from '../../src/node/runtime/engine.ts'
import { inspectModule } from '../../src/node/runtime/wasm/inspect.ts'
import { GuestHost, type GuestHostComponents } from '../../src/node/runtime/wasm/guest-host.ts'
import type { GuestTime } from '../../src/node/runtime/wasm/guest-clock.ts'
import { compileModule, type LoadedModule } from '../../src/node/runtime/wasm/loaded.ts'
import type { StateReader } from '../../src/node/runtime/wasm/rows.ts'
import { FUEL_PER_CALL } from '../../src/node/runtime/limits.ts'
import { signArtifact } from '../../src/node/runtime/artifact/signing.ts'
import type { SigningKey } from '../../src/node/crypto/sign.ts'
import { kvInput, kvOutput, kvWasm } from './kv-app.ts'

export function sha256(...parts: readonly (string | Uint8Array)[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

/** Rows of one context in memory. */
export class MemoryRows implements StateReader {
  readonly shared: Map<string, Uint8Array> = new Map()
  readonly hidden: Map<string, Uint8Array> = new Map()
  readonly ordered: Map<string, Uint8Array> = new Map()

  get(_context: number, key: Uint8Array): Uint8Array | undefined {
    return this.shared.get(toHex(key))
  }

  getPrivate(_context: number, key: Uint8Array): Uint8Array | undefined {
    return this.hidden.get(toHex(key))
  }

  async *index(): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
    for (const [key, value] of [...this.ordered].sort(([a], [b]) => (a < b ? -1 : 1))) {
      yield [Buffer.from(key, 'hex'), value]
    }
  }

  store(outcome: GuestOutcome): void {
    write(this.shared, outcome.writes)
    write(this.hidden, outcome.privateWrites)
    write(this.ordered, outcome.indexWrites ?? [])
  }

  copyFrom(other: MemoryRows): void {
    this.shared.clear()
    for (const [key, value] of other.shared) this.shared.set(key, value)
  }

  /** All shared rows as text, to compare two states. */
  dump(): string {
    return [...this.shared]
      .map(([key, value]) => `${key} ${toHex(value)}`)
      .sort()
      .join('\n')
  }
}

function write(rows: Map<string, Uint8Array>, writes: readonly StateWrite[]): void {
  for (const { key, value } of writes) {
    if (value === undefined) rows.delete(toHex(key))
    else rows.set(toHex(key), value)
  }
}

let kvModule: Promise<LoadedModule> | undefined

/** The example app, compiled once per test process. */
export function loadKv(): Promise<LoadedModule> {
  return (kvModule ??= compileModule(inspectModule(kvWasm())))
}

export interface ReplicaInit {
  readonly module: LoadedModule
  readonly name: string
  readonly contextId?: Uint8Array
  /** @default the key of `signer`, or a digest of the name */
  readonly executor?: Uint8Array
  /** Signs what the guest wrote as its executor's own. @default such artefacts stay unsigned */
  readonly signer?: SigningKey
  readonly wallNs: () => bigint
  readonly random: (length: number) => Uint8Array
  readonly lane?: number
  readonly time?: GuestTime
  readonly reuse?: boolean
  readonly fuel?: bigint
  readonly blobs?: GuestHostComponents['blobs']
}

/** One node's copy of one context. Stores what its calls leave behind, as a node does. */
export class Replica {
  readonly rows: MemoryRows = new MemoryRows()
  host: GuestHost
  readonly #init: ReplicaInit
  root: Uint8Array | undefined
  /** Newest time known in the context, ns. */
  seenNs = 0n

  constructor(init: ReplicaInit) {
    this.#init = init
    this.host = this.#start()
  }

  /** Goes on with what is stored alone, as after a restart. */
  restart(): void {
    this.host = this.#start()
  }

  #start(): GuestHost {
    const init = this.#init
    const { time } = init
    const host = new GuestHost(
      { fuel: init.fuel ?? FUEL_PER_CALL, reuse: init.reuse ?? true },
      {
        reader: this.rows,
        wallNs: init.wallNs,
        random: init.random,
        blobs: init.blobs,
        ...(time === undefined ? {} : { time: () => time }),
      },
    )
    host.load(init.module)
    return host
  }

  get #executor(): PublicKey {
    const { executor, signer, name } = this.#init
    return PublicKey.from(executor ?? signer?.publicKey ?? sha256(`executor ${name}`))
  }

  get #base() {
    return {
      context: { id: ContextId.from(this.#init.contextId ?? sha256('context')), number: 7 },
      module: Buffer.from(this.#init.module.key, 'hex'),
      executor: this.#executor,
      seenNs: this.seenNs,
      lane: this.#init.lane ?? 0,
    }
  }

  callBytes(method: string, input: Uint8Array, readOnly = false): GuestOutcome {
    const outcome = this.#keep(this.host.execute({ ...this.#base, method, input, readOnly }))
    const { signer } = this.#init
    if (!outcome.needsSignature || signer === undefined) return outcome
    const sign = (digest: Uint8Array): Uint8Array => signer.sign(digest)
    return { ...outcome, artifact: signArtifact(outcome.artifact, this.#executor, sign) }
  }

  call(method: string, params: Readonly<Record<string, unknown>> = {}): GuestOutcome {
    return this.callBytes(method, kvInput(params))
  }

  view(method: string, params: Readonly<Record<string, unknown>> = {}): unknown {
    return kvOutput(this.call(method, params).output)
  }

  apply(artifact: Uint8Array, authoredNs?: bigint): GuestOutcome {
    const limit = authoredNs === undefined ? {} : { authoredNs }
    if (authoredNs !== undefined) this.see(authoredNs)
    return this.#keep(this.host.apply({ ...this.#base, artifact, ...limit }))
  }

  /** What must be awaited before calls of a module with an ordered index. */
  async prepare(): Promise<void> {
    await this.host.prepare(this.#base)
  }

  async prepared(method: string, input: Uint8Array): Promise<GuestOutcome> {
    await this.prepare()
    return this.callBytes(method, input)
  }

  /** Goes on where another copy, or the same one earlier, stands. */
  copyFrom(other: Replica): void {
    this.rows.copyFrom(other.rows)
    this.root = other.root
    this.see(other.seenNs)
  }

  see(ns: bigint): void {
    if (ns > this.seenNs) this.seenNs = ns
  }

  #keep(outcome: GuestOutcome): GuestOutcome {
    this.rows.store(outcome)
    if (outcome.root !== undefined) {
      this.root = outcome.root
      this.see(outcome.lastNs)
    }
    return outcome
  }
}

/** Clock and randomness by script, so that a trace gives the same bytes everywhere: the setup of the vectors in the specification. */
export function scripted(): {
  time: GuestTime
  random: (length: number) => Uint8Array
  next: (call: number) => void
} {
  let call = -1
  let at = 0n
  let drawn = 0
  let lastOfCall = 0n
  return {
    time: {
      begin: () => {
        lastOfCall = 0n
      },
      now: () => (lastOfCall = at += 137n),
      get lastOfCall() {
        return lastOfCall
      },
    },
    random: (length) => sha256(`s${call}.${drawn++}`).subarray(0, length),
    next: (number) => {
      call = number
      drawn = 0
      at = 1_764_000_000_000_000_000n + BigInt(number + 1) * 1_000_000_000n
    },
  }
}

/** Reproducible chance. */
export interface Seeded {
  int(below: number): number
  pick<T>(list: readonly T[]): T
  bytes(length: number): Uint8Array
}

export function seeded(seed: string): Seeded {
  let drawn = 0
  const next = (): Buffer => Buffer.from(sha256(`${seed}.${drawn++}`))
  const int = (below: number): number => Number(next().readBigUInt64LE(0) % BigInt(below))
  return {
    int,
    pick: (list) => list[int(list.length)] as (typeof list)[number], // int() stays below the length
    bytes: (length) => {
      const out = new Uint8Array(length)
      for (let at = 0; at < length; at += 32)
        out.set(next().subarray(0, Math.min(32, length - at)), at)
      return out
    },
  }
}
