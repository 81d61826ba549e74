/** Signatures that careful verifiers tell apart. What NEAR's VM answers is what ed25519-dalek's `verify` does: no cofactor, nothing weak refused. */
import { sha512 } from '@noble/hashes/sha2'
import { expect } from 'chai'
import { verifyEd25519 } from '../../../../src/devnet/near/codec/keys.ts'
import { concat, toHex, utf8 } from '../../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../../src/node/primitives/hash.ts'
import { PROTOCOL_88 } from '../../../../src/devnet/near/parameters.ts'
import { ContractCache } from '../../../../src/devnet/near/vm/contract.ts'
import { runCall } from '../../../../src/devnet/near/vm/run.ts'
import {
  add,
  encode,
  L,
  multiply,
  type Point,
  pointOf,
  torsion,
} from '../../../support/edwards25519.ts'
import { WatData, wat } from '../../../support/wat.ts'

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
  return (found.x & 1n) === 0n ? found : { x: 2n ** 255n - 19n - found.x, y }
})()

/** A signature by the secret scalar 5 whose point R, or whose key, has a part of small order. */
function mixed(order: Point, where: 'key' | 'point'): { key: Uint8Array; signature: Uint8Array } {
  const secret = 5n
  const nonce = 11n
  const a = multiply(BASE, secret)
  const r = multiply(BASE, nonce)
  const key = point(where === 'key' ? add(a, order) : a)
  const encoded = point(where === 'point' ? add(r, order) : r)
  const k = little(sha512(concat(encoded, key, MESSAGE))) % L
  return { key, signature: concat(encoded, encode((nonce + k * secret) % L)) }
}

describe('ed25519 of the local NEAR chain', () => {
  const points = torsion()

  it('takes what is signed as it should be', () => {
    for (const where of ['key', 'point'] as const) {
      const { key, signature } = mixed({ x: 0n, y: 1n }, where)
      expect(verifyEd25519(key, MESSAGE, signature)).to.equal(true)
      expect(verifyEd25519(key, utf8('another'), signature)).to.equal(false)
    }
  })

  it('refuses a point of mixed order, which verifiers with a cofactor take', () => {
    for (const order of points.slice(1)) {
      const { key, signature } = mixed(order, 'point')
      expect(verifyEd25519(key, MESSAGE, signature)).to.equal(false)
    }
  })

  it('takes a key of mixed order where the equation holds without cofactor, and only there', () => {
    for (const order of points.slice(1)) {
      const { key, signature } = mixed(order, 'key')
      const k = little(sha512(concat(signature.subarray(0, 32), key, MESSAGE))) % L
      const isGone = multiply(order, k % 8n).y === 1n
      expect(verifyEd25519(key, MESSAGE, signature)).to.equal(isGone)
    }
  })

  it('takes a key and a point of small order, as the VM does: a contract has to refuse them', () => {
    const identity = encode(1n)
    const zero = new Uint8Array(32)
    expect(verifyEd25519(identity, MESSAGE, concat(identity, zero))).to.equal(true)
    expect(verifyEd25519(identity, utf8('anything'), concat(identity, zero))).to.equal(true)
  })

  it('refuses a scalar that is not reduced', () => {
    const { key, signature } = mixed({ x: 0n, y: 1n }, 'key')
    const scalar = little(signature.subarray(32)) + L
    const forged = concat(signature.subarray(0, 32), encode(scalar))
    expect(verifyEd25519(key, MESSAGE, forged)).to.equal(false)
  })

  /** Vectors of nearcore's runtime/near-vm-runner/src/logic/tests/ed25519_verify.rs. */
  const published = {
    signature:
      '91c1cb1272e30e7521d57942820e190424782e8ee2d707427a70611ef9873da5ddf9fc17692838461f98ec8d9a7acf144b764f5aa806dd7ad51d7ec4d868bf06',
    key: '207a067892821e25d770f1fba0c47c11ff4b813e54162ece9eb839e076231ab6',
    message: '6b616a646c666b6a616c6b666a616b6c666a646b6c61646a666b6c6a6164736b',
  }

  it('pays before it looks, and does not look further at a scalar that is far too large', () => {
    const run = (signature: string): { result: number | undefined; gas: bigint; error: string } => {
      const data = new WatData()
      const at = (text: string): number => data.bytes(Buffer.from(text, 'hex'))
      const [s, m, k] = [at(signature), at(published.message), at(published.key)]
      const bytes = wat(`(module
        (import "env" "ed25519_verify" (func $v (param i64 i64 i64 i64 i64 i64) (result i64)))
        (import "env" "value_return" (func $return (param i64 i64)))
        (memory 1) ${data.toString()}
        (func (export "f")
          (i64.store (i32.const 0) (call $v (i64.const ${signature.length / 2}) (i64.const ${s})
            (i64.const 32) (i64.const ${m}) (i64.const 32) (i64.const ${k})))
          (call $return (i64.const 1) (i64.const 0))))`)
      const outcome = runCall({
        code: { bytes, hash: toHex(sha256(bytes)) },
        method: 'f',
        parameters: PROTOCOL_88,
        cache: new ContractCache(PROTOCOL_88),
        context: {
          ...{ accountId: 'a', signerId: 'a', predecessorId: 'a', chainId: 'test' },
          ...{ signerKey: new Uint8Array(33), input: new Uint8Array(), height: 1, timestamp: 1n },
          ...{ epoch: 0, balance: 0n, locked: 0n, storage: 0n, deposit: 0n, gas: 10n ** 14n },
          ...{ seed: new Uint8Array(32), isView: false, results: [], outputs: 0 },
        },
        state: { read: () => undefined, write: () => undefined, newDataId: () => '' },
      })
      const value = 'value' in outcome.result ? outcome.result.value[0] : undefined
      return { result: value, gas: outcome.gasBurnt, error: outcome.error?.debug ?? '' }
    }
    const good = run(published.signature)
    expect([good.result, good.error]).to.deep.equal([1, ''])
    const far = run(`${published.signature.slice(0, -2)}e1`)
    expect([far.result, far.error]).to.deep.equal([0, ''])
    const {
      read_memory_base: base,
      read_memory_byte: byte,
      ed25519_verify_byte: each,
    } = PROTOCOL_88.host
    expect(good.gas - far.gas).to.equal(2n * base + 64n * byte + 32n * each)
    const short = run(published.signature.slice(0, -2))
    expect(short.error).to.contain('invalid signature length')
  })
})
