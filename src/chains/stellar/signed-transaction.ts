/** A SEP-10 transaction that came back signed. */
import { StrKey, Transaction, WebAuth } from '@stellar/stellar-sdk'
import { refused } from '../../auth/errors.ts'
import { verifySignature } from '../../node/crypto/sign.ts'
import { equalBytes } from '../../node/primitives/bytes.ts'
import { checkSignature, orRefused } from '../shared/sign-in-checks.ts'
import type { AccountSigners } from './account.ts'
import { addressOf, type ChallengeSetting } from './challenge-transaction.ts'

/** A transaction that is the issued one, with signatures nobody has looked at. */
export interface SignedTransaction {
  /** As it came, base64. */
  readonly envelope: string
  readonly hash: Uint8Array
  readonly signatures: readonly Uint8Array[]
}

/** @throws AUTH_REFUSED unless it is the issued one, somebody else signed it too, and signatures are canonical */
export function readTransaction(envelope: string, issued: Transaction): SignedTransaction {
  const transaction = orRefused(
    'the transaction',
    () => new Transaction(envelope, issued.networkPassphrase),
  )
  const hash = transaction.hash()
  if (!equalBytes(hash, issued.hash()))
    throw refused('the transaction is not that of the challenge')
  const signatures = transaction.signatures.map(({ signature }) => signature.toBytes())
  if (signatures.length < 2) throw refused('nobody but the node signed the transaction')
  for (const signature of signatures) checkSignature(signature)
  return { envelope, hash, signatures }
}

/**
 * The account's keys that signed. The library has the last word; it takes 5 ms a signature, and so is asked only when node:crypto finds all of them
 * good.
 * @throws AUTH_REFUSED unless the node signed, and enough of the account's signers, and nobody else
 */
export function signersOf(
  { envelope, hash, signatures }: SignedTransaction,
  { threshold, signers }: AccountSigners,
  setting: ChallengeSetting & { readonly webAuthDomain: string },
): readonly string[] {
  const { signingKey, passphrase, homeDomain, webAuthDomain } = setting
  const server = addressOf(signingKey)
  const keys = [server, ...signers.map(({ key }) => key)].map((key) =>
    StrKey.decodeEd25519PublicKey(key),
  )
  if (!signatures.every((signature) => keys.some((key) => verifySignature(key, hash, signature)))) {
    throw refused('a signature is of no signer of the account')
  }
  try {
    return WebAuth.verifyChallengeTxThreshold(
      ...[envelope, server, passphrase, threshold],
      signers.map((signer) => ({ ...signer, type: 'ed25519_public_key' })),
      ...[homeDomain, webAuthDomain],
    )
  } catch (cause) {
    throw refused(reasonOf(cause), cause)
  }
}

/** The library's reason: its own words and this node's terms. */
function reasonOf(cause: unknown): string {
  return cause instanceof WebAuth.InvalidChallengeError ? cause.message : 'the library failed'
}
