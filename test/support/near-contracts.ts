/**
 * The committed contracts on a local NEAR chain in this process, with no server and no adapter between: for tests of the contracts themselves,
 * which make thousands of calls and set the clock to the second.
 */
import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Chain } from '../../src/devnet/near/chain/chain.ts'
import { PROTOCOL_88 } from '../../src/devnet/near/parameters.ts'
import { query } from '../../src/devnet/near/rpc/query.ts'
import type { Action, Outcome as ChainOutcome, PublicKey } from '../../src/devnet/near/types.ts'
import type { Domain } from '../../src/node/anchor/operations.ts'
import { EMPTY, fromBase58, toBase58, toHex, utf8 } from '../../src/node/primitives/bytes.ts'
import { sha256 } from '../../src/node/primitives/hash.ts'
import { seededKeyPair } from '../../src/devnet/near/codec/keys.ts'

/** First second of every chain. */
export const GENESIS = 1_800_000_000n
/** The network's name, by which the contracts know it. */
export const NETWORK = 'localnet'
/** Yocto of one NEAR. */
export const NEAR: bigint = 10n ** 24n
/** Yocto that a byte of storage costs. */
export const BYTE_COST: bigint = 10n ** 19n
/**
 * The chain's parameters, but for a memory that begins small: all that this changes is that thousands of calls do not wait for as many times
 * 64 MiB.
 */
const PARAMETERS = {
  ...PROTOCOL_88,
  wasm: { ...PROTOCOL_88.wasm, memory: { ...PROTOCOL_88.wasm.memory, initial: 32 } },
}
/** Gas of every call. */
const GAS = 300_000_000_000_000n
/** Accounts with funds. The first has the contracts below it. */
const ACCOUNTS = ['test.near', 'payer.near', 'other.near', 'stranger.near'] as const
export const PAYER = 'payer.near'
/** All accounts have the same key. */
const KEY = seededKeyPair('bench')
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

const ARTEFACTS = join(import.meta.dirname, '../../contracts/artifacts/near')

export type ContractName = 'contexts' | 'packages'

/** The bytes that are committed. */
export function moduleBytes(name: ContractName): Uint8Array {
  return new Uint8Array(readFileSync(join(ARTEFACTS, name, `${name}.wasm`)))
}

/** Money that a contract sent away. */
export interface Transfer {
  readonly to: string
  readonly amount: bigint
}

/** What a call came to. */
export interface Outcome {
  /** Text of the panic, or what else went wrong. */
  readonly error: string | undefined
  readonly value: Uint8Array
  /** The receipt whose answer is that of the call. */
  readonly handedTo: string | undefined
  readonly logs: readonly string[]
  readonly transfers: readonly Transfer[]
  /** Of the contract's own execution. */
  readonly gas: bigint
}

/** Who calls, and what comes with it. */
export interface By {
  /** @default PAYER */
  readonly by?: string
  /** Yocto. @default 0n */
  readonly deposit?: bigint
}

const PANIC = 'Smart contract panicked: '

/** What a failure says. */
function errorText(error: unknown): string {
  const text = JSON.stringify(error)
  const [, panic] = /"ExecutionError":"((?:[^"\\]|\\.)*)"/.exec(text) ?? []
  return panic?.startsWith(PANIC) === true ? panic.slice(PANIC.length) : text
}

export class NearBench {
  readonly chain: Chain
  #now: bigint = GENESIS
  readonly #key: KeyObject
  #nonce = 0n

  constructor() {
    const secret = fromBase58(KEY.secretKey.slice('ed25519:'.length)).subarray(0, 32)
    const key = Buffer.concat([PKCS8, secret])
    this.#key = createPrivateKey({ key, format: 'der', type: 'pkcs8' })
    this.chain = new Chain({
      ...{ chainId: NETWORK, parameters: PARAMETERS, seed: '', mode: 'instant' },
      ...{ now: () => this.#now * 1_000_000_000n, historyBlocks: 0 },
    })
    const amount = 10n ** 6n * NEAR
    this.chain.begin(ACCOUNTS.map((id) => ({ id, amount, publicKey: KEY.publicKey })))
  }

  /** Unix seconds, of the last block too. */
  get now(): bigint {
    return this.#now
  }

  setTime(now: bigint): void {
    if (now === this.#now) return
    this.#now = now
    this.chain.mine(1)
  }

  /** Goes back to a snapshot of the chain, and to its time. */
  revert(snapshot: number): void {
    this.chain.revert(snapshot)
    this.#now = this.chain.blocks.head.timestamp / 1_000_000_000n
  }

  /** Deploys a contract as a release does: one transaction that leaves no key. @returns its account */
  deploy(name: ContractName, predecessor: string | null = null, label: string = name): string {
    const account = `${label}.test.near`
    const args = utf8(JSON.stringify({ network: NETWORK, predecessor }))
    const { error } = this.transact('test.near', account, [
      { type: 'create' },
      { type: 'transfer', deposit: 10n * NEAR },
      { type: 'deploy', code: moduleBytes(name) },
      { type: 'call', method: 'new', args, gas: GAS / 3n, deposit: 0n },
    ])
    if (error !== undefined) throw new RangeError(`expected a deployment, got ${error}`)
    return account
  }

  domain(account: string): Domain {
    return { chain: 1, network: sha256(utf8(NETWORK)), contract: utf8(account) }
  }

  call(account: string, method: string, args: Uint8Array, by: By = {}): Outcome {
    const { by: caller = PAYER, deposit = 0n } = by
    return this.transact(caller, account, [{ type: 'call', method, args, gas: GAS, deposit }])
  }

  /** Sends a transaction, and makes all that follows from it. */
  transact(signerId: string, receiverId: string, actions: readonly Action[]): Outcome {
    return this.outcomeOf(this.#submit(signerId, receiverId, actions), receiverId)
  }

  /** Sends a call, which waits for blocks where the chain makes none by itself. @returns hash of the transaction */
  begin(
    account: string,
    method: string,
    args: Uint8Array,
    { by = PAYER, deposit = 0n }: By,
  ): string {
    return this.#submit(by, account, [{ type: 'call', method, args, gas: GAS, deposit }])
  }

  #submit(signerId: string, receiverId: string, actions: readonly Action[]): string {
    const { chain } = this
    this.#nonce += 1n
    const publicKey: PublicKey = KEY.publicKey
    const hashBytes = sha256(utf8(`transaction ${this.#nonce}`))
    const hash = toBase58(hashBytes)
    const bytes = new Uint8Array(sign(null, hashBytes, this.#key))
    chain.submit({
      ...{ signerId, publicKey, receiverId, actions, hash, hashBytes, size: 100 },
      ...{ nonce: this.#nonce, blockHash: chain.blocks.head.hash },
      signature: { type: 'ed25519', bytes },
    })
    return hash
  }

  /** What came of the first receipt of a transaction. */
  outcomeOf(hash: string, account: string): Outcome {
    const [first = ''] = this.chain.transaction(hash)?.outcome?.receiptIds ?? []
    const outcome = this.chain.outcome(first)
    if (outcome === undefined) throw new RangeError('expected an outcome, got none')
    return this.#told(outcome, account)
  }

  /** The byte that a call came to in the end, by the receipts that it was handed on to; or what its own receipt was refused with. */
  ended({ error, handedTo, value }: Outcome): string {
    if (error !== undefined) return error.split(':')[1] ?? error
    if (handedTo === undefined) return value.join()
    const outcome = this.chain.outcome(handedTo)
    if (outcome === undefined) throw new RangeError('expected an outcome, got none')
    return this.ended(this.#told(outcome, outcome.executorId))
  }

  #told(outcome: ChainOutcome, account: string): Outcome {
    const { status, logs, receiptIds, gasBurnt } = outcome
    const transfers = receiptIds.flatMap((id) => {
      const receipt = this.chain.receipt(id)
      if (receipt?.predecessorId !== account) return []
      return receipt.actions.flatMap((action) =>
        action.type === 'transfer' ? [{ to: receipt.receiverId, amount: action.deposit }] : [],
      )
    })
    return {
      error: status.type === 'failure' ? errorText(status.error) : undefined,
      value: status.type === 'value' ? status.value : EMPTY,
      handedTo: status.type === 'receipt' ? status.id : undefined,
      ...{ logs, transfers, gas: gasBurnt },
    }
  }

  /** Asks a view. @throws RangeError with what it panicked with */
  view(account: string, method: string, args: Uint8Array = EMPTY): Uint8Array {
    const asked = { request_type: 'call_function', account_id: account, method_name: method }
    const args_base64 = Buffer.from(args).toString('base64')
    const answer = query(this.chain, { ...asked, args_base64, finality: 'optimistic' }) as {
      readonly result?: readonly number[]
      readonly error?: string
    } // by NEAR's specification
    if (answer.result === undefined) throw new RangeError(answer.error ?? 'no answer')
    return Uint8Array.from(answer.result)
  }

  /** All that a contract stores, hexadecimal. */
  stored(account: string): Map<string, string> {
    const rows = this.chain.state.dataOf(account, EMPTY)
    return new Map(rows.map(([key, value]) => [toHex(key), toHex(value)]))
  }

  /** Stores a record that no request would get to. */
  plant(account: string, key: Uint8Array, value: Uint8Array | undefined): void {
    this.chain.patch((state) => state.setData(account, key, value))
  }

  /** Bytes of storage that an account pays for. */
  usage(account: string): bigint {
    return this.chain.state.account(account)?.storage ?? 0n
  }

  balance(account: string): bigint {
    return this.chain.state.account(account)?.amount ?? 0n
  }
}
