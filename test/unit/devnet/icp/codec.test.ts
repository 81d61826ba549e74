import { type HashTree, reconstruct } from '@dfinity/agent'
import { Principal } from '@dfinity/principal'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { decodeCbor, encodeCbor, CborError } from '../../../../src/devnet/icp/codec/cbor.ts'
import { hashOfMap } from '../../../../src/devnet/icp/codec/hash.ts'
import { principalBytes, principalText } from '../../../../src/devnet/icp/codec/principal.ts'
import { IdTree } from '../../../../src/devnet/icp/certification/id-tree.ts'
import { digestOf, Labels, witnessOf } from '../../../../src/devnet/icp/certification/tree.ts'
import { labels } from '../../../../src/devnet/icp/certification/certificates.ts'
import {
  compareBytes,
  concat,
  fromHex,
  toHex,
  utf8,
} from '../../../../src/node/primitives/bytes.ts'

describe('examples of the specification', () => {
  it('give the id of a request', () => {
    const id = hashOfMap({
      request_type: 'call',
      sender: Uint8Array.of(4),
      ingress_expiry: 1_685_570_400_000_000_000n,
      canister_id: fromHex('00000000000004d2'),
      method_name: 'hello',
      arg: concat(utf8('DIDL'), Uint8Array.of(0, 0xfd), utf8('*')),
    })
    expect(toHex(id)).to.equal('1d1091364d6bb8a6c16b203ee75467d59ead468f523eb058880ae8ec80e2b101')
  })
  it('give the text of a principal', () => {
    expect(principalText(fromHex('abcd01'))).to.equal('em77e-bvlzu-aq')
    expect(principalBytes('em77e-bvlzu-aq')).to.deep.equal(fromHex('abcd01'))
    expect(principalBytes('em77e-bvlzu-aa')).to.equal(undefined)
    expect(principalText(new Uint8Array(0))).to.equal('aaaaa-aa')
  })
  it('give the hashes of what a tree is pruned to', () => {
    expect(toHex(digestOf(utf8('good')))).to.equal(
      '7b32ac0c6ba8ce35ac82c255fc7906f7fc130dab2a090f80fe12f9c2cae83ba6',
    )
    expect(toHex(digestOf(labels({ c: new Labels([]) })))).to.equal(
      'ec8324b8a1f1ac16bd2e806edba78006479c9877fed4eb464a25485465af601d',
    )
  })
})

describe('trees', () => {
  const name = fc.uint8Array({ minLength: 1, maxLength: 3 })
  it('keep their root whatever is pruned, and show what was asked for', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name, { selector: toHex }), name, async (names, wanted) => {
        const tree = new Labels(names.map((one) => [one, one] as const))
        const shown = witnessOf(tree, [[wanted]]) as unknown as HashTree // as the client reads it
        expect(toHex(await reconstruct(shown))).to.equal(toHex(digestOf(tree)))
        const isThere = names.some((one) => toHex(one) === toHex(wanted))
        expect(isProvenAbsent(shown, wanted)).to.equal(!isThere)
        expect(JSON.stringify(leaves(shown))).to.equal(
          JSON.stringify(isThere ? [toHex(wanted)] : []),
        )
      }),
    )
  })
})

/** Whether nothing is hidden where the label would be. The client's own comparison of labels is not an order. */
function isProvenAbsent(tree: HashTree, label: Uint8Array): boolean {
  const all = labelsOf(tree)
  const next = all.findIndex((one) => one !== undefined && compareBytes(one, label) >= 0)
  const at = next === -1 ? all.length : next
  if (at < all.length && compareBytes(all[at] ?? label, label) === 0) return false
  return at === 0 || all[at - 1] !== undefined
}

/** Labels of a tree, undefined where something is hidden. */
function labelsOf(tree: HashTree): (Uint8Array | undefined)[] {
  const [kind, first, second] = tree as unknown as [number, HashTree, HashTree] // its kinds, below
  if (kind === 0) return []
  if (kind === 1) return [...labelsOf(first), ...labelsOf(second)]
  return [kind === 2 ? (first as unknown as Uint8Array) : undefined]
}

/** Values that a tree shows. */
function leaves(tree: HashTree): string[] {
  const [kind, first, second] = tree as unknown as [number, HashTree, HashTree] // its kinds, below
  if (kind === 1) return [...leaves(first), ...leaves(second)]
  if (kind === 2) return leaves(second)
  return kind === 3 ? [toHex(first as unknown as Uint8Array)] : []
}

describe('trees of ids', () => {
  const id = fc.uint8Array({ minLength: 2, maxLength: 2 })
  it('prove what is there and what is not, whatever was put and dropped before', async () => {
    const steps = fc.array(fc.record({ id, isPut: fc.boolean(), value: id }), { maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(steps, id, async (all, wanted) => {
        let tree = new IdTree()
        const known = new Map<string, Uint8Array>()
        for (const { id: label, isPut, value } of all) {
          tree = isPut ? tree.put(label, value) : tree.drop(label)
          if (isPut) known.set(toHex(label), value)
          else known.delete(toHex(label))
        }
        const shown = tree.witness([[wanted]]) as unknown as HashTree // as the client reads it
        expect(toHex(await reconstruct(shown))).to.equal(toHex(tree.digest()))
        const value = known.get(toHex(wanted))
        expect(leaves(shown)).to.deep.equal(value === undefined ? [] : [toHex(value)])
        expect(isProvenAbsent(shown, wanted)).to.equal(value === undefined)
      }),
    )
  })
  it('do not depend on the order in which labels came', () => {
    const put = (ids: readonly Uint8Array[]): string =>
      toHex(ids.reduce((tree, one) => tree.put(one, one), new IdTree()).digest())
    fc.assert(
      fc.property(fc.uniqueArray(id, { selector: toHex }), (ids) => {
        expect(put(ids)).to.equal(put(ids.toReversed()))
      }),
    )
  })
})

describe('CBOR', () => {
  it('is read as it was written', () => {
    const value = { a: Uint8Array.of(1), b: 'x', c: [1, 2n ** 63n, 2n ** 70n], d: { e: 0 } }
    const read = decodeCbor(encodeCbor({ ...value, f: undefined }))
    expect(JSON.stringify(read, plain)).to.equal(JSON.stringify(value, plain))
  })
  it('is refused where it is none, and never takes more than was sent', () => {
    const refused = [
      '',
      'ff',
      '9bffffffffffffffff',
      '5affffffff',
      '61ff',
      'a2616100616100',
      '0000',
      'a10000',
      '81'.repeat(70),
    ]
    for (const hex of refused) {
      expect(() => decodeCbor(fromHex(hex)), hex).to.throw(CborError)
    }
  })
  it('does not crash on anything', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          decodeCbor(bytes)
        } catch (error) {
          expect(error).to.be.instanceOf(CborError)
        }
      }),
    )
  })
})

describe('principals', () => {
  it('have the text that the client gives them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 29 }), (bytes) => {
        expect(principalText(bytes)).to.equal(Principal.fromUint8Array(bytes).toText())
        expect(principalBytes(principalText(bytes))).to.deep.equal(bytes)
      }),
    )
  })
})

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value
}
