/** An account that signs transactions: its keys, and the bytes of what it sends. */
import {
  type Action,
  actions,
  createTransaction,
  encodeTransaction,
  KeyPair,
  PublicKey,
  SignedTransaction,
  Signature,
} from 'near-api-js'
import { fromBase58, toBase58 } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import type { AccountKeys, SecretKey } from '../key.ts'

export type { Action } from 'near-api-js'

/** A signed transaction. */
export interface SignedBytes {
  /** Its hash, base58. */
  readonly hash: string
  /** As `send_tx` takes it. */
  readonly base64: string
}

/** What is to be signed. */
export interface Unsigned {
  readonly receiver: string
  readonly actions: readonly Action[]
  readonly nonce: bigint
  /** Hash of a block of the last day, base58. */
  readonly block: string
}

/** A key that signs for an account. */
export class SigningKey {
  /** As `ed25519:<base58>`. */
  readonly name: string
  readonly #pair: KeyPair
  readonly #publicKey: PublicKey

  constructor(secret: SecretKey) {
    this.#pair = KeyPair.fromString(secret)
    this.#publicKey = this.#pair.getPublicKey()
    this.name = this.#publicKey.toString()
  }

  /** The public half, for actions about keys. */
  get publicKey(): PublicKey {
    return this.#publicKey
  }

  sign(account: string, { receiver, actions: list, nonce, block }: Unsigned): SignedBytes {
    const transaction = createTransaction(
      account,
      this.#publicKey,
      receiver,
      nonce,
      [...list],
      fromBase58(block),
    )
    const hash = sha256(encodeTransaction(transaction))
    const { signature } = this.#pair.sign(hash)
    const signed = new SignedTransaction({
      transaction,
      signature: new Signature({ keyType: this.#publicKey.keyType, data: signature }),
    })
    return {
      hash: toBase58(hash),
      base64: Buffer.from(encodeTransaction(signed)).toString('base64'),
    }
  }
}

/** Tells transactions apart by what they do, whatever their nonces and keys. */
export function wishOf(account: string, receiver: string, list: readonly Action[]): string {
  const key = new PublicKey({ keyType: 0, data: new Uint8Array(32) })
  const transaction = createTransaction(account, key, receiver, 0n, [...list], new Uint8Array(32))
  return toBase58(sha256(encodeTransaction(transaction)))
}

/** Keys of an account as they sign. */
export function signingKeys({ keys }: AccountKeys): readonly SigningKey[] {
  return keys.map((key) => new SigningKey(key))
}

/** A call of a contract's function. */
export function callAction(
  method: string,
  args: Uint8Array,
  { gas, deposit = 0n }: { readonly gas: bigint; readonly deposit?: bigint | undefined },
): Action {
  return actions.functionCall(method, args, gas, deposit)
}
