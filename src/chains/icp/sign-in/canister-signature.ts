/**
 * Signatures that a canister makes by having them certified, as Internet Identity does: a tree that says which messages are signed, whose hash
 * is the canister's certified data, in a certificate of its subnet, whose key the root subnet certifies.
 * @see https://internetcomputer.org/docs/references/ic-interface-spec#canister-signatures
 */
import { blsVerify } from '@dfinity/agent'
import { LRUCache } from 'lru-cache'
import { refused } from '../../../auth/errors.ts'
import {
  compareBytes,
  concat,
  equalBytes,
  fromHex,
  toHex,
  utf8,
} from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import { MAX_KNOWN_SUBNETS } from '../limits.ts'
import { type CborValue, decodeCbor } from './cbor.ts'
import { digestOf, type HashTree, lookUp, parseTree, separated, valuesBelow } from './hash-tree.ts'
import type { CanisterKey } from './keys.ts'

// SubjectPublicKeyInfo of BLS12-381 up to the key, which has 96 bytes
const BLS_PREFIX = fromHex(
  '308182301d060d2b0601040182dc7c0503010201060c2b0601040182dc7c05030201036100',
)
const BLS_KEY_BYTES = 96
const BLS_SIGNATURE_BYTES = 48
const STATE_ROOT = separated('ic-state-root')

interface Certificate {
  readonly tree: HashTree
  readonly signature: Uint8Array
  readonly delegation:
    { readonly subnetId: Uint8Array; readonly certificate: Uint8Array } | undefined
}

export class CanisterSignatures {
  readonly #rootKey: Uint8Array
  readonly #canisters: ReadonlySet<string>
  /** Keys of subnets by the delegation and the canister they were shown for: what the root certified stays so. */
  readonly #subnets = new LRUCache<string, Uint8Array>({ max: MAX_KNOWN_SUBNETS })

  /** `rootKey` in DER, `canisters` as bytes. @throws TypeError when the root key is none */
  constructor(rootKey: Uint8Array, canisters: readonly Uint8Array[]) {
    if (!isBlsKey(rootKey)) throw new TypeError('expected a BLS12-381 key in DER as the root key')
    this.#rootKey = rootKey
    this.#canisters = new Set(canisters.map(toHex))
  }

  /**
   * Checks that the canister signed a message. What is cheap comes first: two pairings of the curve are tens of milliseconds. Certificates have no
   * age here, as on the Internet Computer itself: what they sign expires.
   * @throws AUTH_REFUSED
   */
  check({ canisterId, seed }: CanisterKey, message: Uint8Array, signature: Uint8Array): void {
    if (!this.#canisters.has(toHex(canisterId))) throw refused('signed by a canister not trusted')
    const parts = mapOf(decodeCbor(signature, 'the canister signature'), 'the canister signature')
    const tree = parseTree(parts.get('tree'))
    const signed = lookUp(tree, [utf8('sig'), sha256(seed), sha256(message)])
    if (signed?.length !== 0) throw refused('the canister did not sign this delegation')
    const certificate = parseCertificate(parts.get('certificate'))
    const certified = lookUp(certificate.tree, [
      ...[utf8('canister'), canisterId, utf8('certified_data')],
    ])
    if (certified === undefined || !equalBytes(certified, digestOf(tree))) {
      throw refused("the signatures are not the canister's certified data")
    }
    checkBls(this.#keyOf(certificate, canisterId), certificate)
  }

  /** The key that must have signed a certificate for a canister. */
  #keyOf({ delegation }: Certificate, canisterId: Uint8Array): Uint8Array {
    if (delegation === undefined) return this.#rootKey
    const { subnetId, certificate: bytes } = delegation
    const id = toHex(sha256(sha256(bytes), sha256(subnetId), canisterId))
    const known = this.#subnets.get(id)
    if (known !== undefined) return known
    const certificate = parseCertificate(bytes)
    if (certificate.delegation !== undefined) throw refused('a subnet that another one vouches for')
    const key = lookUp(certificate.tree, [utf8('subnet'), subnetId, utf8('public_key')])
    if (key === undefined || !isBlsKey(key))
      throw refused('the certificate has no key of the subnet')
    if (!rangesOf(certificate.tree, subnetId).some((range) => holds(range, canisterId))) {
      throw refused('the subnet may not speak for the canister')
    }
    checkBls(this.#rootKey, certificate)
    const copy = Uint8Array.from(key)
    this.#subnets.set(id, copy)
    return copy
  }
}

function isBlsKey(der: Uint8Array): boolean {
  const at = BLS_PREFIX.length
  return der.length === at + BLS_KEY_BYTES && equalBytes(der.subarray(0, at), BLS_PREFIX)
}

function checkBls(key: Uint8Array, { tree, signature }: Certificate): void {
  const message = concat(STATE_ROOT, digestOf(tree))
  let isValid = false
  try {
    isValid = blsVerify(key.subarray(BLS_PREFIX.length), signature, message)
  } catch {
    // not a point of the curve, or not of the group
  }
  if (!isValid) throw refused('a certificate that the network did not sign')
}

function mapOf(value: CborValue | undefined, what: string): ReadonlyMap<string, CborValue> {
  if (value instanceof Map) return value as ReadonlyMap<string, CborValue>
  throw refused(`${what} is of another shape`)
}

function bytesOf(value: CborValue | undefined, what: string): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw refused(`${what} is no byte string`)
}

function parseCertificate(value: CborValue | undefined): Certificate {
  const parts = mapOf(decodeCbor(bytesOf(value, 'a certificate'), 'a certificate'), 'a certificate')
  const signature = bytesOf(parts.get('signature'), 'the signature of a certificate')
  if (signature.length !== BLS_SIGNATURE_BYTES) throw refused('a certificate without a signature')
  const given = parts.get('delegation')
  const delegation = given === undefined ? undefined : mapOf(given, "a subnet's delegation")
  return {
    tree: parseTree(parts.get('tree')),
    signature,
    delegation: delegation && {
      subnetId: bytesOf(delegation.get('subnet_id'), 'the id of a subnet'),
      certificate: bytesOf(delegation.get('certificate'), "a subnet's certificate"),
    },
  }
}

/**
 * The ranges of canisters that a subnet speaks for, first and last of each: in one value of the subnet, or in several below `canister_ranges`, of
 * which a certificate shows those that matter.
 */
function rangesOf(tree: HashTree, subnetId: Uint8Array): [Uint8Array, Uint8Array][] {
  const one = lookUp(tree, [utf8('subnet'), subnetId, utf8('canister_ranges')])
  const values = [
    ...(one === undefined ? [] : [one]),
    ...valuesBelow(tree, [utf8('canister_ranges'), subnetId]),
  ]
  return values.flatMap((value) => {
    const ranges = decodeCbor(value, 'the ranges of a subnet')
    if (!Array.isArray(ranges)) throw refused('the ranges of a subnet are of another shape')
    return (ranges as readonly CborValue[]).map((range): [Uint8Array, Uint8Array] => {
      const [from, to] = Array.isArray(range) ? (range as readonly CborValue[]) : []
      return [bytesOf(from, 'a range'), bytesOf(to, 'a range')]
    })
  })
}

function holds([from, to]: readonly [Uint8Array, Uint8Array], canisterId: Uint8Array): boolean {
  return compareBytes(from, canisterId) <= 0 && compareBytes(canisterId, to) <= 0
}
