/**
 * The transaction of SEP-10. The library builds one from its own chance and clock, so that the same is built here of its parts from the terms alone:
 * it can be built again, and which challenge it belongs to stands in it. Verifying is the library's.
 * @see https://github.com/stellar/stellar-protocol/blob/master/ecosystem/sep-0010.md
 */
import {
  Account,
  BASE_FEE,
  Operation,
  StrKey,
  type Transaction,
  TransactionBuilder,
  xdr,
} from '@stellar/stellar-sdk'
import type { ChallengeTerms } from '../../auth/wallet-verifier.ts'
import type { SigningKey } from '../../node/crypto/sign.ts'
import { concat, fromHex, utf8 } from '../../node/primitives/bytes.ts'
import { sha256 } from '../../node/primitives/hash.ts'
import { MAX_TRANSACTION_CHARS } from './limits.ts'

/** What is the same in all challenges of a node. */
export interface ChallengeSetting {
  readonly signingKey: SigningKey
  readonly homeDomain: string
  readonly passphrase: string
}

/** Bytes of the value that are the nonce; 16 behind it are a hash of the other terms. SEP-10 has 48 in all. */
const NONCE_BYTES = 32
/** No bound: the width of the value. */
const VALUE_BYTES = 48

/** The transaction for the terms, without a signature. The same terms make the same one. */
export function challengeTransaction(
  terms: ChallengeTerms,
  account: string,
  { signingKey, homeDomain, passphrase }: ChallengeSetting,
): Transaction {
  const server = addressOf(signingKey)
  const others = [
    ...[terms.domain, terms.origin, account, passphrase],
    ...[terms.issuedAtMs, terms.expiresAtMs, ...terms.permissions],
  ]
  const value = concat(fromHex(terms.nonce), sha256(utf8(JSON.stringify(others)))).subarray(
    0,
    VALUE_BYTES,
  )
  // number -1, so that the transaction's is 0, which no account can send
  return new TransactionBuilder(new Account(server, '-1'), {
    fee: BASE_FEE,
    networkPassphrase: passphrase,
    timebounds: {
      minTime: Math.floor(terms.issuedAtMs / 1000),
      maxTime: Math.floor(terms.expiresAtMs / 1000),
    },
  })
    .addOperation(
      Operation.manageData({
        name: dataName(homeDomain),
        value: Buffer.from(value).toString('base64'),
        source: account,
      }),
    )
    .addOperation(
      Operation.manageData({ name: 'web_auth_domain', value: terms.domain, source: server }),
    )
    .build()
}

/** Signed by the node, base64. */
export function signChallenge(transaction: Transaction, signingKey: SigningKey): string {
  const signature = new xdr.DecoratedSignature({
    hint: new xdr.SignatureHint(signingKey.publicKey.slice(28)),
    signature: new xdr.Signature(signingKey.sign(transaction.hash())),
  })
  transaction.addDecoratedSignature(signature)
  return transaction.toEnvelope().toXdr('base64')
}

/** `G...` of a key. */
export function addressOf({ publicKey }: SigningKey): string {
  return StrKey.encodeEd25519PublicKey(publicKey)
}

function dataName(homeDomain: string): string {
  return `${homeDomain} auth`
}

// Places in the envelope of a challenge: type, source, fee, number, time bounds, memo (none), number of operations and the first one's
// source stand before the name, and all have one length, for a challenge has no muxed source and no memo (RFC 4506, Stellar-transaction.x).
const ACCOUNT_AT = 88
const NAME_AT = 128

/**
 * The nonce, found where a challenge has it: in microseconds, for it is done for anybody. Of anything but a challenge it is none, or one that was
 * never issued.
 */
export function claimedNonce(transaction: unknown, homeDomain: string): string | undefined {
  return claimed(transaction, homeDomain)?.nonce.toString('hex')
}

/** The account that a transaction was made for, found likewise. */
export function claimedAccount(transaction: unknown, homeDomain: string): string | undefined {
  const account = claimed(transaction, homeDomain)?.account
  return account === undefined ? undefined : StrKey.encodeEd25519PublicKey(account)
}

function claimed(
  transaction: unknown,
  homeDomain: string,
): { readonly nonce: Buffer; readonly account: Buffer } | undefined {
  if (typeof transaction !== 'string' || transaction.length > MAX_TRANSACTION_CHARS) {
    return undefined
  }
  const bytes = Buffer.from(transaction, 'base64')
  const nameLength = dataName(homeDomain).length
  // padded to four bytes; then that there is a value, and its length
  const valueAt = NAME_AT + Math.ceil(nameLength / 4) * 4 + 8
  const value = Buffer.from(bytes.toString('latin1', valueAt, valueAt + 64), 'base64')
  if (value.length !== VALUE_BYTES) return undefined
  return {
    nonce: value.subarray(0, NONCE_BYTES),
    account: bytes.subarray(ACCOUNT_AT, ACCOUNT_AT + 32),
  }
}
