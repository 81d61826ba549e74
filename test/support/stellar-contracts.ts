/**
 * The committed contracts on a local Stellar network in this process, with no server and no adapter between: for tests of the contracts
 * themselves, which make thousands of calls and set the clock to the second.
 */
import {
  Account,
  Address,
  type FeeBumpTransaction,
  Keypair,
  Operation,
  SorobanDataBuilder,
  StrKey,
  type Transaction,
  TransactionBuilder,
  xdr,
} from '@stellar/stellar-sdk'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Chain } from '../../src/devnet/stellar/chain/chain.ts'
import { type Simulated, simulate } from '../../src/devnet/stellar/chain/simulate.ts'
import type { HostEvent } from '../../src/devnet/stellar/host/events.ts'
import { parametersOf } from '../../src/devnet/stellar/parameters.ts'
import type { Stored } from '../../src/devnet/stellar/storage/entries.ts'
import {
  accountKey,
  codeKey,
  dataKey,
  DURABILITY,
  instanceKey,
} from '../../src/devnet/stellar/storage/keys.ts'
import { contractAddress } from '../../src/devnet/stellar/value/address.ts'
import type { Domain } from '../../src/node/anchor/operations.ts'
import { EMPTY, equalBytes, toHex, utf8 } from '../../src/node/primitives/bytes.ts'
import { sha256 } from '../../src/node/primitives/hash.ts'

/** First second of every chain. */
export const GENESIS = 1_800_000_000n
const PASSPHRASE = 'Standalone Network ; February 2017'
/** Pays for everything where nobody is named. */
const PAYER = Keypair.fromRawEd25519Seed(Buffer.alloc(32, 1))
const PAYER_KEY = new Uint8Array(PAYER.rawPublicKey())
/** Stroops that it has, and that a transaction offers to be taken. */
const [BALANCE, BID] = [10n ** 16n, 100n]

const ARTEFACTS = join(import.meta.dirname, '../../contracts/artifacts/stellar')

export type ContractName = 'contexts' | 'packages'

/** The bytes that are committed. */
export function moduleBytes(name: ContractName): Uint8Array {
  return new Uint8Array(readFileSync(join(ARTEFACTS, name, `${name}.wasm`)))
}

export function bytesVal(bytes: Uint8Array): xdr.ScVal {
  return xdr.ScVal.scvBytes(Buffer.from(bytes))
}

/** What a call came to. */
export interface Outcome {
  /** `Error(Contract, #9)`, `Error(Crypto, InvalidInput)`, and the like. */
  readonly error: string | undefined
  /** XDR of its value. */
  readonly value: Uint8Array
  readonly events: readonly HostEvent[]
  readonly instructions: number
  /** Stroops, of resources and rent. */
  readonly fee: bigint
  readonly footprint: {
    readonly readOnly: readonly string[]
    readonly readWrite: readonly string[]
  }
}

const NOTHING: Outcome = {
  ...{ error: undefined, value: EMPTY, events: [], instructions: 0, fee: 0n },
  footprint: { readOnly: [], readWrite: [] },
}

/** What simulation said, so that a transaction can be made of it, then or later. */
export interface Prepared {
  readonly operation: xdr.Operation
  readonly data: xdr.SorobanTransactionData
  readonly fee: bigint
}

export class StellarBench {
  readonly chain: Chain
  #now: bigint = GENESIS
  readonly #times = new Map<number, bigint>()

  constructor() {
    this.chain = new Chain({
      ...{ passphrase: PASSPHRASE, parameters: parametersOf(), seed: '', mode: 'instant' },
      accounts: [{ publicKey: PAYER_KEY, balance: BALANCE }],
      ...{ retentionLedgers: 10, now: () => Number(this.#now), isTimeHeld: false },
    })
  }

  /** Unix seconds of the next ledger. */
  get now(): bigint {
    return BigInt(this.chain.nextCloseTime)
  }

  setTime(now: bigint): void {
    this.#now += now - this.now
  }

  snapshot(): number {
    const id = this.chain.snapshot()
    this.#times.set(id, this.#now)
    return id
  }

  /** Goes back to a snapshot of the chain, and to its time. */
  revert(snapshot: number): void {
    this.#now = this.#times.get(snapshot) ?? this.#now
    this.chain.revert(snapshot)
  }

  /** Deploys a contract. @returns its id */
  deploy(name: ContractName, label: string = name): Uint8Array {
    const wasm = moduleBytes(name)
    const address = Address.fromString(PAYER.publicKey())
    this.must(this.send(Operation.uploadContractWasm({ wasm: Buffer.from(wasm) })))
    const salt = Buffer.from(sha256(utf8(label)))
    const wasmHash = Buffer.from(sha256(wasm))
    const made = this.must(this.send(Operation.createCustomContract({ address, wasmHash, salt })))
    const id = xdr.ScVal.fromXdr(Buffer.from(made.value))
    return StrKey.decodeContract(Address.fromScVal(id).toString())
  }

  domain(contract: Uint8Array): Domain {
    return { chain: 4, network: this.chain.networkId, contract }
  }

  must(outcome: Outcome): Outcome {
    if (outcome.error === undefined) return outcome
    throw new RangeError(`expected a success, got ${outcome.error}`)
  }

  invocation(contract: Uint8Array, method: string, args: readonly xdr.ScVal[]): xdr.Operation {
    const address = StrKey.encodeContract(Buffer.from(contract))
    return Operation.invokeContractFunction({
      contract: address,
      function: method,
      args: [...args],
    })
  }

  /** Asks, and changes nothing. */
  ask(contract: Uint8Array, method: string, ...args: readonly xdr.ScVal[]): Outcome {
    return this.#told(this.simulate(this.invocation(contract, method, args)))
  }

  /** Simulates, and sends what comes of that. */
  call(contract: Uint8Array, method: string, ...args: readonly xdr.ScVal[]): Outcome {
    return this.send(this.invocation(contract, method, args))
  }

  send(operation: xdr.Operation): Outcome {
    const simulated = this.simulate(operation)
    const prepared = this.prepared(operation, simulated)
    if (prepared === undefined) return this.#told(simulated)
    const { fee, instructions, footprint } = this.#told(simulated)
    return { ...this.apply(prepared), fee, instructions, footprint }
  }

  simulate(operation: xdr.Operation): Simulated {
    const tx = this.#builder(0n).addOperation(operation).setTimeout(0).build()
    const body = bodyOf(tx)
    return simulate(this.chain, { body, mode: undefined, namesAddress: true, leeway: 0 })
  }

  /** What is to be sent; undefined where simulation failed. */
  prepared(operation: xdr.Operation, simulated: Simulated): Prepared | undefined {
    if (simulated.kind !== 'called') return undefined
    const { data, fee } = simulated.prepared
    const auth = simulated.auth.map((one) =>
      xdr.SorobanAuthorizationEntry.fromXdr(Buffer.from(one)),
    )
    const { body, sourceAccount } = operation
    if (body.type !== 'invokeHostFunction')
      throw new RangeError(`expected a call, got ${body.type}`)
    const { hostFunction } = body.value
    const agreed = new xdr.InvokeHostFunctionOp({ hostFunction, auth })
    return {
      operation: new xdr.Operation({
        sourceAccount,
        body: xdr.OperationBody.invokeHostFunction(agreed),
      }),
      ...{ data: xdr.SorobanTransactionData.fromXdr(Buffer.from(data)), fee },
    }
  }

  /** Sends what was simulated, now or before. */
  apply({ operation, data, fee }: Prepared): Outcome {
    const tx = this.#builder(fee + BID)
      .addOperation(operation)
      .setSorobanData(new SorobanDataBuilder(data).build())
      .setTimeout(0)
      .build()
    tx.sign(PAYER)
    const sent = this.chain.send(tx.toEnvelope().toXdr('base64'))
    if (sent.status === 'ERROR') {
      const result = xdr.TransactionResult.fromXdr(Buffer.from(sent.result))
      return { ...NOTHING, error: result.result.type }
    }
    const record = this.chain.transaction(sent.id)
    if (record === undefined) throw new RangeError(`expected a transaction, got ${sent.status}`)
    const { events, result, isOk } = record
    const value = isOk ? returnedBy(record.meta) : EMPTY
    return {
      ...NOTHING,
      error: isOk ? undefined : reasonOf(result),
      value,
      events,
      fee: record.fee,
    }
  }

  #builder(fee: bigint): TransactionBuilder {
    const entry = this.chain.entries.get(accountKey(PAYER_KEY))?.entry
    const sequence = entry?.kind === 'account' ? entry.sequence : 0n
    return new TransactionBuilder(new Account(PAYER.publicKey(), String(sequence)), {
      fee: String(fee),
      networkPassphrase: PASSPHRASE,
    })
  }

  #told(simulated: Simulated): Outcome {
    if (simulated.kind === 'failed') {
      const [error] = simulated.error.message.split(':')
      return { ...NOTHING, error }
    }
    if (simulated.kind !== 'called') throw new RangeError(`expected a call, got ${simulated.kind}`)
    const { value, events, instructions, prepared } = simulated
    const data = xdr.SorobanTransactionData.fromXdr(Buffer.from(prepared.data))
    const keys = (list: readonly xdr.LedgerKey[]): string[] =>
      list.map((key) => key.toXdr('base64'))
    const { readOnly, readWrite } = data.resources.footprint
    const footprint = { readOnly: keys(readOnly), readWrite: keys(readWrite) }
    return { ...NOTHING, value, events, instructions, fee: prepared.fee, footprint }
  }

  /** All rows that a contract stores, hexadecimal. */
  stored(contract: Uint8Array): Map<string, string> {
    const rows = new Map<string, string>()
    for (const { entry } of this.chain.entries.values()) {
      if (entry.kind !== 'data' || !equalBytes(entry.contract.bytes, contract)) continue
      const key = xdr.ScVal.fromXdr(Buffer.from(entry.key))
      if (key.type !== 'scvBytes') continue
      const value = xdr.ScVal.fromXdr(Buffer.from(entry.value))
      if (value.type !== 'scvBytes') throw new RangeError(`expected bytes, got ${value.type}`)
      rows.set(toHex(key.bytes.value), toHex(value.bytes.value))
    }
    return rows
  }

  rowKey(contract: Uint8Array, key: Uint8Array): string {
    const value = new Uint8Array(bytesVal(key).toXdr())
    return dataKey(contractAddress(contract), value, DURABILITY.persistent)
  }

  /** Stores a row that no request would get to; it lives as long as a new one. */
  plant(contract: Uint8Array, key: Uint8Array, value: Uint8Array): void {
    const { sequence, parameters } = this.chain.nextInfo()
    const xdrOf = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytesVal(bytes).toXdr())
    this.chain.entries.set(this.rowKey(contract, key), {
      entry: {
        ...{ kind: 'data', contract: contractAddress(contract), key: xdrOf(key) },
        ...{ durability: DURABILITY.persistent, value: xdrOf(value) },
      },
      liveUntil: sequence + parameters.lifetime.minPersistent - 1,
      modified: sequence,
    })
  }

  /** Ledgers that an entry lives on: below 0 when it is archived. */
  ttl(key: string): number {
    const stored: Stored | undefined = this.chain.entries.get(key)
    if (stored?.liveUntil === undefined)
      throw new RangeError(`expected an entry, got none at ${key}`)
    return stored.liveUntil - this.chain.last.sequence
  }

  instanceKey(contract: Uint8Array): string {
    return instanceKey(contractAddress(contract))
  }

  codeKey(name: ContractName): string {
    return codeKey(sha256(moduleBytes(name)))
  }
}

function bodyOf(tx: Transaction | FeeBumpTransaction): xdr.Transaction {
  const envelope = tx.toEnvelope()
  if (envelope.type !== 'envelopeTypeTx') throw new RangeError(`expected one, got ${envelope.type}`)
  return envelope.v1.tx
}

function returnedBy(meta: Uint8Array): Uint8Array {
  const parsed = xdr.TransactionMeta.fromXdr(Buffer.from(meta))
  const value = parsed.type === 'v4' ? parsed.v4.sorobanMeta?.returnValue : undefined
  return value === undefined || value === null ? EMPTY : new Uint8Array(value.toXdr())
}

/** What the operation ended with, as `trapped`; or the transaction, as `txInsufficientFee`. */
function reasonOf(result: Uint8Array): string {
  const parsed = xdr.TransactionResult.fromXdr(Buffer.from(result))
  const [, reason] = /"invoke_host_function":"(\w+)"/.exec(JSON.stringify(parsed.result)) ?? []
  return reason ?? parsed.result.type
}
