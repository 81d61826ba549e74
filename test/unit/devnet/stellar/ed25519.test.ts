/** Signatures that careful verifiers tell apart. The host answers as ed25519-dalek's `verify_strict` does. */
import { sha512 } from '@noble/hashes/sha2'
import { expect } from 'chai'
import { Keypair } from '@stellar/stellar-sdk'
import { verifyEd25519 } from '../../../../src/devnet/stellar/value/crypto.ts'
import { concat, fromHex, toHex, utf8 } from '../../../../src/node/primitives/bytes.ts'
import {
  add,
  encode,
  L,
  multiply,
  P,
  type Point,
  pointOf,
  torsion,
} from '../../../support/edwards25519.ts'

/** Message, key, signature of table 6(c) in "Taming the many EdDSAs" (eprint 2020/1244), whose authors list who takes which. */
const PUBLISHED: readonly (readonly [string, string, string])[] = [
  [
    '8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a0000000000000000000000000000000000000000000000000000000000000000',
  ],
  [
    '9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04',
  ],
  [
    'aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab',
    'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e',
  ],
  [
    '9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79',
    'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
    '9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009',
  ],
  [
    'e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c',
    'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
    '160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed5125ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09',
  ],
  [
    'e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c',
    'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
    '21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405',
  ],
  [
    '85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40',
    '442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623',
    'e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514',
  ],
  [
    '85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40',
    '442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623',
    '8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa19427e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22',
  ],
  [
    'fdaebc429f4a735932a160da1301080c13280eea8bc280d1b392c6b9e6ba3a5a',
    'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f454d370c8d9fc323a41450f8d513eafeb5b0697390c1e505a0d4ddc71f566607',
  ],
  [
    '84b698d39be126ff55fe45079e6c8bf64a0d7db6994560b4e96b7021eb39c1a1',
    'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f084d5b99c2a9463d9c8bd5026916996984eeec87ddf1d3be329006ace1b37b09',
  ],
]

const MESSAGE = utf8('the same for all')

function little(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(Uint8Array.from(bytes).reverse())}`)
}

function point({ x, y }: Point): Uint8Array {
  return encode(y, (x & 1n) === 1n ? 1 : 0)
}

/** The base point: y is 4/5, x is even. */
const BASE = ((): Point => {
  const y = 46316835694926478169428394003475163141307993866256225615783033603165251855960n
  const found = pointOf(y)
  if (found === undefined) throw new RangeError('4/5 is on the curve')
  return (found.x & 1n) === 0n ? found : { x: P - found.x, y }
})()

describe('ed25519 of the local Stellar network', () => {
  it('takes one of the published cases: mixed orders where the equation holds without cofactor', () => {
    const taken = PUBLISHED.map(([message, key, signature]) =>
      verifyEd25519(fromHex(key), fromHex(message), fromHex(signature)),
    )
    // as the authors list for "Dalek strict"
    expect(taken).to.deep.equal(PUBLISHED.map((_, i) => i === 3))
  })

  it('takes what the SDK signs, whole and with these lengths alone', () => {
    const keys = Keypair.random()
    const key = new Uint8Array(keys.rawPublicKey())
    const signature = new Uint8Array(keys.sign(Buffer.from(MESSAGE)))
    expect(verifyEd25519(key, MESSAGE, signature)).to.equal(true)
    expect(verifyEd25519(key, utf8('another'), signature)).to.equal(false)
    expect(verifyEd25519(key, MESSAGE, signature.subarray(1))).to.equal(false)
    expect(verifyEd25519(key.subarray(1), MESSAGE, signature)).to.equal(false)
    const scalar = little(signature.subarray(32)) + L
    const larger = concat(signature.subarray(0, 32), encode(scalar))
    expect(verifyEd25519(key, MESSAGE, larger)).to.equal(false)
  })

  it('refuses every key and every point of small order, in every encoding that there is', () => {
    const points = torsion()
    expect(points.length).to.equal(8)
    // y and its sign; 0 and 1 can also be written as P and P + 1
    const encodings = points.flatMap(({ y }) =>
      [y, ...(y < 19n ? [y + P] : [])].flatMap((one) => [encode(one, 0), encode(one, 1)]),
    )
    const known = new Set(encodings.map(toHex))
    // 0, 1, -1 and two ordinates of order 8, with both signs, and P and P + 1 with both
    expect(known.size).to.equal(14)
    const nonce = multiply(BASE, 11n)
    for (const weak of encodings) {
      // S = 0 and R = -kA hold for a weak key; with R weak and S = kA for a good one
      expect(verifyEd25519(weak, MESSAGE, concat(weak, new Uint8Array(32)))).to.equal(false)
      const asPoint = signed(5n, weak)
      expect(verifyEd25519(asPoint.key, MESSAGE, asPoint.signature)).to.equal(false)
      const asKey = concat(point(nonce), encode(11n))
      expect(verifyEd25519(weak, MESSAGE, asKey)).to.equal(false)
    }
  })

  it('takes a key of mixed order where the equation holds without cofactor, and only there', () => {
    const a = multiply(BASE, 5n)
    const encoded = point(multiply(BASE, 11n))
    for (const order of torsion().slice(1)) {
      const key = point(add(a, order))
      const k = little(sha512(concat(encoded, key, MESSAGE))) % L
      const signature = concat(encoded, encode((11n + k * 5n) % L))
      const isGone = multiply(order, k % 8n).y === 1n
      expect(verifyEd25519(key, MESSAGE, signature)).to.equal(isGone)
    }
  })
})

/** What a secret scalar signs with a point that has no scalar of its own: the equation holds up to that point. */
function signed(secret: bigint, encoded: Uint8Array): { key: Uint8Array; signature: Uint8Array } {
  const key = point(multiply(BASE, secret))
  const k = little(sha512(concat(encoded, key, MESSAGE))) % L
  return { key, signature: concat(encoded, encode((k * secret) % L)) }
}
