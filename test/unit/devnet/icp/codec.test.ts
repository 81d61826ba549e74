import { reconstruct, type HashTree } from '@dfinity/agent'
import { Principal } from '@dfinity/principal'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { decodeCbor, encodeCbor, CborError } from '../../../../src/devnet/icp/codec/cbor.ts'
import { hashOfMap } from '../../../../src/devnet/icp/codec/hash.ts'
import { principalBytes, principalText } from '../../../../src/devnet/icp/codec/principal.ts'
import { digestOf, Labels, witnessOf } from '../../../../src/devnet/icp/certification/tree.ts'
import { labels } from '../../../../src/devnet/icp/certification/certificates.ts'
import { concat, fromHex, toHex, utf8 } from '../../../../src/node/primitives/bytes.ts'

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
        expect(JSON.stringify(leaves(shown))).to.equal(
          JSON.stringify(isThere ? [toHex(wanted)] : []),
        )
      }),
    )
  })
})

/** Values that a tree shows. */
function leaves(tree: HashTree): string[] {
  const [kind, first, second] = tree as unknown as [number, HashTree, HashTree] // its kinds, below
  if (kind === 1) return [...leaves(first), ...leaves(second)]
  if (kind === 2) return leaves(second)
  return kind === 3 ? [toHex(first as unknown as Uint8Array)] : []
}

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
