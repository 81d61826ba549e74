import { xdr } from '@stellar/stellar-sdk'
import { expect } from 'chai'
import fc from 'fast-check'
import { FREE } from '../../../src/devnet/stellar/budget/costs.ts'
import { XdrInvalid, XdrReader } from '../../../src/devnet/stellar/codec/xdr.ts'
import { HostError } from '../../../src/devnet/stellar/value/errors.ts'
import { Objects } from '../../../src/devnet/stellar/value/objects.ts'
import { compareValues, findKey, withKey } from '../../../src/devnet/stellar/value/order.ts'
import { fromScVal, readScVal, toScVal } from '../../../src/devnet/stellar/value/scval.ts'
import type { Val } from '../../../src/devnet/stellar/value/word.ts'
import { prepareCode } from '../../../src/devnet/stellar/vm/code.ts'
import { KEEPER } from '../../support/stellar-wat.ts'

const symbol = fc.stringMatching(/^[_0-9A-Za-z]{0,32}$/)
const bytes = fc.uint8Array({ maxLength: 40 })

/** Values of all kinds but maps, small ones and large ones of each. */
const simple: fc.Arbitrary<xdr.ScVal> = fc.oneof(
  fc.boolean().map((one) => xdr.ScVal.scvBool(one)),
  fc.constant(xdr.ScVal.scvVoid()),
  fc.nat(0xffff_ffff).map((one) => xdr.ScVal.scvU32(one)),
  fc.integer().map((one) => xdr.ScVal.scvI32(one)),
  fc.bigInt(0n, (1n << 64n) - 1n).map((one) => xdr.ScVal.scvU64(one)),
  fc.bigInt(-(1n << 63n), (1n << 63n) - 1n).map((one) => xdr.ScVal.scvI64(one)),
  fc.bigInt(0n, 1n << 57n).map((one) => xdr.ScVal.scvU64(one)),
  fc
    .tuple(fc.bigInt(-(1n << 63n), (1n << 63n) - 1n), fc.bigInt(0n, (1n << 64n) - 1n))
    .map(([hi, lo]) => xdr.ScVal.scvI128(new xdr.Int128Parts({ hi, lo }))),
  fc
    .bigInt(0n, (1n << 64n) - 1n)
    .map((lo) => xdr.ScVal.scvU128(new xdr.Uint128Parts({ hi: 0n, lo }))),
  bytes.map((one) => xdr.ScVal.scvBytes(one)),
  bytes.map((one) => xdr.ScVal.scvString(one)),
  symbol.map((one) => xdr.ScVal.scvSymbol(one)),
)

const value = fc.letrec<{ value: xdr.ScVal }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    simple,
    fc.array(tie('value'), { maxLength: 4 }).map((items) => xdr.ScVal.scvVec(items)),
  ),
})).value

function read(objects: Objects, one: xdr.ScVal): Val {
  return fromScVal(objects, one.toXdr())
}

describe('values of the local Stellar network', () => {
  it('come out as XDR as they went in', () => {
    fc.assert(
      fc.property(value, (one) => {
        const objects = new Objects(FREE)
        expect(toScVal(objects, read(objects, one))).to.deep.equal(new Uint8Array(one.toXdr()))
      }),
    )
  })

  it('have one order, whether they are words or objects', () => {
    fc.assert(
      fc.property(value, value, value, (a, b, c) => {
        const objects = new Objects(FREE)
        const [x, y, z] = [read(objects, a), read(objects, b), read(objects, c)]
        const order = (l: Val, r: Val): number => compareValues(objects, l, r)
        expect(order(x, x)).to.equal(0)
        expect(order(x, read(objects, a))).to.equal(0)
        // 0 and -0 are one
        expect(order(x, y) + order(y, x)).to.equal(0)
        expect(order(x, y) === 0).to.equal(Buffer.from(a.toXdr()).equals(Buffer.from(b.toXdr())))
        if (order(x, y) <= 0 && order(y, z) <= 0) expect(order(x, z)).to.be.at.most(0)
      }),
    )
  })

  it('are ordered as numbers and text where they are such', () => {
    const number = fc.bigInt(0n, (1n << 64n) - 1n)
    fc.assert(
      fc.property(number, number, symbol, symbol, (a, b, s, t) => {
        const objects = new Objects(FREE)
        const u64 = (n: bigint): Val => read(objects, xdr.ScVal.scvU64(n))
        const text = (one: string): Val => read(objects, xdr.ScVal.scvSymbol(one))
        expect(compareValues(objects, u64(a), u64(b))).to.equal(a < b ? -1 : a > b ? 1 : 0)
        expect(compareValues(objects, text(s), text(t))).to.equal(s < t ? -1 : s > t ? 1 : 0)
      }),
    )
  })

  it('are found in maps, which come back as XDR sorted', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(value, fc.nat(9)), { maxLength: 12 }), (entries) => {
        const objects = new Objects(FREE)
        const known = new Map<string, number>()
        let map: readonly (readonly [Val, Val])[] = []
        for (const [key, n] of entries) {
          map = withKey(objects, map, read(objects, key), read(objects, xdr.ScVal.scvU32(n)))
          known.set(key.toXdr('base64'), n)
        }
        expect(map.length).to.equal(known.size)
        for (const [key, n] of known) {
          const at = read(objects, xdr.ScVal.fromXdr(key, 'base64'))
          const found = findKey(objects, map, at).value
          expect(found).to.equal(read(objects, xdr.ScVal.scvU32(n)))
        }
        const encoded = toScVal(objects, objects.newMap(map))
        const again = new Objects(FREE)
        expect(toScVal(again, fromScVal(again, encoded))).to.deep.equal(encoded)
      }),
    )
  })
})

/** Bytes with some of them changed, cut off, or more of them. */
function damaged(from: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(fc.nat(from.length - 1), fc.nat(255))
  const changed = fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    const out = from.slice()
    for (const [at, byte] of changes) out[at] = byte
    return out
  })
  const cut = fc.nat(from.length - 1).map((length) => from.slice(0, length))
  return fc.oneof({ weight: 6, arbitrary: changed }, cut, fc.uint8Array())
}

describe('what strangers send to the local Stellar network', () => {
  it('is a contract that can be run, or one that is refused in the host’s words', () => {
    fc.assert(
      fc.property(damaged(KEEPER), (module) => {
        try {
          expect(prepareCode(module).counts.length).to.equal(10)
        } catch (error) {
          expect(error).to.be.instanceOf(HostError)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('is a value, or refused as none', () => {
    const items = [xdr.ScVal.scvU64(5n), xdr.ScVal.scvSymbol('abc'), xdr.ScVal.scvBytes(bytes7())]
    const entry = new xdr.ScMapEntry({ key: xdr.ScVal.scvSymbol('k'), val: xdr.ScVal.scvVoid() })
    const one = xdr.ScVal.scvVec([...items, xdr.ScVal.scvMap([entry])])
    fc.assert(
      fc.property(damaged(one.toXdr()), (given) => {
        try {
          readScVal(new Objects(FREE), new XdrReader(given))
        } catch (error) {
          expect(error instanceof HostError || error instanceof XdrInvalid).to.equal(true)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

function bytes7(): Uint8Array {
  return Uint8Array.from([1, 2, 3, 4, 5, 6, 7])
}
