import {
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
} from 'node:crypto'
import { expect } from 'chai'
import { atRest } from '../../../src/node/crypto/at-rest.ts'
import {
  BOX_OVERHEAD,
  boxOpen,
  boxSeal,
  deriveKey,
  open,
  seal,
  TAG_BYTES,
} from '../../../src/node/crypto/seal.ts'
import { generateSigningKey } from '../../../src/node/crypto/sign.ts'
import { concat, EMPTY, fromHex, toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import { bytesOf, keyOf } from '../../support/craft-delta.ts'
import { encode, torsion } from '../../support/edwards25519.ts'
import { thrownCode } from '../../support/error-code.ts'
import { seededRandom } from '../../support/hand-clock.ts'

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const out = Uint8Array.from(bytes)
  out[at] = (out[at] ?? 0) ^ 1
  return out
}

describe('sealed bytes', () => {
  const key = deriveKey(bytesOf('secret'), utf8('info'))
  const nonce = bytesOf('nonce').subarray(0, 12)
  const aad = bytesOf('aad')
  const plain = utf8('what nobody else may read')
  const sealed = seal(key, nonce, aad, plain)

  it('open with what they were sealed with', () => {
    expect(sealed).to.have.length(plain.length + TAG_BYTES)
    expect(open(key, nonce, aad, sealed)).to.deep.equal(plain)
    expect(open(key, nonce, aad, seal(key, nonce, aad, EMPTY))).to.deep.equal(EMPTY)
  })

  it('do not open when anything differs by a bit', () => {
    for (const at of sealed.keys())
      expect(open(key, nonce, aad, flipped(sealed, at))).to.equal(undefined)
    for (const at of nonce.keys())
      expect(open(key, flipped(nonce, at), aad, sealed)).to.equal(undefined)
    expect(open(key, nonce, flipped(aad, 0), sealed)).to.equal(undefined)
    expect(open(key, nonce, EMPTY, sealed)).to.equal(undefined)
    const other = deriveKey(bytesOf('secret'), utf8('other info'))
    expect(open(other, nonce, aad, sealed)).to.equal(undefined)
    expect(open(deriveKey(bytesOf('other'), utf8('info')), nonce, aad, sealed)).to.equal(undefined)
  })

  it('do not open when they are too short, or the nonce has another length', () => {
    for (const length of [0, 1, TAG_BYTES - 1, TAG_BYTES, sealed.length - 1]) {
      expect(open(key, nonce, aad, sealed.subarray(0, length))).to.equal(undefined)
    }
    for (const length of [0, 11, 13, 16]) {
      expect(open(key, new Uint8Array(length), aad, sealed)).to.equal(undefined)
    }
  })
})

describe('boxes', () => {
  const random = seededRandom('boxes')
  const bob = keyOf('bob')
  const aad = utf8('for what')
  const content = bytesOf('content')

  it('open for the identity they were made for, whoever it is', () => {
    for (let i = 0; i < 30; i++) {
      const key = keyOf(`recipient ${i}`)
      const box = boxSeal(key.publicKey, aad, content, random)
      expect(box).to.have.length(content.length + BOX_OVERHEAD)
      expect(boxOpen(key.seed, key.publicKey, aad, box)).to.deep.equal(content)
    }
  })

  it('use the X25519 key that belongs to the ed25519 seed, as written', () => {
    const box = boxSeal(bob.publicKey, aad, content, random)
    const scalar = createHash('sha512').update(bob.seed).digest().subarray(0, 32)
    const shared = diffieHellman({
      privateKey: createPrivateKey({
        key: Buffer.concat([fromHex('302e020100300506032b656e04220420'), scalar]),
        format: 'der',
        type: 'pkcs8',
      }),
      publicKey: createPublicKey({
        key: Buffer.concat([fromHex('302a300506032b656e032100'), box.subarray(0, 32)]),
        format: 'der',
        type: 'spki',
      }),
    })
    const info = concat(utf8('cali/box/1\0'), box.subarray(0, 32), bob.publicKey)
    const key = new Uint8Array(hkdfSync('sha256', shared, EMPTY, info, 32))
    const decipher = createDecipheriv('aes-256-gcm', key, new Uint8Array(12))
    decipher.setAAD(aad)
    decipher.setAuthTag(box.subarray(-TAG_BYTES))
    const plain = Buffer.concat([decipher.update(box.subarray(32, -TAG_BYTES)), decipher.final()])
    expect(toHex(plain)).to.equal(toHex(content))
  })

  it('are another box each time', () => {
    const boxes = [1, 2, 3].map(() =>
      toHex(boxSeal(bob.publicKey, aad, content, random).subarray(0, 32)),
    )
    expect(new Set(boxes).size).to.equal(3)
  })

  it('stay shut for others, for another purpose, and when a bit is flipped', () => {
    const eve = keyOf('eve')
    const box = boxSeal(bob.publicKey, aad, content, random)
    expect(boxOpen(eve.seed, eve.publicKey, aad, box)).to.equal(undefined)
    expect(boxOpen(eve.seed, bob.publicKey, aad, box)).to.equal(undefined)
    expect(boxOpen(bob.seed, eve.publicKey, aad, box)).to.equal(undefined)
    expect(boxOpen(bob.seed, bob.publicKey, utf8('for something else'), box)).to.equal(undefined)
    for (const at of box.keys()) {
      expect(boxOpen(bob.seed, bob.publicKey, aad, flipped(box, at))).to.equal(undefined)
    }
    for (const length of [0, 1, 32, BOX_OVERHEAD - 1]) {
      expect(boxOpen(bob.seed, bob.publicKey, aad, box.subarray(0, length))).to.equal(undefined)
    }
  })

  it('cannot be made for points of small order, nor for what is no key', () => {
    for (const { y } of torsion()) {
      for (const sign of [0, 1] as const) {
        expect(thrownCode(() => boxSeal(encode(y, sign), aad, content, random))).to.equal(
          'KEY_INVALID',
        )
      }
    }
    for (const bad of [EMPTY, new Uint8Array(31).fill(2), new Uint8Array(33).fill(2)]) {
      expect(thrownCode(() => boxSeal(bad, aad, content, random))).to.equal('KEY_INVALID')
    }
    for (let y = 2n ** 255n - 19n; y < 2n ** 255n; y++) {
      expect(thrownCode(() => boxSeal(encode(y), aad, content, random))).to.equal('KEY_INVALID')
    }
  })

  it('with an ephemeral key of small order stay shut', () => {
    const box = boxSeal(bob.publicKey, aad, content, random)
    for (const u of [0n, 1n]) {
      const weak = concat(encode(u), box.subarray(32))
      expect(boxOpen(bob.seed, bob.publicKey, aad, weak)).to.equal(undefined)
    }
  })
})

describe('secrets at rest', () => {
  const secret = generateSigningKey().seed

  it('come back with the node’s own key', () => {
    const rest = atRest(bytesOf('node'), seededRandom('a'))
    const row = rest.seal(secret)
    expect(atRest(bytesOf('node'), seededRandom('b')).open(row)).to.deep.equal(secret)
    expect(rest.seal(secret)).not.to.deep.equal(row)
  })

  it('are corrupt for another node, when changed, and when cut', () => {
    const rest = atRest(bytesOf('node'), seededRandom('a'))
    const row = rest.seal(secret)
    const other = atRest(bytesOf('another node'), seededRandom('a'))
    expect(thrownCode(() => other.open(row))).to.equal('KEY_AT_REST')
    for (const at of row.keys()) {
      expect(thrownCode(() => rest.open(flipped(row, at)))).to.equal('KEY_AT_REST')
    }
    for (const length of [0, 11, 12, 27, row.length - 1]) {
      expect(thrownCode(() => rest.open(row.subarray(0, length)))).to.equal('KEY_AT_REST')
    }
  })
})
