import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { expect } from 'chai'
import { toBase58 } from '../../../src/node/primitives/bytes.ts'
import { MAX_UPLOAD_BYTES } from '../../../src/server/limits.ts'
import { serving } from '../../support/serving.ts'
import type { Answer, Serving } from '../../support/serving.ts'
import { bytesOf } from '../../support/stub-node.ts'

const STRANGER = toBase58(bytesOf(9))
const BYTES = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251)

describe('/admin-api/blobs', () => {
  let world: Serving
  let blobId: string
  const hash = createHash('sha256').update(BYTES).digest()

  before(async () => {
    world = await serving()
    const answer = await put(BYTES)
    expect(answer.status).to.equal(200)
    const { data } = answer.body as { data: { blob_id: string; size: number } }
    expect(data.size).to.equal(BYTES.length)
    blobId = data.blob_id
  })
  after(() => world.server.stop())

  const put = (bytes: Uint8Array, query = ''): Promise<Answer> =>
    world.send('PUT', `/admin-api/blobs${query}`, bytes)
  const get = (id: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${world.url}/admin-api/blobs/${id}`, { headers })

  it('are listed', async () => {
    const answer = await world.send('GET', '/admin-api/blobs')
    const { data } = answer.body as { data: { blobs: object[] } }
    expect(data.blobs[0]).to.include({ blob_id: blobId, size: BYTES.length })
  })

  it('come back as they went, with the headers of the original', async () => {
    const response = await get(blobId)
    expect(response.status).to.equal(200)
    expect(new Uint8Array(await response.arrayBuffer())).to.deep.equal(BYTES)
    const header = (name: string): string | null => response.headers.get(name)
    expect(header('content-length')).to.equal(String(BYTES.length))
    expect(header('etag')).to.equal(`"${hash.toString('hex')}"`)
    expect(header('x-blob-id')).to.equal(blobId)
    expect(header('x-blob-hash')).to.equal(hash.toString('hex'))
    expect(header('x-blob-mime-type')).to.equal('application/octet-stream')
    expect(header('cache-control')).to.include('private')
    expect(header('content-disposition')).to.equal('attachment')
  })

  it('show their headers alone to HEAD', async () => {
    const answer = await world.send('HEAD', `/admin-api/blobs/${blobId}`)
    expect(answer.status).to.equal(200)
    expect(answer.headers.get('content-length')).to.equal(String(BYTES.length))
    expect(answer.text).to.equal('')
  })

  const RANGES: readonly [string, number, number][] = [
    ['bytes=0-9', 0, 10],
    ['bytes=70000-70001', 70_000, 2],
    ['bytes=199990-', 199_990, 10],
    ['bytes=-5', 199_995, 5],
    ['bytes=0-999999', 0, 200_000],
  ]
  for (const [range, offset, length] of RANGES) {
    it(`give the range ${range}`, async () => {
      const response = await get(blobId, { range })
      expect(response.status).to.equal(206)
      const end = offset + length - 1
      expect(response.headers.get('content-range')).to.equal(`bytes ${offset}-${end}/200000`)
      const bytes = new Uint8Array(await response.arrayBuffer())
      expect(bytes).to.deep.equal(BYTES.subarray(offset, offset + length))
    })
  }

  it('refuse a range beyond the end', async () => {
    const response = await get(blobId, { range: 'bytes=200000-' })
    expect(response.status).to.equal(416)
    expect(response.headers.get('content-range')).to.equal('bytes */200000')
  })

  for (const range of ['bytes=0-1,5-6', 'lines=0-1', 'nonsense']) {
    it(`are given whole for ${range}`, async () => {
      const response = await get(blobId, { range })
      expect(response.status).to.equal(200)
      expect((await response.arrayBuffer()).byteLength).to.equal(BYTES.length)
    })
  }

  it('are given whole when the range was asked of other content', async () => {
    const response = await get(blobId, { range: 'bytes=0-1', 'if-range': '"other"' })
    expect(response.status).to.equal(200)
    await response.arrayBuffer()
  })

  it('are not sent again to who has them', async () => {
    const response = await get(blobId, { 'if-none-match': `"${hash.toString('hex')}"` })
    expect(response.status).to.equal(304)
    expect(await response.text()).to.equal('')
  })

  it('may be empty', async () => {
    const stored = (await put(new Uint8Array())).body as { data: { blob_id: string } }
    const response = await get(stored.data.blob_id)
    expect(response.status).to.equal(200)
    expect(response.headers.get('content-length')).to.equal('0')
  })

  it('of modules and archives are called so', async () => {
    const kinds: readonly [number[], string][] = [
      [[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], 'application/wasm'],
      [[0x1f, 0x8b, 8, 0], 'application/gzip'],
    ]
    for (const [bytes, type] of kinds) {
      const { data } = (await put(Uint8Array.from(bytes))).body as { data: { blob_id: string } }
      const answer = await world.send('HEAD', `/admin-api/blobs/${data.blob_id}`)
      expect(answer.headers.get('content-type')).to.equal(type)
    }
  })

  it('are checked against the hash that was announced', async () => {
    expect((await put(BYTES, `?hash=${toBase58(hash)}`)).status).to.equal(200)
    const wrong = await put(BYTES, `?hash=${STRANGER}`)
    expect(wrong.status).to.equal(400)
    expect(wrong.body).to.include({ code: 'hash_mismatch' })
  })

  for (const query of ['?hash=x', '?hash=0OIl', '?context_id=x', `?hash=${'1'.repeat(100)}`]) {
    it(`are refused with ${query.slice(0, 20)}`, async () => {
      expect((await put(BYTES, query)).status).to.equal(400)
    })
  }

  it('that are announced too large are refused before they are sent', async () => {
    const status = await new Promise<number>((resolve, reject) => {
      const headers = { 'content-length': String(MAX_UPLOAD_BYTES + 1) }
      const sent = request(
        `${world.url}/admin-api/blobs`,
        { method: 'PUT', headers },
        (response) => {
          resolve(response.statusCode ?? 0)
          sent.destroy()
        },
      )
      sent.on('error', reject)
      sent.write('x')
    })
    expect(status).to.equal(413)
  })

  it('answer a refusal while the upload is still going on', async () => {
    const { node } = world
    node.failNext('blobs.put', Object.assign(new Error('full'), { status: 413, limit: 1 }))
    expect((await put(new Uint8Array(5_000_000))).status).to.equal(413)
  })

  for (const method of ['GET', 'HEAD', 'DELETE']) {
    it(`that are not here are 404 to ${method}`, async () => {
      expect((await world.send(method, `/admin-api/blobs/${STRANGER}`)).status).to.equal(404)
      expect((await world.send(method, '/admin-api/blobs/x')).status).to.equal(400)
    })
  }

  it('are asked for among members when a context is named', async () => {
    const context = toBase58(world.node.addContext())
    const answer = await world.send('GET', `/admin-api/blobs/${STRANGER}?context_id=${context}`)
    expect(answer.status).to.equal(404)
    expect(answer.body).to.include({ code: 'blob_not_found' })
  })

  it('are deleted', async () => {
    const { data } = (await put(bytesOf(5))).body as { data: { blob_id: string } }
    const answer = await world.send('DELETE', `/admin-api/blobs/${data.blob_id}`)
    expect(answer.body).to.deep.equal({
      blob_id: data.blob_id,
      deleted: true,
      data: { blobId: data.blob_id, blob_id: data.blob_id, deleted: true },
    })
  })
})
