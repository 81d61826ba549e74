/** Keys that sign requests: of ed25519, and of secp256k1 by ECDSA over SHA-256. */
import { createPublicKey, type KeyObject, sign } from 'node:crypto'
import { type PublicKey, type Sender, type Signature, SignIdentity } from './agent.ts'

/** Order of secp256k1. Signatures have the lower of the two numbers that would do. */
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

class KeyIdentity extends SignIdentity {
  readonly #key: KeyObject
  readonly #der: Uint8Array

  constructor(key: KeyObject) {
    super()
    this.#key = key
    this.#der = new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' }))
  }

  override getPublicKey(): PublicKey {
    return { toDer: () => this.#der }
  }

  override async sign(blob: Uint8Array): Promise<Signature> {
    const isEd25519 = this.#key.asymmetricKeyType === 'ed25519'
    const signature = isEd25519
      ? sign(null, blob, this.#key)
      : lowered(sign('sha256', blob, { key: this.#key, dsaEncoding: 'ieee-p1363' }))
    return new Uint8Array(signature) as Signature // a brand
  }
}

function lowered(signature: Buffer): Buffer {
  const s = BigInt(`0x${signature.toString('hex', 32)}`)
  if (s <= N / 2n) return signature
  return Buffer.concat([
    signature.subarray(0, 32),
    Buffer.from((N - s).toString(16).padStart(64, '0'), 'hex'),
  ])
}

/** Whoever has a private key of ed25519 or secp256k1. @throws TypeError for any other */
export function senderOf(key: KeyObject): Sender {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  if (type !== 'ed25519' && !(type === 'ec' && details?.namedCurve === 'secp256k1')) {
    throw new TypeError('expected a private key of ed25519 or secp256k1')
  }
  return new KeyIdentity(key)
}

/** The bytes of a sender's principal. */
export function principalOf(sender: Sender): Uint8Array {
  return sender.getPrincipal().toUint8Array()
}
