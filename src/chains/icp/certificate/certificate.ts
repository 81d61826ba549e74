/**
 * Certificates: what the network says of its state, signed by the root subnet, or by a subnet whose key and canisters the root subnet certifies.
 * @see https://internetcomputer.org/docs/references/ic-interface-spec#certificate
 */
import { LRUCache } from 'lru-cache'
import {
  compareBytes,
  concat,
  equalBytes,
  fromHex,
  toHex,
  utf8,
} from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import { MAX_KNOWN_CERTIFICATES, MAX_KNOWN_SUBNETS } from '../limits.ts'
import { type CborMap, type CborValue, decodeCbor, type Wrong } from './cbor.ts'
import { digestOf, type HashTree, lookUp, parseTree, separated, valuesBelow } from './hash-tree.ts'

// SubjectPublicKeyInfo of BLS12-381 up to the key, which has 96 bytes
const BLS_PREFIX = fromHex(
  '308182301d060d2b0601040182dc7c0503010201060c2b0601040182dc7c05030201036100',
)
/** No bound: the width of a key. */
const BLS_KEY_BYTES = 96
/** No bound: the width of a signature. */
const BLS_SIGNATURE_BYTES = 48
const STATE_ROOT = separated('ic-state-root')

/** Whether a BLS12-381 key, 96 bytes, signed a message; 48 bytes. May throw for what is no point of the curve. */
export type BlsVerify = (key: Uint8Array, signature: Uint8Array, message: Uint8Array) => boolean

/** A certificate that was read. Nothing in it is true before {@link Certificates.check}. */
export interface Certificate {
  readonly tree: HashTree
  /** SHA-256 of all its bytes. */
  readonly digest: Uint8Array
  readonly signature: Uint8Array
  readonly delegation:
    { readonly subnetId: Uint8Array; readonly certificate: Uint8Array } | undefined
}

/** @throws what `wrong` makes */
export function parseCertificate(value: CborValue | undefined, wrong: Wrong): Certificate {
  const bytes = bytesOf(value, 'a certificate', wrong)
  const parts = mapOf(decodeCbor(bytes, 'a certificate', wrong), 'a certificate', wrong)
  const signature = bytesOf(parts.get('signature'), 'the signature of a certificate', wrong)
  if (signature.length !== BLS_SIGNATURE_BYTES) throw wrong('a certificate without a signature')
  const given = parts.get('delegation')
  const delegation = given === undefined ? undefined : mapOf(given, "a subnet's delegation", wrong)
  return {
    tree: parseTree(parts.get('tree'), wrong),
    digest: sha256(bytes),
    signature,
    delegation: delegation && {
      subnetId: bytesOf(delegation.get('subnet_id'), 'the id of a subnet', wrong),
      certificate: bytesOf(delegation.get('certificate'), "a subnet's certificate", wrong),
    },
  }
}

/** When the network said it, ns since 1970. @throws what `wrong` makes */
export function timeOf({ tree }: Pick<Certificate, 'tree'>, wrong: Wrong): bigint {
  const bytes = lookUp(tree, [utf8('time')])
  if (bytes === undefined) throw wrong('a certificate without a time')
  // LEB128: seven bits a byte, the lowest first
  let value = 0n
  for (const [at, byte] of bytes.entries()) value |= BigInt(byte & 0x7f) << BigInt(7 * at)
  if (bytes.length > 10 || ((bytes.at(-1) ?? 0x80) & 0x80) !== 0) throw wrong('a time that is none')
  return value
}

/** Checks certificates under one root key. */
export class Certificates {
  readonly #rootKey: Uint8Array
  readonly #verify: BlsVerify
  /** Keys of subnets by the delegation and the canister they were shown for: what the root certified stays so. */
  readonly #subnets = new LRUCache<string, Uint8Array>({ max: MAX_KNOWN_SUBNETS })
  /** Certificates that are good, by their bytes and the canister: one holds for all answers of a second. */
  readonly #known = new LRUCache<string, true>({ max: MAX_KNOWN_CERTIFICATES })

  /** `rootKey` in DER. @throws TypeError when it is none */
  constructor(rootKey: Uint8Array, verify: BlsVerify) {
    if (!isBlsKey(rootKey)) throw new TypeError('expected a BLS12-381 key in DER as the root key')
    this.#rootKey = rootKey
    this.#verify = verify
  }

  /**
   * Checks that the network says what is in a certificate, and may say it of a canister. Of age it says nothing. Two pairings of the curve are tens of
   * milliseconds: what is cheap comes before.
   * @throws what `wrong` makes
   */
  check(certificate: Certificate, canisterId: Uint8Array, wrong: Wrong): void {
    const name = toHex(sha256(certificate.digest, canisterId))
    if (this.#known.has(name)) return
    this.#checkSignature(this.#keyOf(certificate, canisterId, wrong), certificate, wrong)
    this.#known.set(name, true)
  }

  /** The key that must have signed a certificate for a canister. */
  #keyOf({ delegation }: Certificate, canisterId: Uint8Array, wrong: Wrong): Uint8Array {
    if (delegation === undefined) return this.#rootKey
    const { subnetId, certificate: bytes } = delegation
    const id = toHex(sha256(sha256(bytes), sha256(subnetId), canisterId))
    const known = this.#subnets.get(id)
    if (known !== undefined) return known
    const certificate = parseCertificate(bytes, wrong)
    if (certificate.delegation !== undefined) throw wrong('a subnet that another one vouches for')
    const key = lookUp(certificate.tree, [utf8('subnet'), subnetId, utf8('public_key')])
    if (key === undefined || !isBlsKey(key)) throw wrong('the certificate has no key of the subnet')
    const ranges = rangesOf(certificate.tree, subnetId, wrong)
    if (!ranges.some((range) => holds(range, canisterId))) {
      throw wrong('the subnet may not speak for the canister')
    }
    this.#checkSignature(this.#rootKey, certificate, wrong)
    const copy = Uint8Array.from(key)
    this.#subnets.set(id, copy)
    return copy
  }

  #checkSignature(key: Uint8Array, { tree, signature }: Certificate, wrong: Wrong): void {
    const message = concat(STATE_ROOT, digestOf(tree))
    let isValid = false
    try {
      isValid = this.#verify(key.subarray(BLS_PREFIX.length), signature, message)
    } catch {
      // not a point of the curve, or not of the group
    }
    if (!isValid) throw wrong('a certificate that the network did not sign')
  }
}

function isBlsKey(der: Uint8Array): boolean {
  const at = BLS_PREFIX.length
  return der.length === at + BLS_KEY_BYTES && equalBytes(der.subarray(0, at), BLS_PREFIX)
}

/** @throws what `wrong` makes */
export function mapOf(value: CborValue | undefined, what: string, wrong: Wrong): CborMap {
  if (value instanceof Map) return value as CborMap
  throw wrong(`${what} is of another shape`)
}

/** @throws what `wrong` makes */
export function bytesOf(value: CborValue | undefined, what: string, wrong: Wrong): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw wrong(`${what} is no byte string`)
}

/**
 * The ranges of canisters that a subnet speaks for, first and last of each: in one value of the subnet, or in several below `canister_ranges`, of
 * which a certificate shows those that matter.
 */
function rangesOf(tree: HashTree, subnetId: Uint8Array, wrong: Wrong): [Uint8Array, Uint8Array][] {
  const one = lookUp(tree, [utf8('subnet'), subnetId, utf8('canister_ranges')])
  const values = [
    ...(one === undefined ? [] : [one]),
    ...valuesBelow(tree, [utf8('canister_ranges'), subnetId]),
  ]
  return values.flatMap((value) => {
    const ranges = decodeCbor(value, 'the ranges of a subnet', wrong)
    if (!Array.isArray(ranges)) throw wrong('the ranges of a subnet are of another shape')
    return (ranges as readonly CborValue[]).map((range): [Uint8Array, Uint8Array] => {
      const [from, to] = Array.isArray(range) ? (range as readonly CborValue[]) : []
      return [bytesOf(from, 'a range', wrong), bytesOf(to, 'a range', wrong)]
    })
  })
}

function holds([from, to]: readonly [Uint8Array, Uint8Array], canisterId: Uint8Array): boolean {
  return compareBytes(from, canisterId) <= 0 && compareBytes(canisterId, to) <= 0
}
