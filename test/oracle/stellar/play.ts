/** What the local Stellar network is asked, for another to answer as well: everything once, and then calls as they come. */
import {
  Account,
  Address,
  Asset,
  Keypair,
  nativeToScVal,
  Operation,
  TransactionBuilder,
  xdr,
} from '@stellar/stellar-sdk'
import { p256 } from '@noble/curves/p256'
import { secp256k1 } from '@noble/curves/secp256k1'
import type { ChainInit } from '../../../src/devnet/stellar/chain/chain.ts'
import { accountOf } from '../../../src/devnet/stellar/chain/changes.ts'
import type { Simulated } from '../../../src/devnet/stellar/chain/simulate.ts'
import { toBase64 } from '../../../src/devnet/stellar/codec/text.ts'
import { XdrReader } from '../../../src/devnet/stellar/codec/xdr.ts'
import { addressText, readAddress } from '../../../src/devnet/stellar/value/address.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { utf8 } from '../../../src/node/primitives/bytes.ts'
import { CONSTRUCTED, KEEPER } from '../../support/stellar-wat.ts'
import { parametersOf } from '../../../src/devnet/stellar/parameters.ts'
import { type Recording, RecordingChain } from './recording.ts'

type Value = xdr.ScVal

const sym = (text: string): Value => xdr.ScVal.scvSymbol(text)
const u32 = (value: number): Value => xdr.ScVal.scvU32(value)
const list = (...values: readonly Value[]): Value => xdr.ScVal.scvVec([...values])
const bytes = (value: Uint8Array): Value => xdr.ScVal.scvBytes(value)
const address = (text: string): Value => Address.fromString(text).toScVal()

export function call(contract: string, method: string, ...args: readonly Value[]): xdr.Operation {
  return Operation.invokeContractFunction({ contract, function: method, args: [...args] })
}

/** Numbers that follow from a seed. */
class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1
  }

  below(bound: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((this.#state / 2 ** 32) * bound)
  }

  of<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.below(choices.length)] ?? choices[0]
  }
}

/** Whoever asks: simulates, and sends what came of it. */
export class Player {
  readonly chain: RecordingChain
  readonly keys: Keypair
  calls = 0

  constructor(recording: Recording) {
    this.keys = Keypair.fromRawEd25519Seed(Buffer.from(sha256(utf8('oracle'))))
    const init: ChainInit = {
      ...{ passphrase: 'oracle', seed: '', mode: 'instant', retentionLedgers: 1000 },
      parameters: parametersOf({}),
      accounts: [{ publicKey: this.#publicKey, balance: 10n ** 16n }],
      now: () => 1_700_000_000,
      isTimeHeld: true,
    }
    this.chain = new RecordingChain(init, recording)
  }

  get #publicKey(): Uint8Array {
    return new Uint8Array(this.keys.rawPublicKey())
  }

  /** Simulates, and applies what succeeds and needs no other signature. */
  run(operation: xdr.Operation, apply = true): Simulated {
    if (operation.body.type !== 'invokeHostFunction') throw new RangeError(operation.body.type)
    this.calls++
    const { chain } = this
    const { hostFunction, auth } = operation.body.value
    const tx = this.#build(operation)
    const body = (tx.toEnvelope().value as xdr.TransactionV1Envelope).tx // no other is built
    const mode = auth.length > 0 ? 'enforce' : 'record_allow_nonroot'
    const result = chain.simulate({ body, mode, namesAddress: true, leeway: 0 })
    const isSigned = result.kind === 'called' && result.auth.every((one) => one[3] === 0)
    if (apply && result.kind === 'called' && (auth.length > 0 || isSigned)) {
      const entries = result.auth.map((one) => xdr.SorobanAuthorizationEntry.fromXdr(one))
      const full = Operation.invokeHostFunction({ func: hostFunction, auth: entries })
      const ready = this.#build(full, result.prepared.data, result.prepared.fee)
      ready.sign(this.keys)
      chain.send(ready.toXdr())
    }
    return result
  }

  #build(
    operation: xdr.Operation,
    data?: Uint8Array,
    fee = 0n,
  ): ReturnType<TransactionBuilder['build']> {
    const account = accountOf(this.chain.entries, this.#publicKey)
    const from = new Account(this.keys.publicKey(), String(account?.sequence ?? 0n))
    const builder = new TransactionBuilder(from, {
      ...{ fee: String(100n + fee), networkPassphrase: this.chain.passphrase },
    })
    if (data !== undefined) builder.setSorobanData(toBase64(data))
    return builder.addOperation(operation).setTimeout(0).build()
  }
}

/** A contract that was made. */
export function deploy(recorded: Player, wasm: Uint8Array, args: readonly Value[] = []): string {
  recorded.run(Operation.uploadContractWasm({ wasm }))
  const made = recorded.run(
    Operation.createCustomContract({
      address: Address.fromString(recorded.keys.publicKey()),
      wasmHash: Buffer.from(sha256(wasm)),
      salt: Buffer.from(sha256(utf8(String(recorded.calls)))),
      constructorArgs: [...args],
    }),
  )
  if (made.kind !== 'called') throw new RangeError(`it cannot be made: ${made.kind}`)
  const r = new XdrReader(made.value)
  r.u32()
  return addressText(readAddress(r))
}

/** @param calls so many random ones */
export function play(recording: Recording, calls: number, seed: number): void {
  const recorded = new Player(recording)
  const dice = new Dice(seed)
  const keepers = [deploy(recorded, KEEPER), deploy(recorded, KEEPER)] as const
  const constructed = deploy(recorded, CONSTRUCTED, [sym('given')])
  recorded.run(call(constructed, 'get'))
  refusals(recorded, keepers)
  curves(recorded, keepers[0])
  agreements(recorded, [...keepers, deploy(recorded, KEEPER)])
  for (let i = 0; i < calls; i++) {
    recorded.run(anyCall(dice, keepers), true)
    if (dice.below(40) === 0) recorded.chain.moveLedgers(1 + dice.below(2000))
    if (dice.below(150) === 0) recorded.chain.moveLedgers(130_000)
  }
  payments(recorded, keepers)
}

/** What fails, and how. */
function refusals(recorded: Player, [keeper, other]: readonly [string, string]): void {
  const wasmHash = Buffer.alloc(32, 7)
  const salt = Buffer.alloc(32, 1)
  const by = Address.fromString(recorded.keys.publicKey())
  recorded.run(Operation.createCustomContract({ address: by, wasmHash, salt }))
  recorded.run(call(keeper, 'nothing'))
  recorded.run(call(keeper, 'echo'))
  recorded.run(call(keeper, '__constructor'))
  for (const method of ['loop', 'deep']) recorded.run(call(keeper, method))
  for (const pages of [1, 300, 638, 700]) recorded.run(call(keeper, 'grow', u32(pages)))
  recorded.run(call(keeper, 'put_fail', sym('a'), u32(1)))
  recorded.run(call(keeper, 'call', address(keeper), sym('sequence'), list()))
  recorded.run(call(keeper, 'call', address(other), sym('fail'), list(u32(3))))
  recorded.run(call(keeper, 'try', address(other), sym('fail'), list(u32(3))))
  recorded.run(call(keeper, 'try', address(other), sym('put_fail'), list(u32(3), u32(3))))
  recorded.run(call(keeper, 'auth', address(Keypair.random().publicKey())))
  recorded.run(call(keeper, 'auth', address(other)))
  recorded.run(call(keeper, 'many', u32(51), u32(1)), false)
  recorded.run(call(keeper, 'many', u32(20), bytes(new Uint8Array(1000))))
  recorded.run(call(keeper, 'many_events', u32(8), bytes(new Uint8Array(1000))))
  const keys = Keypair.fromRawEd25519Seed(Buffer.alloc(32, 5))
  const message = Buffer.from('message')
  const good = keys.sign(message)
  const flipped = Buffer.from(good)
  flipped[5] = (flipped[5] ?? 0) ^ 1
  for (const signature of [good, flipped, good.subarray(1)]) {
    const args = [bytes(keys.rawPublicKey()), bytes(message), bytes(signature)]
    recorded.run(call(keeper, 'ed25519', ...args))
  }
  for (const weak of [Buffer.alloc(32), Buffer.from([1, ...Buffer.alloc(31)])]) {
    const args = [bytes(weak), bytes(message), bytes(Buffer.concat([weak, Buffer.alloc(32)]))]
    recorded.run(call(keeper, 'ed25519', ...args))
  }
}

/** Signatures of the other two curves, good ones and others. */
function curves(recorded: Player, keeper: string): void {
  const secret = Buffer.alloc(32, 3)
  const digest = sha256(utf8('digest'))
  const k1 = secp256k1.sign(digest, secret)
  const recover = (signature: Uint8Array, recovery: number): void => {
    recorded.run(call(keeper, 'secp256k1', bytes(digest), bytes(signature), u32(recovery)))
  }
  for (const recovery of [k1.recovery, 1 - k1.recovery, 2, 4]) {
    recover(k1.toCompactRawBytes(), recovery)
  }
  const high = new secp256k1.Signature(k1.r, secp256k1.CURVE.n - k1.s).toCompactRawBytes()
  recover(high, 1 - k1.recovery)
  recover(high.subarray(1), 0)
  const key = p256.getPublicKey(secret, false)
  const r1 = p256.sign(digest, secret, { lowS: true })
  const negated = new p256.Signature(r1.r, p256.CURVE.n - r1.s)
  for (const [of, signature] of [
    [key, r1],
    [key, negated],
    [p256.getPublicKey(secret, true), r1],
    [p256.getPublicKey(Buffer.alloc(32, 4), false), r1],
  ] as const) {
    const args = [bytes(of), bytes(digest), bytes(signature.toCompactRawBytes())]
    recorded.run(call(keeper, 'secp256r1', ...args))
  }
}

/** What contracts agree to by themselves. */
function agreements(recorded: Player, [outer = '', inner = '', middle = '']: string[]): void {
  const me = address(outer)
  const record = (fields: Readonly<Record<string, Value>>): Value =>
    xdr.ScVal.scvMap(
      Object.entries(fields).map(([key, val]) => new xdr.ScMapEntry({ key: sym(key), val })),
    )
  const entry = (method: string): Value => {
    const context = record({ args: list(me), contract: address(inner), fn_name: sym(method) })
    return list(sym('Contract'), record({ context, sub_invocations: list() }))
  }
  const once = list(address(inner), sym('auth'), list(me))
  const twice = list(address(inner), sym('auth'), list(me), sym('auth'))
  for (const [entries, method, args] of [
    [[entry('auth')], 'call', once],
    [[], 'call', once],
    [[entry('echo')], 'call', once],
    [[sym('nothing')], 'call', once],
    [[entry('auth')], 'twice', twice],
    [[entry('auth'), entry('auth')], 'twice', twice],
  ] as const) {
    recorded.run(call(outer, 'agree', list(...entries), address(middle), sym(method), args))
  }
  const keys = address(Keypair.fromRawEd25519Seed(Buffer.alloc(32, 11)).publicKey())
  const asked = list(keys)
  recorded.run(call(outer, 'call', address(inner), sym('auth'), asked))
  recorded.run(call(outer, 'try_put', address(inner), sym('auth_fail'), asked, sym('done')))
  recorded.run(call(outer, 'auth', address(recorded.keys.publicKey())))
}

function anyValue(dice: Dice, depth = 0): Value {
  const word = dice.below(2 ** 31)
  const kind = dice.below(depth > 2 ? 8 : 10)
  switch (kind) {
    case 0:
      return xdr.ScVal.scvBool(word % 2 === 0)
    case 1:
      return u32(word)
    case 2:
      return nativeToScVal(BigInt(word) ** 2n, { type: 'u64' })
    case 3:
      return nativeToScVal(-(BigInt(word) ** 3n), { type: 'i128' })
    case 4:
      return sym(`s${word}`)
    case 5:
      return sym(`a_longer_one_${word}`)
    case 6:
      return bytes(Buffer.alloc(dice.below(100), word & 0xff))
    case 7:
      return xdr.ScVal.scvString(`text ${word}`)
    case 8:
      return list(...Array.from({ length: dice.below(5) }, () => anyValue(dice, depth + 1)))
    default:
      return nativeToScVal({ a: word, b: `${word}`, c: [word] })
  }
}

function anyCall(dice: Dice, keepers: readonly [string, string]): xdr.Operation {
  const keeper = dice.of(keepers)
  const other = keeper === keepers[0] ? keepers[1] : keepers[0]
  const key = sym(`key${dice.below(12)}`)
  const kind = u32(dice.below(3))
  switch (dice.below(12)) {
    case 0:
    case 1:
    case 2:
      return call(keeper, 'put', key, anyValue(dice), kind)
    case 3:
      return call(keeper, 'get', key, kind)
    case 4:
      return call(keeper, 'has', key, kind)
    case 5:
      return call(keeper, 'del', key, kind)
    case 6: {
      const to = 100 + dice.below(400_000)
      return call(keeper, 'extend', key, u32(dice.below(2)), u32(dice.below(to)), u32(to))
    }
    case 7:
      return call(keeper, 'event', anyValue(dice), anyValue(dice))
    case 8:
      return call(keeper, 'call', address(other), sym('put'), list(key, anyValue(dice), kind))
    case 9:
      return call(keeper, 'try_put', address(other), sym('put_fail'), list(key, key), key)
    case 10:
      return call(keeper, 'random', u32(dice.below(64)))
    default:
      return call(keeper, 'extend_self', u32(1000), u32(1000 + dice.below(500_000)))
  }
}

/** The contract of the native asset. */
function payments(recorded: Player, [keeper]: readonly [string, string]): void {
  const native = Asset.native().contractId(recorded.chain.passphrase)
  const me = address(recorded.keys.publicKey())
  const amount = (n: bigint): Value => nativeToScVal(n, { type: 'i128' })
  const until = u32(recorded.chain.last.sequence + 1000)
  for (const method of ['name', 'symbol', 'decimals']) recorded.run(call(native, method))
  recorded.run(call(native, 'balance', me))
  recorded.run(call(native, 'transfer', me, address(keeper), amount(500n)))
  recorded.run(call(native, 'balance', address(keeper)))
  recorded.run(call(native, 'transfer', me, address(keeper), amount(10n ** 20n)))
  recorded.run(call(native, 'transfer', me, address(keeper), amount(-1n)))
  recorded.run(call(native, 'approve', me, address(keeper), amount(50n), until))
  recorded.run(call(native, 'allowance', me, address(keeper)))
  const taken = list(address(keeper), me, address(keeper), amount(20n))
  recorded.run(call(keeper, 'call', address(native), sym('transfer_from'), taken))
  recorded.run(call(native, 'burn', me, amount(1n)))
  const fresh = address(Keypair.fromRawEd25519Seed(Buffer.alloc(32, 9)).publicKey())
  recorded.run(call(native, 'transfer', me, fresh, amount(1n)))
  recorded.run(call(native, 'transfer', me, fresh, amount(20_000_000n)))
}
