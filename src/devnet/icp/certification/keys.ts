/** Keys of the chain: BLS12-381 for certificates, ed25519 for a node's answers to queries. All follow from the seed. */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { bls12_381 } from '@noble/curves/bls12-381'
import { concat, fromHex, utf8 } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import { selfAuthenticating } from '../codec/principal.ts'

/** Before 96 bytes of public key. */
const BLS_PREFIX = fromHex(
  '308182301d060d2b0601040182dc7c0503010201060c2b0601040182dc7c05030201036100',
)
/** Before 32 bytes of secret: PKCS #8. */
const ED25519_PREFIX = fromHex('302e020100300506032b657004220420')
const bls = bls12_381.shortSignatures

/** 32 bytes that follow from a seed and a purpose. */
export function derive(seed: string, purpose: string): Uint8Array {
  return sha256(utf8(`${purpose}\0${seed}`))
}

/** Signs certificates. */
export class BlsKey {
  /** Public key, DER. */
  readonly der: Uint8Array
  /** Who has the key. */
  readonly principal: Uint8Array
  readonly #secret: Uint8Array

  constructor(seed: string, purpose: string) {
    // below the order of the group, and not zero: the first byte of the order is 0x73
    const secret = derive(seed, purpose)
    secret[0] = (secret[0] ?? 0) & 0x3f
    this.#secret = secret
    this.der = concat(BLS_PREFIX, bls.getPublicKey(secret).toBytes())
    this.principal = selfAuthenticating(this.der)
  }

  sign(message: Uint8Array): Uint8Array {
    return bls.Signature.toBytes(bls.sign(bls.hash(message), this.#secret))
  }
}

/** Signs with ed25519. */
export class Ed25519Key {
  readonly der: Uint8Array
  readonly principal: Uint8Array
  readonly #key: KeyObject

  constructor(seed: string, purpose: string) {
    const der = Buffer.from(concat(ED25519_PREFIX, derive(seed, purpose)))
    this.#key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    this.der = new Uint8Array(createPublicKey(this.#key).export({ format: 'der', type: 'spki' }))
    this.principal = selfAuthenticating(this.der)
  }

  /** PKCS #8 as text, as the chain's tools write it. */
  get pem(): string {
    return this.#key.export({ format: 'pem', type: 'pkcs8' }).toString()
  }

  sign(message: Uint8Array): Uint8Array {
    return new Uint8Array(sign(null, message, this.#key))
  }
}
