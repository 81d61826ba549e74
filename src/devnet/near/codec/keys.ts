/** Public keys as text and bytes, key pairs from seeds, and NEAR's signatures. */
import { createPrivateKey, createPublicKey, verify } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519'
import { secp256k1 } from '@noble/curves/secp256k1'
import { sha512 } from '@noble/hashes/sha2'
import {
  concat,
  equalBytes,
  fromBase58,
  toBase58,
  toHex,
  utf8,
} from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import type { PublicKey, Signature } from '../types.ts'

const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex')
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
/** Bytes of a key after its type's. */
const KEY_BYTES = { ed25519: 32, secp256k1: 64 } as const
const TYPES = ['ed25519', 'secp256k1'] as const

/** A key pair in NEAR's text forms. */
export interface NearKeyPair {
  readonly publicKey: PublicKey
  /** `ed25519:` and base58 of seed and public key, 64 bytes. */
  readonly secretKey: `ed25519:${string}`
}

/** Text of a type's byte and the key behind it, or undefined where that is none. */
export function publicKeyText(bytes: Uint8Array): PublicKey | undefined {
  const type = TYPES[bytes[0] ?? -1]
  if (type === undefined || bytes.length !== 1 + KEY_BYTES[type]) return undefined
  return `${type}:${toBase58(bytes.subarray(1))}`
}

/** A type's byte and the key, or undefined where the text is no key. */
export function publicKeyBytes(text: PublicKey): Uint8Array | undefined {
  const at = text.indexOf(':')
  const name = at === -1 ? 'ed25519' : text.slice(0, at)
  const type = TYPES.findIndex((one) => one === name)
  const length = type === -1 ? -1 : KEY_BYTES[TYPES[type] ?? 'ed25519']
  try {
    const key = fromBase58(text.slice(at + 1))
    return key.length === length ? concat(Uint8Array.of(type), key) : undefined
  } catch {
    return undefined
  }
}

/** Bytes of a key that was checked when it came in. */
export function knownKeyBytes(text: PublicKey): Uint8Array {
  return publicKeyBytes(text) ?? new Uint8Array(33)
}

/** An ed25519 key pair that a text gives: the same on every start, known to everybody. */
export function seededKeyPair(seed: string): NearKeyPair {
  const secret = sha256(utf8(`merogate-devnet-near\0${seed}`))
  const key = createPrivateKey({
    key: Buffer.concat([ED25519_PKCS8, secret]),
    format: 'der',
    type: 'pkcs8',
  })
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  const publicKey = spki.subarray(ED25519_SPKI.length)
  return {
    publicKey: `ed25519:${toBase58(publicKey)}`,
    secretKey: `ed25519:${toBase58(concat(secret, publicKey))}`,
  }
}

/**
 * ed25519 as NEAR's VM and its nodes verify it, by ed25519-dalek's `verify`, which is not `verify_strict`: the equation without cofactor,
 * and the point compared byte by byte. So points of mixed order are refused, while keys and points of small order are taken, and
 * encodings of keys that are not the shortest.
 */
export function verifyEd25519(
  key: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  // OpenSSL takes nothing that dalek refuses; what it refuses is looked at more slowly, for it is stricter with weak keys
  return verifyWithOpenSsl(key, message, signature) || holdsWithoutCofactor(key, message, signature)
}

function verifyWithOpenSsl(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    const spki = Buffer.concat([ED25519_SPKI, key])
    const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' })
    return verify(null, message, publicKey, signature)
  } catch {
    return false
  }
}

function holdsWithoutCofactor(
  key: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { ExtendedPoint: Point, CURVE } = ed25519
  const scalar = littleEndian(signature.subarray(32))
  if (scalar >= CURVE.n) return false
  try {
    const encoded = signature.subarray(0, 32)
    const hash = littleEndian(sha512(concat(encoded, key, message))) % CURVE.n
    const point = Point.fromBytes(key, true)
    const left = Point.BASE.multiplyUnsafe(scalar)
    return equalBytes(left.subtract(point.multiplyUnsafe(hash)).toBytes(), encoded)
  } catch {
    return false
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(Uint8Array.from(bytes).reverse())}`)
}

/** Whether a key signed the hash of a transaction or delegate action. */
export function verifySignature(
  publicKey: PublicKey,
  signature: Signature,
  hash: Uint8Array,
): boolean {
  const bytes = publicKeyBytes(publicKey)
  if (bytes === undefined || TYPES[bytes[0] ?? -1] !== signature.type) return false
  const key = bytes.subarray(1)
  if (signature.type === 'ed25519') return verifyEd25519(key, hash, signature.bytes)
  try {
    const uncompressed = concat(Uint8Array.of(4), key)
    return secp256k1.verify(signature.bytes.subarray(0, 64), hash, uncompressed, { lowS: false })
  } catch {
    return false
  }
}
