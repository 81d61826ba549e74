/**
 * The committed canisters on a local Internet Computer in this process, with no server, no agent and no adapter between: for tests of the canisters
 * themselves, which make thousands of calls and set the clock to the second. Certificates are not made, since none of these tests looks at one:
 * witnesses are checked against the canister's certified data itself.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Principal } from '@dfinity/principal'
import type { Canister } from '../../src/devnet/icp/canister/canister.ts'
import type { Response } from '../../src/devnet/icp/canister/frame.ts'
import { type StableState, StableWriter } from '../../src/devnet/icp/canister/memory.ts'
import { runQuery } from '../../src/devnet/icp/chain/query.ts'
import { Subnet } from '../../src/devnet/icp/chain/subnet.ts'
import { BLOB, blobOf, IDL } from '../../src/devnet/icp/codec/candid.ts'
import { ANONYMOUS, MANAGEMENT, selfAuthenticating } from '../../src/devnet/icp/codec/principal.ts'
import { Rejected } from '../../src/devnet/icp/errors.ts'
import { installCode } from '../../src/devnet/icp/management/install.ts'
import {
  FEES,
  INSTRUCTION_LIMITS,
  type InstructionLimits,
  SECOND_NS,
} from '../../src/devnet/icp/parameters.ts'
import type { Domain } from '../../src/node/anchor/operations.ts'
import { EMPTY, equalBytes, toHex, utf8 } from '../../src/node/primitives/bytes.ts'
import { sha256 } from '../../src/node/primitives/hash.ts'
import { ProvenRows } from './icp-witness.ts'

/** First second of every chain. */
export const GENESIS = 1_800_000_000n
/** The network's name, by which the canisters know it. */
export const NETWORK = 'icp-0123456789abcdef'
/** Cycles of a T. */
export const T: bigint = 10n ** 12n
/** Who controls the canisters. */
export const CONTROLLER: Uint8Array = selfAuthenticating(utf8('controller'))

const ARTEFACTS = join(import.meta.dirname, '../../contracts/artifacts/icp')

export type ContractName = 'contexts' | 'packages'

/** The bytes that are committed. */
export function moduleBytes(name: ContractName): Uint8Array {
  return new Uint8Array(readFileSync(join(ARTEFACTS, name, `${name}.wasm.gz`)))
}

const REFUSED = IDL.Record({ number: IDL.Nat8, name: IDL.Text, expected: IDL.Opt(IDL.Nat64) })
const APPLIED = IDL.Record({ place: IDL.Nat64, changed: IDL.Bool })
const PROVEN = IDL.Record({ certificate: BLOB, witness: BLOB })
const ADOPTED = IDL.Variant({ Ok: IDL.Bool, Err: REFUSED })
const CYCLES = IDL.Record({
  ...{ balance: IDL.Nat, liquid: IDL.Opt(IDL.Nat), memory: IDL.Nat64 },
  ...{ created_today: IDL.Nat32, daily: IDL.Nat32, reserve: IDL.Nat },
})
const INIT = IDL.Record({
  ...{ network: IDL.Text, predecessor: IDL.Opt(IDL.Principal) },
  ...{ daily: IDL.Opt(IDL.Nat32), reserve: IDL.Opt(IDL.Nat) },
})
const TARGET = IDL.Record({ canister_id: IDL.Principal })
const PAGE_OF = [BLOB, IDL.Nat32, IDL.Nat32]

export type Method =
  | ('apply' | 'check' | 'cycles' | 'info' | 'changes' | 'applied' | 'context' | 'group' | 'member')
  | ('standing' | 'members' | 'invitation' | 'exported_group' | 'exported_context')
  | ('adopt_group' | 'adopt_context' | 'package' | 'release' | 'latest' | 'releases' | 'nonce')

/** Arguments and answer of each method. */
const METHODS: Readonly<Record<Method, readonly [readonly IDL.Type[], IDL.Type]>> = {
  apply: [[BLOB, BLOB], IDL.Variant({ Ok: APPLIED, Err: REFUSED })],
  check: [[BLOB, BLOB], IDL.Opt(REFUSED)],
  cycles: [[], CYCLES],
  info: [[], PROVEN],
  changes: [[IDL.Opt(IDL.Nat64), IDL.Nat32], PROVEN],
  applied: [[BLOB, BLOB, IDL.Nat64, BLOB], PROVEN],
  context: [[BLOB], PROVEN],
  group: [[BLOB], PROVEN],
  member: [[BLOB, BLOB], PROVEN],
  standing: [[BLOB, BLOB], PROVEN],
  members: [PAGE_OF, PROVEN],
  invitation: [[BLOB], PROVEN],
  exported_group: [PAGE_OF, BLOB],
  exported_context: [[BLOB], BLOB],
  adopt_group: [[BLOB, IDL.Nat32], ADOPTED],
  adopt_context: [[BLOB], ADOPTED],
  package: [[BLOB], PROVEN],
  release: [[BLOB, IDL.Text], PROVEN],
  latest: [[BLOB], PROVEN],
  releases: [PAGE_OF, PROVEN],
  nonce: [[BLOB], PROVEN],
}

/** A refusal as a canister says it. */
export interface Refused {
  readonly number: number
  readonly name: string
  readonly expected: readonly [] | readonly [bigint]
}

/** What `apply` says. */
export type Verdict =
  { readonly Ok: { readonly place: bigint; readonly changed: boolean } } | { readonly Err: Refused }

/** What `cycles` says. */
export interface Supply {
  readonly balance: bigint
  readonly liquid: readonly [] | readonly [bigint]
  readonly memory: bigint
  readonly created_today: number
  readonly daily: number
  readonly reserve: bigint
}

export function encodeCall(method: Method, ...given: readonly unknown[]): Uint8Array {
  return new Uint8Array(IDL.encode([...METHODS[method][0]], [...given]))
}

/** @throws RangeError with the rejection */
export function decodeAnswer(method: Method, response: Response): unknown {
  if (response.type === 'reject') {
    throw new RangeError(`${response.code} ${response.errorCode}: ${response.message}`)
  }
  const [value] = IDL.decode([METHODS[method][1]], response.bytes)
  return value
}

/** What a canister is given when it is made, beside the usual. */
export interface Deployment {
  readonly predecessor?: Uint8Array
  readonly daily?: number
  readonly reserve?: bigint
  readonly cycles?: bigint
  readonly network?: string
  /** @default the committed one */
  readonly wasm?: Uint8Array
}

/** The chain without what certificates take to be made. */
class Uncertified extends Subnet {
  override certify(): Uint8Array {
    return Uint8Array.of(1)
  }
}

export class IcpBench {
  readonly chain: Subnet
  /** Instructions that messages may take. */
  readonly limits: { -readonly [K in keyof InstructionLimits]: bigint } = { ...INSTRUCTION_LIMITS }
  #now: bigint = GENESIS
  #requests = 0

  /** `isCertified`: certificates are made, by the chain's own key. */
  constructor({ isCertified = false }: { readonly isCertified?: boolean } = {}) {
    const Chain = isCertified ? Subnet : Uncertified
    this.chain = new Chain({
      ...{ seed: '', hasSubnet: false, mode: 'instant', limits: this.limits },
      now: () => this.#now * SECOND_NS,
    })
  }

  /** DER of the key that certificates are signed by. */
  get rootKey(): Uint8Array {
    return this.chain.certifier.root.der
  }

  /** Unix seconds. */
  get now(): bigint {
    return this.#now
  }

  setTime(now: bigint): void {
    this.#now = now
  }

  /** Goes back to a snapshot of the chain, and to its time. */
  revert(snapshot: number): void {
    this.chain.revert(snapshot)
    this.#now = this.chain.state.lastTime / SECOND_NS
  }

  /** A canister with one of the modules. @returns its id */
  deploy(name: ContractName, deployment: Deployment = {}): Uint8Array {
    const { predecessor, daily, reserve, cycles = 100n * T, network = NETWORK } = deployment
    const opt = <V>(value: V | undefined): readonly V[] => (value === undefined ? [] : [value])
    const given = {
      ...{ network, daily: opt(daily), reserve: opt(reserve) },
      predecessor: opt(predecessor && Principal.fromUint8Array(predecessor)),
    }
    const arg = new Uint8Array(IDL.encode([INIT], [given]))
    return this.install(deployment.wasm ?? moduleBytes(name), arg, cycles)
  }

  /** A canister with any module. @returns its id */
  install(wasm: Uint8Array, arg: Uint8Array = EMPTY, cycles: bigint = 100n * T): Uint8Array {
    const canister = this.chain.create([CONTROLLER], cycles)
    installCode(this.chain, { canister, mode: { install: null }, wasm, arg, caller: CONTROLLER })
    return canister.id
  }

  /** Puts a module in place of another. @returns instructions that it took */
  upgrade(id: Uint8Array, wasm: Uint8Array): bigint {
    const canister = this.chain.canister(id)
    const { cycles } = canister
    const mode = { upgrade: [] } as const
    installCode(this.chain, { canister, mode, wasm, arg: EMPTY, caller: CONTROLLER })
    return cycles - canister.cycles - FEES.message
  }

  canister(id: Uint8Array): Canister {
    return this.chain.canister(id)
  }

  domain(id: Uint8Array): Domain {
    return { chain: 2, network: sha256(utf8(NETWORK)), contract: id }
  }

  /** Sends a call from outside. @throws Rejected where it is not taken */
  submit(
    id: Uint8Array,
    method: string,
    arg: Uint8Array,
    sender: Uint8Array = ANONYMOUS,
    target: Uint8Array = id,
  ): string {
    this.#requests += 1
    const requestId = sha256(utf8(`request ${this.#requests}`))
    const expiry = (this.#now + 240n) * SECOND_NS
    const content = { canister_id: id, method_name: method, arg, sender, ingress_expiry: expiry }
    return this.chain.submit(requestId, content, target).id
  }

  /** What became of a call; undefined while it is open. */
  responseTo(request: string): Response | undefined {
    return this.chain.state.requests.get(request)?.response
  }

  /** Makes a call by anybody; what it answers. @throws RangeError with the rejection */
  call(id: Uint8Array, method: Method, ...given: readonly unknown[]): unknown {
    const response = this.send(id, method, encodeCall(method, ...given))
    return decodeAnswer(method, response)
  }

  /** Asks the management canister something about a canister; what it answers. */
  manage(method: 'start_canister' | 'stop_canister', id: Uint8Array): string {
    const arg = new Uint8Array(
      IDL.encode([TARGET], [{ canister_id: Principal.fromUint8Array(id) }]),
    )
    return this.submit(MANAGEMENT, method, arg, CONTROLLER, id)
  }

  /** Has messages wait until {@link run}, or not. */
  hold(isHeld: boolean): void {
    this.chain.mode = isHeld ? 'manual' : 'instant'
    if (!isHeld) this.chain.run()
  }

  /** Executes so many messages that wait. */
  run(messages?: number): number {
    return this.chain.run(messages)
  }

  /** Makes a call with bytes for its argument. */
  send(id: Uint8Array, method: string, arg: Uint8Array): Response {
    try {
      const response = this.responseTo(this.submit(id, method, arg))
      if (response === undefined) throw new RangeError('expected an answer, got none')
      return response
    } catch (error) {
      if (!(error instanceof Rejected)) throw error
      const { code, errorCode, message } = error
      return { type: 'reject', code, errorCode, message }
    }
  }

  query(id: Uint8Array, method: Method, ...given: readonly unknown[]): unknown {
    return decodeAnswer(method, this.ask(id, method, encodeCall(method, ...given)))
  }

  /** Asks a query with bytes for its argument. */
  ask(callee: Uint8Array, method: string, arg: Uint8Array): Response {
    return runQuery(this.chain, { caller: ANONYMOUS, callee, method, arg })
  }

  /** Rows that a query proves; fails when they are not those that are certified. */
  prove(id: Uint8Array, method: Method, ...given: readonly unknown[]): ProvenRows {
    const { witness } = this.query(id, method, ...given) as { witness: Uint8Array } // PROVEN, above
    const rows = new ProvenRows(blobOf(witness))
    if (!equalBytes(rows.root, this.canister(id).certifiedData)) {
      throw new RangeError('expected a witness of what is certified')
    }
    return rows
  }

  /** All that a canister stores, hexadecimal. */
  stored(id: Uint8Array): Map<string, string> {
    const rows = leavesOf(this.canister(id).stable)
    return new Map(Array.from(rows, ({ key, value }) => [toHex(key), toHex(value)]))
  }

  /** Puts a value of the same length in place of a row's, whatever is certified. */
  patch(id: Uint8Array, key: Uint8Array, value: Uint8Array): void {
    const canister = this.canister(id)
    const leaf = leavesOf(canister.stable).find((one) => equalBytes(one.key, key))
    if (leaf?.value.length !== value.length) throw new RangeError('expected a row of that length')
    const writer = new StableWriter(canister.stable)
    writer.write(leaf.at, value)
    canister.stable = writer.done()
  }
}

/** Where the link to the root lies. */
const ROOT_AT = 8

/** A row, and where its value lies. */
interface StoredLeaf {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly at: number
}

/** Rows in stable memory, in the layout of `contracts/icp/tree`. */
function leavesOf(stable: StableState): StoredLeaf[] {
  const memory = new StableWriter(stable)
  const view = (at: number, length: number): DataView =>
    new DataView(memory.read(at, length).buffer)
  const leaves: StoredLeaf[] = []
  const links = [Number(view(ROOT_AT, 8).getBigUint64(0, true))]
  for (let link = links.pop(); link !== undefined && link !== 0; link = links.pop()) {
    if (link % 2 === 0) {
      const inner = view(link, 18)
      links.push(...[10, 2].map((at) => Number(inner.getBigUint64(at, true))))
      continue
    }
    const lengths = view(link - 1, 8)
    const [key, value] = [lengths.getUint32(0, true), lengths.getUint32(4, true)]
    const at = link + 7 + key
    leaves.push({ key: memory.read(link + 7, key), value: memory.read(at, value), at })
  }
  return leaves
}
