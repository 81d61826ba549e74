import { expect } from 'chai'
import { utf8 } from '../../../src/node/primitives/bytes.ts'
import { systemRandom } from '../../../src/node/primitives/clock.ts'
import type { BlobId, ContextId } from '../../../src/node/primitives/ids.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { newContext } from '../../support/stub-replica.ts'
import { blobIdOf } from '../../support/stub-blobs.ts'
import { eventually, share, type SyncNode, withNodes } from '../../support/sync-node.ts'

type Three = [SyncNode, SyncNode, SyncNode]

/** Three members who all may have a blob; the last wants it. */
async function withBlob(
  bytes: Uint8Array,
  run: (nodes: Three, context: ContextId, blob: BlobId) => Promise<void>,
): Promise<void> {
  await withNodes(3, async (nodes) => {
    const context = newContext()
    const blob = blobIdOf(bytes)
    await share(context, nodes)
    for (const node of nodes) node.replica.allowBlob(context, blob)
    const [, , c] = nodes as Three
    await eventually(() => c.online(context).length === 2, 'all met')
    await run(nodes as Three, context, blob)
  })
}

describe('blobs from members', () => {
  const bytes = systemRandom.bytes(2_700_000)

  it('come from whoever has them, verified', async () => {
    await withBlob(bytes, async ([, b, c], context, blob) => {
      expect(await c.sync.blobFinder.fetch(context, blob)).to.equal(undefined)
      await b.blobs.put(bytes)
      const info = await c.sync.blobFinder.fetch(context, blob)
      expect(info).to.include({ size: bytes.length })
      expect(await c.blobs.bytes(blob)).to.deep.equal(bytes)
    })
  })

  it('are empty, of one chunk, or of a whole number of chunks', async () => {
    for (const size of [0, 1, 1 << 20, 2 << 20]) {
      const body = systemRandom.bytes(size)
      await withBlob(body, async ([a, , c], context, blob) => {
        await a.blobs.put(body)
        expect(await c.sync.blobFinder.fetch(context, blob)).to.include({ size })
      })
    }
  })

  it('are fetched again when what is here is not whole', async () => {
    await withBlob(bytes, async ([a, , c], context, blob) => {
      await a.blobs.put(bytes)
      c.blobs.lie(blob, systemRandom.bytes(bytes.length))
      expect(await c.sync.blobFinder.fetch(context, blob)).to.include({ size: bytes.length })
      expect(await c.blobs.bytes(blob)).to.deep.equal(bytes)
    })
  })

  it('are fetched once, however many ask at a time, and by the next when the first got none', async () => {
    await withBlob(bytes, async ([a, , c], context, blob) => {
      expect(
        await Promise.all([1, 2].map(() => c.sync.blobFinder.fetch(context, blob))),
      ).to.deep.equal([undefined, undefined])
      let reads = 0
      await a.blobs.put(bytes)
      const read = a.blobs.read.bind(a.blobs)
      a.blobs.read = (...args) => {
        reads++
        return read(...args)
      }
      const found = await Promise.all([1, 2, 3].map(() => c.sync.blobFinder.fetch(context, blob)))
      expect(found.map((info) => info?.size)).to.deep.equal([1, 2, 3].map(() => bytes.length))
      expect(reads).to.equal(1)
    })
  })

  it('are resumed at another member when one breaks off', async () => {
    await withBlob(bytes, async ([a, b, c], context, blob) => {
      const offsets: number[] = []
      for (const node of [a, b]) {
        await node.blobs.put(bytes)
        const read = node.blobs.read.bind(node.blobs)
        node.blobs.read = async function* (id, options) {
          offsets.push(options?.offset ?? 0)
          const last = offsets.length > 1
          for await (const part of read(id, options)) {
            yield part
            if (!last) await node.stop() // the first to serve dies after one mebibyte
          }
        }
      }
      expect(await c.sync.blobFinder.fetch(context, blob)).to.include({ size: bytes.length })
      expect(offsets[0]).to.equal(0)
      expect(offsets[1]).to.be.greaterThan(0)
    })
  })

  it('are not taken from a liar, who does not spoil them for others', async () => {
    await withBlob(bytes, async ([a, b, c], context, blob) => {
      a.blobs.lie(blob, systemRandom.bytes(bytes.length))
      expect(await rejectionCode(c.sync.blobFinder.fetch(context, blob))).to.equal(
        'SYNC_BLOB_MISMATCH',
      )
      expect(await c.blobs.has(blob)).to.equal(false)
      await b.blobs.put(bytes)
      expect(await c.sync.blobFinder.fetch(context, blob)).to.include({ size: bytes.length })
    })
  })

  it('are neither served nor wanted outside the context they belong to', async () => {
    await withBlob(bytes, async ([a, , c], context) => {
      const other = utf8('a file of another context')
      const id = (await a.blobs.put(other)).id
      c.replica.allowBlob(context, id)
      expect(await c.sync.blobFinder.fetch(context, id)).to.equal(undefined)
      a.replica.allowBlob(context, id)
      expect(await c.sync.blobFinder.fetch(context, id)).to.include({ size: other.length })
      const { id: unrelated } = await a.blobs.put(utf8('unrelated'))
      expect(await c.sync.blobFinder.fetch(context, unrelated)).to.equal(undefined)
    })
  })
})
