/** Authenticated encryption: delta bodies under a derived epoch key, secrets at rest, and boxes that one identity can open. */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import { MerogateError } from '../errors.ts'
import { concat, EMPTY, utf8 } from '../primitives/bytes.ts'
import type { Random } from '../primitives/clock.ts'
import { isStrongKey } from './sign.ts'

/** AES-GCM nonce bytes. */
export const NONCE_BYTES = 12
/** AES-GCM tag bytes, appended to the ciphertext. */
export const TAG_BYTES = 16

/** HKDF-SHA-256 without salt to an AES-256 key object. */
export function deriveKey(secret: Uint8Array, info: Uint8Array): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, EMPTY, info, 32)))
}

/** AES-256-GCM: ciphertext and tag. A (key, nonce) pair must never seal twice. */
export function seal(
  key: KeyObject,
  nonce: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(aad)
  return concat(cipher.update(plaintext), cipher.final(), cipher.getAuthTag())
}

/** The plaintext, or undefined when key, nonce, associated data or bytes are not those it was sealed with. */
export function open(
  key: KeyObject,
  nonce: Uint8Array,
  aad: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  if (sealed.length < TAG_BYTES || nonce.length !== NONCE_BYTES) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, nonce)
  decipher.setAAD(aad)
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
  try {
    return concat(decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES)), decipher.final())
  } catch {
    return undefined // the only way GCM fails: authentication
  }
}

const P = 2n ** 255n - 19n

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let b = base % P, e = exponent; e > 0n; e >>= 1n, b = (b * b) % P) {
    if ((e & 1n) === 1n) result = (result * b) % P
  }
  return result
}

/** The X25519 public key of an ed25519 public key: u = (1 + y) / (1 - y) (RFC 7748 4.1, birational map). */
function toX25519Public(publicKey: Uint8Array): KeyObject {
  const y = BigInt(`0x${Buffer.from(publicKey).reverse().toString('hex')}`) & (2n ** 255n - 1n)
  const u = ((1n + y) * power(P + 1n - y, P - 2n)) % P
  const bytes = Buffer.from(u.toString(16).padStart(64, '0'), 'hex').reverse()
  return x25519Public(bytes)
}

const X25519_SPKI = Uint8Array.of(48, 42, 48, 5, 6, 3, 43, 101, 110, 3, 33, 0)
const X25519_PKCS8 = Uint8Array.of(48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 110, 4, 34, 4, 32)

function x25519Public(bytes: Uint8Array): KeyObject {
  return createPublicKey({
    key: Buffer.from(concat(X25519_SPKI, bytes)),
    format: 'der',
    type: 'spki',
  })
}

/** The X25519 private key of an ed25519 seed: the first half of its SHA-512, which X25519 clamps in the same way (RFC 8032 5.1.5). */
function toX25519Private(seed: Uint8Array): KeyObject {
  return x25519Private(createHash('sha512').update(seed).digest().subarray(0, 32))
}

function x25519Private(scalar: Uint8Array): KeyObject {
  return createPrivateKey({
    key: Buffer.from(concat(X25519_PKCS8, scalar)),
    format: 'der',
    type: 'pkcs8',
  })
}

const BOX_INFO = utf8('cali/box/1\0')
const BOX_NONCE = new Uint8Array(NONCE_BYTES) // each box has a fresh key, so one nonce serves

/** Bytes a box adds to its content: ephemeral public key and tag. */
export const BOX_OVERHEAD: number = 32 + TAG_BYTES

function boxKey(shared: Buffer, ephemeral: Uint8Array, recipient: Uint8Array): KeyObject {
  return deriveKey(shared, concat(BOX_INFO, ephemeral, recipient))
}

/**
 * Encrypts to an ed25519 identity: ephemeral X25519 key, HKDF-SHA-256, AES-256-GCM. Layout: ephemeral public key 32, ciphertext, tag 16.
 * @throws KEY_INVALID (input) when the recipient is not a usable point
 */
export function boxSeal(
  recipient: Uint8Array,
  aad: Uint8Array,
  content: Uint8Array,
  random: Random,
): Uint8Array {
  if (!isStrongKey(recipient)) throw unusable()
  const privateKey = x25519Private(random.bytes(32))
  const ephemeral = new Uint8Array(
    createPublicKey(privateKey)
      .export({ format: 'der', type: 'spki' })
      .subarray(X25519_SPKI.length),
  )
  let shared: Buffer
  try {
    shared = diffieHellman({ privateKey, publicKey: toX25519Public(recipient) })
  } catch (cause) {
    throw unusable(cause)
  }
  return concat(ephemeral, seal(boxKey(shared, ephemeral, recipient), BOX_NONCE, aad, content))
}

function unusable(cause?: unknown): MerogateError {
  const message = 'expected an ed25519 identity that can receive keys'
  return new MerogateError('KEY_INVALID', 'input', message, {}, { cause })
}

/** Opens a box made for the identity with this seed; undefined when it was not, or was changed. */
export function boxOpen(
  seed: Uint8Array,
  recipient: Uint8Array,
  aad: Uint8Array,
  box: Uint8Array,
): Uint8Array | undefined {
  if (box.length < BOX_OVERHEAD) return undefined
  const ephemeral = box.subarray(0, 32)
  try {
    const shared = diffieHellman({
      privateKey: toX25519Private(seed),
      publicKey: x25519Public(ephemeral),
    })
    return open(boxKey(shared, ephemeral, recipient), BOX_NONCE, aad, box.subarray(32))
  } catch {
    return undefined // a small-order ephemeral key
  }
}
