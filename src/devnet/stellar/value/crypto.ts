/** Signatures and hashes as the host of the network judges and makes them. */
import { createPublicKey, verify } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519'
import { p256 } from '@noble/curves/p256'
import { secp256k1 } from '@noble/curves/secp256k1'
import { sha512 } from '@noble/hashes/sha2'
import { concat, equalBytes, toHex } from '../../../node/primitives/bytes.ts'

const { ExtendedPoint, CURVE } = ed25519
type Point = InstanceType<typeof ExtendedPoint>

/** Everything before the 32 bytes of a key. */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(Uint8Array.from(bytes).reverse())}`)
}

/** The point of an encoding, also of one that is not the shortest. */
function pointOf(bytes: Uint8Array): Point | undefined {
  try {
    return ExtendedPoint.fromHex(bytes, true)
  } catch {
    return undefined
  }
}

/**
 * ed25519 as the host verifies it, by ed25519-dalek's `verify_strict`: without cofactor, neither the key nor the point R of small order, the
 * scalar reduced, and R compared as a point, so that an encoding that is not the shortest is taken.
 */
export function verifyEd25519(
  key: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (key.length !== 32 || signature.length !== 64) return false
  const encoded = signature.subarray(0, 32)
  const point = pointOf(key)
  const nonce = pointOf(encoded)
  if (point === undefined || nonce === undefined) return false
  if (point.isSmallOrder() || nonce.isSmallOrder()) return false
  // OpenSSL takes nothing else that dalek refuses; what it refuses is looked at more slowly
  if (verifyWithOpenSsl(key, message, signature)) return true
  const scalar = littleEndian(signature.subarray(32))
  if (scalar >= CURVE.n || isShortest(key, point) === isShortest(encoded, nonce)) return false
  const hash = littleEndian(sha512(concat(encoded, key, message))) % CURVE.n
  const expected = ExtendedPoint.BASE.multiplyUnsafe(scalar).subtract(point.multiplyUnsafe(hash))
  return expected.equals(nonce)
}

function isShortest(encoded: Uint8Array, point: Point): boolean {
  return equalBytes(point.toRawBytes(), encoded)
}

function verifyWithOpenSsl(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    const publicKey = createPublicKey({
      key: Buffer.concat([SPKI, key]),
      format: 'der',
      type: 'spki',
    })
    return verify(null, message, publicKey, signature)
  } catch {
    return false
  }
}

const CURVES = { secp256k1, secp256r1: p256 }

/** Whether it is a signature of a curve, with S in the lower half. */
export function isLowSignature(curve: 'secp256k1' | 'secp256r1', signature: Uint8Array): boolean {
  try {
    return !CURVES[curve].Signature.fromCompact(signature).hasHighS()
  } catch {
    return false
  }
}

/** Whether it is a point of P-256, not compressed. */
export function isSecp256r1Point(key: Uint8Array): boolean {
  try {
    p256.ProjectivePoint.fromHex(key).assertValidity()
    return key.length === 65
  } catch {
    return false
  }
}

/** The key that made a signature with S in the lower half, 65 bytes; undefined where there is none. */
export function recoverSecp256k1(
  digest: Uint8Array,
  signature: Uint8Array,
  recovery: number,
): Uint8Array | undefined {
  try {
    const parsed = secp256k1.Signature.fromCompact(signature)
    return parsed.addRecoveryBit(recovery).recoverPublicKey(digest).toRawBytes(false)
  } catch {
    return undefined
  }
}

/** P-256; S must be in the lower half. */
export function verifySecp256r1(
  key: Uint8Array,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    return p256.verify(signature, digest, key, { prehash: false, lowS: true, format: 'compact' })
  } catch {
    return false
  }
}
