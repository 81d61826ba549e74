/** How an account agrees: by signatures of its keys, whose weights add up to its medium threshold. */
import { compareBytes, equalBytes } from '../../../node/primitives/bytes.ts'
import { COST } from '../budget/costs.ts'
import type { Host } from '../host/host.ts'
import type { AccountEntry } from '../storage/entries.ts'
import { accountKey } from '../storage/keys.ts'
import { verifyEd25519 } from '../value/crypto.ts'
import { contractError, hostError } from '../value/errors.ts'
import type { Val } from '../value/word.ts'

const MAX_SIGNATURES = 20
/** Error of the contract that stands for accounts: the agreement does not hold. */
const AUTHENTICATION = 5
/** Place among the thresholds. */
const MEDIUM = 2
/** Bytes of the kind in XDR of a signer's key. */
export const KIND_BYTES = 4
const KIND_ED25519 = new Uint8Array(KIND_BYTES)

/** Whether XDR of a signer's key is of an ed25519 key. */
export function isEd25519(key: Uint8Array): boolean {
  return equalBytes(key.subarray(0, KIND_BYTES), KIND_ED25519)
}

/** Weight of a key, 0 where it is none of the account's. */
export function weightOf(
  { publicKey, thresholds, signers }: AccountEntry,
  key: Uint8Array,
): number {
  if (equalBytes(publicKey, key)) return thresholds[0]
  const signer = signers.find(
    (one) => isEd25519(one.key) && equalBytes(one.key.subarray(KIND_BYTES), key),
  )
  return Math.min(255, signer?.weight ?? 0)
}

/** @throws HostError */
export function checkAccount(
  host: Host,
  publicKey: Uint8Array,
  payload: Uint8Array,
  signature: Val,
): void {
  const refused = (detail: string): Error => contractError(AUTHENTICATION, detail)
  const signatures = host.objects.vec(signature)
  if (signatures.length > MAX_SIGNATURES) throw refused('too many account signers')
  if (signatures.length === 0) throw refused('no account signatures found')
  const { entry } = host.storage.expect(accountKey(publicKey), 'account')
  if (entry.kind !== 'account') throw hostError('Storage', 'InternalError', 'no account')
  let weight = 0
  let last: Uint8Array | undefined
  for (const one of signatures) {
    const { key, bytes } = readSignature(host, one)
    if (last !== undefined && compareBytes(last, key) >= 0) {
      throw refused('public keys are not ordered')
    }
    last = key
    host.budget.charge(COST.ed25519Key)
    host.budget.charge(COST.ed25519, payload.length)
    if (!verifyEd25519(key, payload, bytes)) {
      throw hostError('Crypto', 'InvalidInput', 'failed ED25519 verification')
    }
    const found = weightOf(entry, key)
    if (found === 0) throw refused('signer does not belong to account')
    weight += found
  }
  if (weight < entry.thresholds[MEDIUM]) throw refused('signature weight is lower than threshold')
}

/** A map of `public_key` and `signature`. */
function readSignature(
  { objects }: Host,
  value: Val,
): { readonly key: Uint8Array; readonly bytes: Uint8Array } {
  const [key, signature, ...others] = objects.map(value)
  const isShaped =
    key !== undefined &&
    signature !== undefined &&
    others.length === 0 &&
    objects.symbol(key[0]) === 'public_key' &&
    objects.symbol(signature[0]) === 'signature'
  if (!isShaped) throw hostError('Object', 'InvalidInput', 'bad account signature')
  return { key: objects.bytes(key[1]), bytes: objects.bytes(signature[1]) }
}
