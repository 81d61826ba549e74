/** Public keys of the Internet Computer: which there are, and what they signed. */
import { createPublicKey, type KeyObject, verify as cryptoVerify } from 'node:crypto'
import { refused } from '../../../auth/errors.ts'
import { equalBytes, fromHex, toHex } from '../../../node/primitives/bytes.ts'
import { verifySignature } from '../../../node/crypto/sign.ts'

/** A key that signs by itself. */
export interface PlainKey {
  readonly kind: 'ed25519' | 'p256' | 'secp256k1'
  /** 32 bytes of ed25519, 65 of the others. */
  readonly point: Uint8Array
}

/** A canister's word in place of a key: `seed` says whose. */
export interface CanisterKey {
  readonly kind: 'canister'
  readonly canisterId: Uint8Array
  readonly seed: Uint8Array
}

// SubjectPublicKeyInfo up to the key itself (RFC 8410, RFC 5480); of each curve the one form that wallets write
const FORMS = [
  { kind: 'ed25519', bytes: 32, prefix: '302a300506032b6570032100' },
  { kind: 'p256', bytes: 65, prefix: '3059301306072a8648ce3d020106082a8648ce3d030107034200' },
  { kind: 'secp256k1', bytes: 65, prefix: '3056301006072a8648ce3d020106052b8104000a034200' },
] as const
/** Algorithm 1.3.6.1.4.1.56387.1.2, with what precedes and follows it but for two lengths. */
const CANISTER = fromHex('300c060a2b0601040183b8430102')
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
/** No bound: the width of a signature. */
const SIGNATURE_BYTES = 64
/** Bytes of a principal. */
const MAX_CANISTER_ID_BYTES = 29

/** A key of its DER. @throws AUTH_REFUSED */
export function parseKey(der: Uint8Array): PlainKey | CanisterKey {
  for (const { kind, bytes, prefix } of FORMS) {
    const at = prefix.length / 2
    if (der.length !== at + bytes || toHex(der.subarray(0, at)) !== prefix) continue
    return { kind, point: der.subarray(at) }
  }
  const canister = parseCanisterKey(der)
  if (canister !== undefined) return canister
  throw refused('a public key of an algorithm that is not known here')
}

/** SEQUENCE { algorithm, BIT STRING { length of the id, id, seed } }, all shorter than 128 bytes. */
function parseCanisterKey(der: Uint8Array): CanisterKey | undefined {
  const at = 2 + CANISTER.length
  const payload = der.subarray(at + 3)
  const [idLength = 0] = payload
  const isOne =
    der.length < 128 &&
    der[0] === 0x30 &&
    der[1] === der.length - 2 &&
    equalBytes(der.subarray(2, at), CANISTER) &&
    der[at] === 0x03 &&
    der[at + 1] === payload.length + 1 &&
    der[at + 2] === 0 &&
    idLength > 0 &&
    idLength <= MAX_CANISTER_ID_BYTES &&
    payload.length > idLength
  if (!isOne) return undefined
  const canisterId = payload.subarray(1, 1 + idLength)
  return { kind: 'canister', canisterId, seed: payload.subarray(1 + idLength) }
}

/**
 * Whether a key signed a message. ECDSA is over SHA-256, r and s of 32 bytes each. A high s is refused of secp256k1, whose wallets make low ones
 * only; those of P-256 (browsers) make either.
 */
export function isSignedBy(key: PlainKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false
  if (key.kind === 'ed25519') return verifySignature(key.point, message, signature)
  if (key.kind === 'secp256k1') {
    const s = BigInt(`0x${toHex(signature.subarray(32))}`)
    if (s > N / 2n) return false
  }
  const imported = importPoint(key)
  if (imported === undefined) return false
  return cryptoVerify('sha256', message, { key: imported, dsaEncoding: 'ieee-p1363' }, signature)
}

function importPoint({ kind, point }: PlainKey): KeyObject | undefined {
  const { prefix } = FORMS.find((form) => form.kind === kind) ?? FORMS[0]
  try {
    const key = Buffer.concat([fromHex(prefix), point])
    return createPublicKey({ key, format: 'der', type: 'spki' })
  } catch {
    return undefined // not a point of the curve
  }
}
