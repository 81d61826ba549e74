/** Ed25519 keys and signatures over node:crypto, strict and with cached key objects (importing a key costs more than signing). */
import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign as cryptoSign,
  verify as cryptoVerify,
} from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { MerogateError } from '../errors.ts'
import { concat, toHex } from '../primitives/bytes.ts'
import { PublicKey } from '../primitives/ids.ts'

/** Key pairs and verified senders kept as imported objects; 1 KiB each at most. */
const CACHED_KEYS = 4096

// DER prefixes of RFC 8410: PKCS #8 private key and SubjectPublicKeyInfo of ed25519.
const PKCS8 = Uint8Array.of(48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32)
const SPKI = Uint8Array.of(48, 42, 48, 5, 6, 3, 43, 101, 112, 3, 33, 0)

/** An ed25519 private key in use. */
export interface SigningKey {
  readonly publicKey: PublicKey
  /** The 32-byte RFC 8032 seed. Secret. */
  readonly seed: Uint8Array
  /** RFC 8032 signature of the message, 64 bytes. */
  sign(message: Uint8Array): Uint8Array
}

/** A key from a 32-byte seed, or a new one. @throws KEY_INVALID (input) */
export function generateSigningKey(seed: Uint8Array = randomBytes(32)): SigningKey {
  if (seed.length !== 32) {
    throw new MerogateError(
      'KEY_INVALID',
      'input',
      `expected a seed of 32 bytes, got ${seed.length}`,
    )
  }
  const key = createPrivateKey({
    key: Buffer.from(concat(PKCS8, seed)),
    format: 'der',
    type: 'pkcs8',
  })
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return {
    publicKey: PublicKey.from(new Uint8Array(spki.subarray(SPKI.length))),
    seed: new Uint8Array(seed),
    sign: (message) => cryptoSign(null, message, key),
  }
}

const publicKeys = new LRUCache<string, KeyObject | { readonly refused: true }>({
  max: CACHED_KEYS,
})

function importPublicKey(publicKey: Uint8Array): KeyObject | undefined {
  const cacheKey = toHex(publicKey)
  const cached = publicKeys.get(cacheKey)
  if (cached !== undefined) return 'refused' in cached ? undefined : cached
  let imported: KeyObject | undefined
  if (isStrongKey(publicKey)) {
    try {
      imported = createPublicKey({
        key: Buffer.from(concat(SPKI, publicKey)),
        format: 'der',
        type: 'spki',
      })
    } catch {
      imported = undefined // not a point: no signature of such a key is valid
    }
  }
  publicKeys.set(cacheKey, imported ?? { refused: true })
  return imported
}

const P = 2n ** 255n - 19n
const L = 2n ** 252n + 27742317777372353535851937790883648493n

// The y coordinates of the eight points whose order divides eight; a test derives them anew.
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  P - 1n,
  2707385501144840649318225287225658788936804267575313519463743609750303402022n,
  55188659117513257062467267217118295137698188065244968500265048394206261417927n,
])

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(Uint8Array.from(bytes).reverse())}`)
}

// d of the curve -x^2 + y^2 = 1 + d x^2 y^2 (RFC 8032 5.1).
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n

/** Whether bytes are a canonical y, and not that of a point of small order. Whether there is such a point at all, it does not look. */
export function isStrongEncoding(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false
  const y = yOf(bytes)
  return y < P && !SMALL_ORDER_Y.has(y)
}

function yOf(bytes: Uint8Array): bigint {
  return littleEndian(bytes) & (2n ** 255n - 1n)
}

/** Whether a number is a square modulo P, by Euler's criterion. */
function isSquare(number: bigint): boolean {
  let result = 1n
  for (let base = number % P, rest = (P - 1n) / 2n; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * base) % P
    base = (base * base) % P
  }
  return result === 1n
}

/**
 * Whether bytes are the canonical encoding of a point that is not of small order: without this one key could stand for many messages, or for none,
 * and a group could be left to a manager that nobody is. The same rule as the contracts'.
 */
export function isStrongKey(publicKey: Uint8Array): boolean {
  if (!isStrongEncoding(publicKey)) return false
  // x^2 = u / v has a root when u v is a square (RFC 8032 5.1.3)
  const square = yOf(publicKey) ** 2n % P
  return isSquare((square + P - 1n) * (D * square + 1n))
}

/** Whether the second half of a signature is below the group order, as RFC 8032 5.1.7 demands. */
export function isCanonicalSignature(signature: Uint8Array): boolean {
  return signature.length === 64 && littleEndian(signature.subarray(32)) < L
}

/**
 * Strict ed25519 verification, the same on every node: canonical encodings, no small-order keys, S below the group order. A small-order R is
 * refused as well: newer OpenSSL does that by itself and older does not. Never throws: whatever is malformed is not a valid signature.
 */
export function verifySignature(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (!isCanonicalSignature(signature) || !isStrongEncoding(signature.subarray(0, 32))) return false
  const key = importPublicKey(publicKey)
  return key !== undefined && cryptoVerify(null, message, key, signature)
}
