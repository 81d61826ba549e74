import { expect } from 'chai'
import {
  generateSigningKey,
  isCanonicalSignature,
  isStrongKey,
  verifySignature,
} from '../../../src/node/crypto/sign.ts'
import { concat, EMPTY, fromHex, toHex } from '../../../src/node/primitives/bytes.ts'
import { encode, L, P, pointOf, torsion } from '../../support/edwards25519.ts'
import { thrownCode } from '../../support/error-code.ts'

/** RFC 8032 7.1, tests 1 to 3. */
const VECTORS = [
  {
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
  {
    seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature:
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
]

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(Uint8Array.from(bytes).reverse())}`)
}

describe('ed25519', () => {
  for (const [index, { seed, publicKey, message, signature }] of VECTORS.entries()) {
    it(`RFC 8032 test ${index + 1}: key, signature and its verification`, () => {
      const key = generateSigningKey(fromHex(seed))
      expect(toHex(key.publicKey)).to.equal(publicKey)
      expect(toHex(key.sign(fromHex(message)))).to.equal(signature)
      expect(verifySignature(fromHex(publicKey), fromHex(message), fromHex(signature))).to.equal(
        true,
      )
    })
  }

  const [vector] = VECTORS as [(typeof VECTORS)[number]] // there are three
  const publicKey = fromHex(vector.publicKey)
  const signature = fromHex(vector.signature)

  it('refuses a flipped bit anywhere in key, message and signature', () => {
    const flips = (bytes: Uint8Array): Uint8Array[] =>
      [...bytes.keys()].map((at) => {
        const out = Uint8Array.from(bytes)
        out[at] = (out[at] ?? 0) ^ (1 << (at % 8))
        return out
      })
    for (const bad of flips(signature))
      expect(verifySignature(publicKey, EMPTY, bad)).to.equal(false)
    for (const bad of flips(publicKey))
      expect(verifySignature(bad, EMPTY, signature)).to.equal(false)
    expect(verifySignature(publicKey, Uint8Array.of(0), signature)).to.equal(false)
  })

  it('refuses the other signature with the same meaning: S + L', () => {
    const s = littleEndian(signature.subarray(32))
    const twin = concat(signature.subarray(0, 32), encode(s + L))
    expect(isCanonicalSignature(signature)).to.equal(true)
    expect(isCanonicalSignature(twin)).to.equal(false)
    expect(verifySignature(publicKey, EMPTY, twin)).to.equal(false)
    expect(isCanonicalSignature(concat(new Uint8Array(32), encode(L)))).to.equal(false)
    expect(isCanonicalSignature(concat(new Uint8Array(32), encode(L - 1n)))).to.equal(true)
  })

  it('knows every encoding of the eight points of small order', () => {
    const points = torsion()
    expect(new Set(points.map(({ y }) => y)).size).to.equal(5)
    for (const { y } of points) {
      for (const sign of [0, 1] as const) expect(isStrongKey(encode(y, sign))).to.equal(false)
    }
  })

  it('refuses a y that is not below the prime', () => {
    for (let y = P; y < 2n ** 255n; y++) {
      for (const sign of [0, 1] as const) expect(isStrongKey(encode(y, sign))).to.equal(false)
    }
  })

  it('takes the points of the curve, and no other y', () => {
    const ys = Array.from({ length: 60 }, (_, i) => BigInt(i) + 2n).flatMap((y) => [y, P - y])
    const points = ys.filter((y) => pointOf(y) !== undefined)
    expect(points.length).to.be.within(40, 80)
    for (const y of ys) {
      for (const sign of [0, 1] as const) {
        expect(isStrongKey(encode(y, sign)), String(y)).to.equal(pointOf(y) !== undefined)
      }
    }
  })

  it('does not take a signature that a key of small order makes for every message', () => {
    // R the neutral element, S = 0: valid for any message by the bare equation
    const forged = concat(encode(1n), new Uint8Array(32))
    const key = encode(1n)
    expect(verifySignature(key, Uint8Array.of(1), forged)).to.equal(false)
  })

  it('never throws, whatever it is given, also the second time', () => {
    for (const bad of [
      EMPTY,
      new Uint8Array(31),
      new Uint8Array(33),
      encode(2n),
      new Uint8Array(32).fill(0xff),
    ]) {
      for (let i = 0; i < 2; i++) expect(verifySignature(bad, EMPTY, signature)).to.equal(false)
    }
    for (const bad of [EMPTY, signature.subarray(1), concat(signature, Uint8Array.of(0))]) {
      expect(verifySignature(publicKey, EMPTY, bad)).to.equal(false)
    }
  })

  it('makes keys of 32-byte seeds only, each new one another', () => {
    expect(thrownCode(() => generateSigningKey(new Uint8Array(31)))).to.equal('KEY_INVALID')
    expect(thrownCode(() => generateSigningKey(new Uint8Array(64)))).to.equal('KEY_INVALID')
    expect(toHex(generateSigningKey().seed)).not.to.equal(toHex(generateSigningKey().seed))
  })

  it('keeps its own copy of the seed', () => {
    const seed = fromHex(vector.seed)
    const key = generateSigningKey(seed)
    seed.fill(0)
    expect(toHex(key.seed)).to.equal(vector.seed)
  })
})
