/** `/blobs`: streamed up and down, with ranges and conditional requests (docs/api.md). */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Request, Response, Router } from 'express'
import type { BlobInfo } from '../../node/blobs/blobs.ts'
import { MerogateError } from '../../node/errors.ts'
import type { Node } from '../../node/interface.ts'
import { fromBase58, toBase58, toHex } from '../../node/primitives/bytes.ts'
import { BlobId, ContextId } from '../../node/primitives/ids.ts'
import { defined } from '../defined.ts'
import { encodeBlob } from '../encode.ts'
import { serverError } from '../errors.ts'
import { MAX_UPLOAD_BYTES } from '../limits.ts'
import { pageOf, param, query, route } from '../routes.ts'

/** Headers of a blob that web pages may read. */
export const BLOB_HEADERS: readonly string[] = [
  'X-Blob-ID',
  'X-Blob-Hash',
  'X-Blob-MIME-Type',
  'ETag',
  'Content-Length',
  'Content-Range',
]

/** Bytes that tell the type of a blob. */
const SNIFF_BYTES = 8

export function blobRoutes(router: Router, node: Node): void {
  const { blobs } = node

  route(router, '/blobs', {
    get: async (req) => {
      const { rows, next } = pageOf(req, await blobs.list())
      return { data: { blobs: rows.map(encodeBlob), ...next } }
    },
    put: async (req) => {
      const hash = query(req, 'hash')
      const options = defined({
        hash: hash === undefined ? undefined : hashOf(hash),
        context: contextQuery(req),
      })
      checkDeclaredSize(req)
      return { data: encodeBlob(await blobs.put(bounded(req), options)) }
    },
  })
  route(router, '/blobs/:id', {
    // Express answers HEAD through GET
    get: (req, res) => sendBlob(node, req, res),
    delete: async (req) => {
      const id = BlobId.parse(param(req, 'id'))
      if (!(await blobs.delete(id))) throw notFound(id, 'Blob not found')
      const text = toBase58(id)
      return {
        blob_id: text,
        deleted: true,
        data: { blobId: text, blob_id: text, deleted: true },
      }
    },
  })
}

async function sendBlob(node: Node, req: Request, res: Response): Promise<undefined> {
  const id = BlobId.parse(param(req, 'id'))
  const context = contextQuery(req)
  const blob = await locate(node, id, context)
  const type = await sniff(node, id)
  res.set({
    ETag: `"${toHex(blob.hash)}"`,
    // content never changes under an id, but it is the members' alone
    'Cache-Control': 'private, max-age=31536000, immutable',
    'Accept-Ranges': 'bytes',
    'Content-Type': type,
    'Content-Disposition': 'attachment',
    'X-Blob-ID': toBase58(id),
    'X-Blob-Hash': toHex(blob.hash),
    'X-Blob-MIME-Type': type,
  })
  if (hasAlready(req, res)) {
    res.status(304).end()
    return
  }
  const range = rangeOf(req, res, blob)
  const { offset, length } = range ?? { offset: 0, length: blob.size }
  if (range !== undefined) {
    res.status(206)
    res.set('Content-Range', `bytes ${offset}-${offset + length - 1}/${blob.size}`)
  }
  res.set('Content-Length', String(length))
  if (req.method === 'HEAD' || length === 0) {
    res.end()
    return
  }
  const gone = new AbortController()
  res.once('close', () => gone.abort())
  const bytes = await node.blobs.read(id, { offset, length, signal: gone.signal })
  try {
    await pipeline(Readable.from(bytes, { objectMode: false }), res)
  } catch (error) {
    if (!gone.signal.aborted) throw error // otherwise the client left: nobody to tell
  }
}

/** The blob; when it is not here and a context was named, its members are asked. @throws BLOB_NOT_FOUND (404) */
async function locate(node: Node, id: BlobId, context: ContextId | undefined): Promise<BlobInfo> {
  const here = await node.blobs.info(id)
  if (here !== undefined) return here
  if (context !== undefined) {
    await node.blobs.read(id, { context, length: 0 })
    const fetched = await node.blobs.info(id)
    if (fetched !== undefined) return fetched
  }
  throw notFound(id, 'Blob not found locally or in network')
}

/** Whether the client named the content it has. Not Express' `fresh`: that obeys the `no-cache` which fetch adds (RFC 9110 13.1.2). */
function hasAlready(req: Request, res: Response): boolean {
  const etag = res.get('ETag')
  const known = (req.headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim())
  return known.some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag)
}

/** The one range asked for; undefined for the whole blob. @throws SERVER_RANGE_INVALID (416) */
function rangeOf(
  req: Request,
  res: Response,
  blob: BlobInfo,
): { offset: number; length: number } | undefined {
  const condition = req.headers['if-range']
  if (condition !== undefined && condition !== res.get('ETag')) return undefined
  const ranges = req.range(blob.size)
  if (ranges === -1) {
    res.set('Content-Range', `bytes */${blob.size}`)
    res.removeHeader('Content-Disposition')
    throw serverError(
      'SERVER_RANGE_INVALID',
      'input',
      `expected a range within the ${blob.size} bytes of the blob`,
      { size: blob.size },
    )
  }
  if (ranges === undefined || ranges === -2 || ranges.type !== 'bytes') return undefined
  const [range] = ranges
  // several ranges would need a multipart answer: the whole is allowed instead (RFC 9110 14.2)
  if (range === undefined || ranges.length > 1) return undefined
  return { offset: range.start, length: range.end - range.start + 1 }
}

/** The media type by the first bytes: modules and bundles are told apart, all else is bytes. */
async function sniff(node: Node, id: BlobId): Promise<string> {
  for await (const chunk of await node.blobs.read(id, { length: SNIFF_BYTES })) {
    const head = toHex(chunk.subarray(0, 4))
    if (head === '0061736d') return 'application/wasm'
    if (head.startsWith('1f8b')) return 'application/gzip'
    if (head === '89504e47') return 'image/png'
    if (head.startsWith('ffd8ff')) return 'image/jpeg'
    if (head === '25504446') return 'application/pdf'
    break
  }
  return 'application/octet-stream'
}

/** The bytes of an upload, refused as soon as they are too many. The request stays open, so that the refusal can be answered. */
async function* bounded(req: Request): AsyncGenerator<Uint8Array, void, undefined> {
  let total = 0
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    const bytes = chunk as Uint8Array // no encoding is set, so chunks are buffers
    total += bytes.length
    if (total > MAX_UPLOAD_BYTES) throw tooLarge(total)
    yield bytes
  }
}

function checkDeclaredSize(req: Request): void {
  const size = Number(req.headers['content-length'] ?? 0)
  if (size > MAX_UPLOAD_BYTES) throw tooLarge(size)
}

function tooLarge(got: number): MerogateError {
  return serverError(
    'SERVER_BODY_TOO_LARGE',
    'limit',
    `expected a blob of at most ${MAX_UPLOAD_BYTES} bytes, got ${got} or more`,
    { limit: MAX_UPLOAD_BYTES },
  )
}

function contextQuery(req: Request): ContextId | undefined {
  const text = query(req, 'context_id')
  return text === undefined ? undefined : ContextId.parse(text)
}

function hashOf(text: string): Uint8Array {
  const bytes = text.length <= 45 ? fromBase58(text) : new Uint8Array()
  if (bytes.length === 32) return bytes
  throw serverError(
    'SERVER_BAD_REQUEST',
    'input',
    'The provided hash is not a valid format: expected base58 of 32 bytes',
  )
}

function notFound(id: BlobId, message: string): MerogateError {
  return new MerogateError('BLOB_NOT_FOUND', 'missing', message, { blob: toBase58(id) })
}
