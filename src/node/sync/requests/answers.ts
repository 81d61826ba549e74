/** What each request is answered with, once the peer has proved to be a member. */
import type { BlobStore } from '../../blobs/blobs.ts'
import {
  BLOB_CHUNK_BYTES,
  DELTAS_FRAME_BYTES,
  MAX_DELTAS_BYTES,
  MAX_FRAME_AUTHORS,
  MAX_FRAME_ENVELOPES,
  MAX_FRAME_MEMBERS,
  MAX_WANTED_IDS,
  type SyncAnswer,
  type SyncRequest,
  WIRE_ERRORS,
  type WireMember,
} from '../../codec/sync-frames.ts'
import { isMerogateError } from '../../errors.ts'
import { EMPTY } from '../../primitives/bytes.ts'
import { BlobId, type ContextId, idKey } from '../../primitives/ids.ts'
import type { Directory } from '../address-book.ts'
import { MAX_FRONTIER_AUTHORS } from '../limits.ts'
import type { HistoryPart, Party, ReplicaSource } from '../replica.ts'
import { toDeltaIds, toWireFrontier, toWireGrants } from '../wire.ts'

export interface AnswerComponents {
  readonly replica: ReplicaSource
  readonly blobs: BlobStore
  readonly directory: Directory
  /** A blob that a member asked for is here, but not whole. */
  onDamaged(context: ContextId, blob: BlobId): void
}

/** A request by a proven member. */
export interface MemberRequest {
  readonly context: ContextId
  readonly party: Party
  readonly request: Exclude<SyncRequest, { type: 'hello' | 'join' | 'cancel' }>
  readonly signal: AbortSignal
}

/** The answers to a request, in order. Ends by itself; an error answer is the last. */
export async function* answer(
  components: AnswerComponents,
  { context, party, request, signal }: MemberRequest,
): AsyncGenerator<SyncAnswer> {
  switch (request.type) {
    case 'heads':
      yield heads(components.replica, context)
      return
    case 'frontier':
      yield* frontier(components.replica, context)
      return
    case 'ranges':
      yield* envelopes(
        components.replica.readRanges(context, {
          ranges: request.ranges,
          maxBytes: Math.min(request.maxBytes, MAX_DELTAS_BYTES),
          signal,
        }),
      )
      return
    case 'deltas':
      yield* envelopes(
        components.replica.read(context, {
          want: toDeltaIds(request.want),
          have: toDeltaIds(request.have),
          maxBytes: Math.min(request.maxBytes, MAX_DELTAS_BYTES),
          signal,
        }),
      )
      return
    case 'keys':
      yield* keys(components.replica, context, party, request.epochs)
      return
    case 'members':
      yield { type: 'members', items: members(components.directory, context, party) }
      return
    case 'blobHave':
      yield await blobSize(components, context, request.blob)
      return
    case 'blobGet':
      yield* blob(components, context, request.blob, request.offset, signal)
  }
}

function heads(replica: ReplicaSource, context: ContextId): SyncAnswer {
  const frontier = replica.frontier(context)
  return frontier === undefined
    ? failure(WIRE_ERRORS.notMaterialised)
    : { type: 'heads', ...toWireFrontier(frontier) }
}

function* frontier(replica: ReplicaSource, context: ContextId): Generator<SyncAnswer> {
  const authors = replica.heights(context).slice(0, MAX_FRONTIER_AUTHORS)
  for (let at = 0; at === 0 || at < authors.length; at += MAX_FRAME_AUTHORS) {
    const end = at + MAX_FRAME_AUTHORS
    yield { type: 'frontier', more: end < authors.length, authors: authors.slice(at, end) }
  }
}

async function* envelopes(rows: AsyncIterable<HistoryPart>): AsyncGenerator<SyncAnswer> {
  let items: Uint8Array[] = []
  let bytes = 0
  for await (const row of rows) {
    if ('end' in row) {
      if (items.length > 0) yield { type: 'envelopes', items }
      const { more, unknown, pruned } = row.end
      yield {
        type: 'end',
        more,
        unknown: unknown.slice(0, MAX_WANTED_IDS),
        pruned: pruned.slice(0, MAX_WANTED_IDS),
      }
      return
    }
    const { envelope } = row
    const full = bytes + envelope.length > DELTAS_FRAME_BYTES || items.length >= MAX_FRAME_ENVELOPES
    if (items.length > 0 && full) {
      yield { type: 'envelopes', items }
      items = []
      bytes = 0
    }
    if (envelope.length > DELTAS_FRAME_BYTES) {
      yield* parts(envelope)
    } else {
      items.push(envelope)
      bytes += envelope.length
    }
  }
}

function* parts(envelope: Uint8Array): Generator<SyncAnswer> {
  for (let at = 0; at < envelope.length; at += DELTAS_FRAME_BYTES) {
    const end = at + DELTAS_FRAME_BYTES
    yield { type: 'part', more: end < envelope.length, bytes: envelope.subarray(at, end) }
  }
}

async function* keys(
  replica: ReplicaSource,
  context: ContextId,
  party: Party,
  epochs: readonly number[],
): AsyncGenerator<SyncAnswer> {
  // a relay stores and serves what it cannot read
  const grants =
    party.role === 'relay' ? [] : await replica.grantKeys(context, party.identity, epochs)
  const batches = toWireGrants(grants)
  if (batches.length === 0) yield { type: 'keys', more: false, grants: [] }
  for (const [i, batch] of batches.entries()) {
    yield { type: 'keys', more: i + 1 < batches.length, grants: batch }
  }
}

function members(directory: Directory, context: ContextId, asking: Party): WireMember[] {
  return directory
    .members(context)
    .filter(({ identity }) => idKey(identity) !== idKey(asking.identity))
    .slice(-MAX_FRAME_MEMBERS)
    .map(({ identity, peer, addresses }) => ({ identity, peer, addresses: addresses.slice(0, 16) }))
}

async function blobSize(
  { replica, blobs }: AnswerComponents,
  context: ContextId,
  id: Uint8Array,
): Promise<SyncAnswer> {
  const blob = BlobId.from(id)
  const info = replica.blobAllowed(context, blob) ? await blobs.info(blob) : undefined
  return info === undefined
    ? failure(WIRE_ERRORS.notFound)
    : { type: 'blobSize', size: BigInt(info.size) }
}

async function* blob(
  components: AnswerComponents,
  context: ContextId,
  id: Uint8Array,
  offset: bigint,
  signal: AbortSignal,
): AsyncGenerator<SyncAnswer> {
  const size = await blobSize(components, context, id)
  if (size.type !== 'blobSize' || offset > size.size) {
    yield size.type === 'blobSize' ? failure(WIRE_ERRORS.notFound) : size
    return
  }
  yield size
  const source = components.blobs.read(BlobId.from(id), { offset: Number(offset), signal })
  try {
    for await (const bytes of source) {
      for (let at = 0; at < bytes.length; at += BLOB_CHUNK_BYTES) {
        yield { type: 'chunk', more: true, bytes: bytes.subarray(at, at + BLOB_CHUNK_BYTES) }
      }
    }
  } catch (error) {
    if (!isMerogateError(error, 'BLOB_CORRUPT')) throw error
    components.onDamaged(context, BlobId.from(id))
    yield failure(WIRE_ERRORS.notFound)
    return
  }
  yield { type: 'chunk', more: false, bytes: EMPTY }
}

function failure(code: number): SyncAnswer {
  return { type: 'error', code, retryAfterMs: 0 }
}
