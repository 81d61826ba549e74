/** A local NEAR chain without its thread and its server: transactions go in, outcomes come out. */
import {
  type Action,
  actions,
  createTransaction,
  encodeTransaction,
  KeyPair,
  KeyPairSigner,
  type KeyPairString,
} from 'near-api-js'
import { Chain, type ChainInit } from '../../src/devnet/near/chain/chain.ts'
import { seededKeyPair } from '../../src/devnet/near/codec/keys.ts'
import { decodeTransaction } from '../../src/devnet/near/codec/transaction.ts'
import { PROTOCOL_88 } from '../../src/devnet/near/parameters.ts'
import type { Account, Outcome, Transaction } from '../../src/devnet/near/types.ts'
import { fromBase58, fromUtf8 } from '../../src/node/primitives/bytes.ts'
import { START_MS } from './hand-clock.ts'
import { wat } from './wat.ts'

/** One token, in yoctoNEAR. */
export const NEAR: bigint = 10n ** 24n
export const TGAS: bigint = 10n ** 12n
/** What an account has in the beginning. */
export const BALANCE: bigint = 1000n * NEAR

/** What may be said of a transaction beside what is in it. */
export interface SendOptions {
  /** Secret key. @default the account's own */
  readonly key?: KeyPairString
  readonly nonce?: bigint
  /** Base58. @default the newest block's */
  readonly blockHash?: string
}

/** A transaction and all that followed from it. */
export interface Sent {
  readonly transaction: Transaction
  /** Of the transaction, then of its receipts, parents first. */
  readonly outcomes: readonly [Outcome, ...Outcome[]]
}

export class DevnetScene {
  readonly chain: Chain
  /** Height of each call of the clock. */
  #time = BigInt(START_MS) * 1_000_000n

  constructor(accounts: readonly string[], init: Partial<ChainInit> = {}) {
    this.chain = new Chain({
      chainId: 'test',
      parameters: PROTOCOL_88,
      now: () => (this.#time += 1_000_000_000n),
      seed: 'scene',
      mode: 'instant',
      historyBlocks: 100,
      ...init,
    })
    this.chain.begin(
      accounts.map((id) => ({ id, amount: BALANCE, publicKey: seededKeyPair(id).publicKey })),
    )
  }

  /** @throws Error of near-api-js where there is no such account */
  account(id: string): Account {
    const account = this.chain.state.account(id)
    if (account === undefined) throw new RangeError(`there is no account ${id}`)
    return account
  }

  /** Signs what is to be sent. */
  async sign(
    signerId: string,
    receiverId: string,
    list: readonly Action[],
    { key = seededKeyPair(signerId).secretKey, nonce, blockHash }: SendOptions = {},
  ): Promise<Transaction> {
    const pair = KeyPair.fromString(key)
    const publicKey = pair.getPublicKey()
    const known = this.chain.state.key(signerId, publicKey.toString())?.nonce ?? 0n
    const hash = fromBase58(blockHash ?? this.chain.blocks.head.hash)
    const made = createTransaction(
      signerId,
      publicKey,
      receiverId,
      nonce ?? known + 1n,
      [...list],
      hash,
    )
    const { signedTransaction } = await new KeyPairSigner(pair).signTransaction(made)
    return decodeTransaction(encodeTransaction(signedTransaction))
  }

  /** Signs, sends, and waits for all receipts. @throws TransactionRefused */
  async send(
    signerId: string,
    receiverId: string,
    list: readonly Action[],
    options: SendOptions = {},
  ): Promise<Sent> {
    const transaction = await this.sign(signerId, receiverId, list, options)
    this.chain.submit(transaction)
    return { transaction, outcomes: this.outcomes(transaction.hash) }
  }

  /** Puts a contract of WebAssembly text on an account. */
  async deploy(id: string, text: string): Promise<Sent> {
    return this.send(id, id, [actions.deployContract(wat(text))])
  }

  /** Calls a method, with much gas. */
  async call(
    signerId: string,
    receiverId: string,
    method: string,
    {
      deposit = 0n,
      gas = 300n * TGAS,
      ...options
    }: SendOptions & { deposit?: bigint; gas?: bigint } = {},
  ): Promise<Sent> {
    const action = actions.functionCall(method, new Uint8Array(), gas, deposit)
    return this.send(signerId, receiverId, [action], options)
  }

  /** All there are by now. */
  outcomes(hash: string): readonly [Outcome, ...Outcome[]] {
    const first = this.chain.transaction(hash)?.outcome
    if (first === undefined) throw new RangeError(`there is no outcome of ${hash}`)
    const later = ({ receiptIds }: Outcome): Outcome[] =>
      receiptIds.flatMap((id) => {
        const outcome = this.chain.outcome(id)
        return outcome === undefined ? [] : [outcome, ...later(outcome)]
      })
    return [first, ...later(first)]
  }

  /** Tokens of all accounts. */
  total(accounts: readonly string[]): bigint {
    return accounts.reduce((sum, id) => {
      const account = this.chain.state.account(id)
      return sum + (account?.amount ?? 0n) + (account?.locked ?? 0n)
    }, 0n)
  }
}

/** What came of it, as text: `value:…`, `failure:…`. */
export function resultOf(scene: DevnetScene, [first]: readonly [Outcome, ...Outcome[]]): string {
  let { status } = first
  while (status.type === 'receipt') {
    const next = scene.chain.outcome(status.id)
    if (next === undefined) return 'waiting'
    status = next.status
  }
  return status.type === 'value'
    ? `value:${fromUtf8(status.value)}`
    : `failure:${JSON.stringify(status.error)}`
}
