import { expect } from 'chai'
import fc from 'fast-check'
import { blobIdOf } from '../../src/node/blobs/chunks.ts'
import { CHUNK_BYTES } from '../../src/node/blobs/limits.ts'
import { decodeMeta, encodeMeta } from '../../src/node/blobs/meta.ts'
import { BlobId } from '../../src/node/primitives/ids.ts'
import { thrownCode } from '../support/error-code.ts'

const id32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
const meta = fc
  .record({
    links: fc.array(id32, { maxLength: 6 }),
    hash: id32,
    short: fc.integer({ min: 1, max: CHUNK_BYTES }),
  })
  .map(({ links, hash, short }) => ({
    links,
    hash,
    size: links.length === 0 ? 0 : (links.length - 1) * CHUNK_BYTES + short,
  }))

describe('blob meta', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(meta, (value) => {
        expect(decodeMeta(blobIdOf(value.links), encodeMeta(value))).to.deep.equal(value)
      }),
    )
  })

  it('never takes random, truncated or extended bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), id32, (row, id) => {
        expect(thrownCode(() => decodeMeta(BlobId.from(id), row))).to.equal('BLOB_CORRUPT')
      }),
    )
    fc.assert(
      fc.property(meta, fc.nat(), (value, cut) => {
        const row = encodeMeta(value)
        const id = blobIdOf(value.links)
        const shorter = row.subarray(0, cut % row.length)
        expect(thrownCode(() => decodeMeta(id, shorter))).to.equal('BLOB_CORRUPT')
        expect(thrownCode(() => decodeMeta(id, Uint8Array.of(...row, 0)))).to.equal('BLOB_CORRUPT')
      }),
    )
  })

  it('survives a flipped bit with a typed error, or as another valid row', () => {
    fc.assert(
      fc.property(meta, fc.nat(), (value, at) => {
        const row = encodeMeta(value)
        const index = at % (row.length * 8)
        row[index >> 3] = (row[index >> 3] ?? 0) ^ (1 << (index & 7))
        const code = thrownCode(() => decodeMeta(blobIdOf(value.links), row))
        expect(code).to.be.oneOf(['BLOB_CORRUPT', 'none'])
        // the chunks are covered by the id
        if (index >> 3 >= 45) expect(code).to.equal('BLOB_CORRUPT')
      }),
    )
  })
})
