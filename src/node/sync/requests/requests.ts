/** What can be asked of a peer, and one request stream per peer to ask it on. */
import type { AuthorHeight } from '../../codec/frontier.ts'
import { MAX_DELTAS_BYTES, type SyncRequest, type WireMember } from '../../codec/sync-frames.ts'
import { isMerogateError } from '../../errors.ts'
import type { Network, PeerId } from '../../network/network.ts'
import { concat } from '../../primitives/bytes.ts'
import type { Clock, Random, Timer } from '../../primitives/clock.ts'
import type { BlobId, ContextId, DeltaId } from '../../primitives/ids.ts'
import type { Background } from '../../primitives/background.ts'
import { isBreach, syncError } from '../errors.ts'
import {
  MAX_ENVELOPE_BYTES,
  MAX_FRONTIER_AUTHORS,
  REQUEST_IDLE_MS,
  SYNC_PROTOCOL,
} from '../limits.ts'
import type { SyncMetrics } from '../metrics.ts'
import type { Misbehaviour } from '../quotas.ts'
import type { AuthorRange, Frontier, KeyGrant, ReplicaSource } from '../replica.ts'
import { type GoodAnswer, RequestStream } from './request-stream.ts'
import { fromWireFrontier, fromWireGrants, toDeltaIds } from '../wire.ts'

export interface RequestsComponents {
  readonly network: Network
  readonly replica: ReplicaSource
  readonly misbehaviour: Misbehaviour
  readonly clock: Clock
  readonly random: Random
  readonly metrics: SyncMetrics
  readonly background: Background
}

interface Asking {
  readonly signal?: AbortSignal | undefined
}

/** Takes an envelope; a promise slows the peer down. */
type Take = (envelope: Uint8Array) => Promise<void> | void

/** End of an answer with envelopes. */
export interface DeltasEnd {
  /** The peer has more than it was allowed to send. */
  readonly more: boolean
  /** Of the wanted ids: the peer does not have these. */
  readonly unknown: readonly DeltaId[]
  readonly pruned: readonly DeltaId[]
}

export class Requests {
  readonly #c: RequestsComponents
  readonly #streams = new Map<PeerId, Promise<RequestStream>>()
  #sweep: Timer | undefined
  #idle = new Set<PeerId>()
  #running = false

  constructor(components: RequestsComponents) {
    this.#c = components
  }

  start(): void {
    this.#running = true
    this.#sweep = this.#c.clock.every(REQUEST_IDLE_MS, () => this.#closeIdle())
  }

  async stop(): Promise<void> {
    this.#running = false
    this.#sweep?.cancel()
    for (const stream of await Promise.allSettled(this.#streams.values())) {
      if (stream.status === 'fulfilled') stream.value.abort(syncError('SYNC_STOPPED', 'stopping'))
    }
    this.#streams.clear()
  }

  /** Where the peer stands. */
  async heads(peer: PeerId, context: ContextId, options: Asking = {}): Promise<Frontier> {
    const answer = await this.#one(peer, context, { type: 'heads', context }, 'heads', options)
    return fromWireFrontier(answer)
  }

  /** How far the authors' deltas are applied at the peer. */
  async frontier(
    peer: PeerId,
    context: ContextId,
    options: Asking = {},
  ): Promise<readonly AuthorHeight[]> {
    const authors: AuthorHeight[] = []
    const request: SyncRequest = { type: 'frontier', context }
    const isLast = (answer: GoodAnswer): boolean => answer.type !== 'frontier' || !answer.more
    for await (const answer of this.#ask(peer, context, request, isLast, options)) {
      if (answer.type !== 'frontier') throw unexpected('a frontier')
      authors.push(...answer.authors)
      if (authors.length > MAX_FRONTIER_AUTHORS) throw unexpected('a frontier within its limit')
    }
    return authors
  }

  /**
   * Envelopes of authors' deltas by their numbers, parents first as far as one request goes, handed over one by one. `take` may return a
   * promise to slow the peer down.
   */
  ranges(
    peer: PeerId,
    context: ContextId,
    ranges: readonly AuthorRange[],
    take: Take,
    options: Asking = {},
  ): Promise<DeltasEnd> {
    const request: SyncRequest = {
      type: 'ranges',
      context,
      ranges: [...ranges],
      maxBytes: MAX_DELTAS_BYTES,
    }
    return this.#envelopes(peer, context, request, take, options)
  }

  /** Envelopes of `want` and its ancestors not reachable from `have`, which must be applied here. Otherwise as {@link ranges}. */
  deltas(
    peer: PeerId,
    context: ContextId,
    want: readonly DeltaId[],
    have: readonly DeltaId[],
    take: Take,
    options: Asking = {},
  ): Promise<DeltasEnd> {
    const request: SyncRequest = {
      type: 'deltas',
      context,
      want: [...want],
      have: [...have],
      maxBytes: MAX_DELTAS_BYTES,
    }
    return this.#envelopes(peer, context, request, take, options)
  }

  async #envelopes(
    peer: PeerId,
    context: ContextId,
    request: SyncRequest,
    take: Take,
    options: Asking,
  ): Promise<DeltasEnd> {
    let parts: Uint8Array[] = []
    let partBytes = 0
    let received = 0
    const count = (bytes: number): void => {
      received += bytes
      if (received > MAX_DELTAS_BYTES + MAX_ENVELOPE_BYTES)
        throw unexpected('no more than was asked for')
    }
    const isEnd = (answer: GoodAnswer): boolean => answer.type === 'end'
    for await (const answer of this.#ask(peer, context, request, isEnd, options)) {
      if (answer.type === 'envelopes') {
        for (const envelope of answer.items) {
          count(envelope.length)
          await take(envelope)
        }
      } else if (answer.type === 'part') {
        count(answer.bytes.length)
        partBytes += answer.bytes.length
        if (partBytes > MAX_ENVELOPE_BYTES) throw unexpected('an envelope within its limit')
        parts.push(answer.bytes)
        if (answer.more) continue
        const envelope = concat(...parts)
        parts = []
        partBytes = 0
        await take(envelope)
      } else if (answer.type === 'end') {
        const { more, unknown, pruned } = answer
        return { more, unknown: toDeltaIds(unknown), pruned: toDeltaIds(pruned) }
      } else {
        throw unexpected('deltas')
      }
    }
    throw unexpected('an end')
  }

  /** Keys of the epochs named, sealed to us; all when none is. */
  async keys(
    peer: PeerId,
    context: ContextId,
    epochs: readonly number[],
    options: Asking = {},
  ): Promise<readonly KeyGrant[]> {
    const grants: KeyGrant[] = []
    const request: SyncRequest = { type: 'keys', context, epochs: [...epochs] }
    const isLast = (answer: GoodAnswer): boolean => answer.type !== 'keys' || !answer.more
    for await (const answer of this.#ask(peer, context, request, isLast, options)) {
      if (answer.type !== 'keys' || grants.length > 65_536) throw unexpected('keys')
      grants.push(...fromWireGrants(answer.grants))
    }
    return grants
  }

  /** Other members and where the peer last found them: hints, to be proved. */
  async members(
    peer: PeerId,
    context: ContextId,
    options: Asking = {},
  ): Promise<readonly WireMember[]> {
    return (await this.#one(peer, context, { type: 'members', context }, 'members', options)).items
  }

  /** Size of a blob in bytes; undefined when the peer does not have it for us. */
  async blobSize(
    peer: PeerId,
    context: ContextId,
    blob: BlobId,
    options: Asking = {},
  ): Promise<number | undefined> {
    try {
      const request = { type: 'blobHave', context, blob } as const
      return Number((await this.#one(peer, context, request, 'blobSize', options)).size)
    } catch (error) {
      if (isMerogateError(error, 'SYNC_REFUSED')) return undefined
      throw error
    }
  }

  /** Bytes of a blob from an offset on. */
  async *blob(
    peer: PeerId,
    context: ContextId,
    blob: BlobId,
    offset: number,
    options: Asking = {},
  ): AsyncGenerator<Uint8Array> {
    const request = { type: 'blobGet', context, blob, offset: BigInt(offset) } as const
    const isLast = (answer: GoodAnswer): boolean => answer.type === 'chunk' && !answer.more
    for await (const answer of this.#ask(peer, context, request, isLast, options)) {
      if (answer.type === 'chunk') yield answer.bytes
      else if (answer.type !== 'blobSize') throw unexpected('chunks')
    }
  }

  async #one<T extends GoodAnswer['type']>(
    peer: PeerId,
    context: ContextId,
    request: SyncRequest,
    type: T,
    options: Asking,
  ): Promise<Extract<GoodAnswer, { type: T }>> {
    for await (const answer of this.#ask(peer, context, request, () => true, options)) {
      if (answer.type === type) return answer as Extract<GoodAnswer, { type: T }> // compared just now
    }
    throw unexpected(type)
  }

  async *#ask(
    peer: PeerId,
    context: ContextId,
    request: SyncRequest,
    last: (answer: GoodAnswer) => boolean,
    { signal }: Asking,
  ): AsyncGenerator<GoodAnswer> {
    // whoever takes the last answer need not come back for the end, and whoever leaves before it has lost interest
    let outcome = 'cancelled'
    const isLast = (answer: GoodAnswer): boolean => {
      const isEnd = last(answer)
      if (isEnd) outcome = 'answered'
      return isEnd
    }
    try {
      const stream = await this.#stream(peer)
      yield* stream.ask(context, request, isLast, signal)
    } catch (error) {
      outcome = signal?.aborted === true ? 'cancelled' : 'failed'
      if (isMerogateError(error, 'SYNC_REFUSED')) outcome = 'refused'
      throw error
    } finally {
      this.#c.metrics.requests.inc({ kind: request.type, outcome })
    }
  }

  async #stream(peer: PeerId): Promise<RequestStream> {
    const known = this.#streams.get(peer)
    const stream = await (known ?? this.#open(peer))
    if (!stream.ended) {
      this.#idle.delete(peer)
      return stream
    }
    this.#streams.delete(peer)
    return this.#open(peer)
  }

  #open(peer: PeerId): Promise<RequestStream> {
    const opening = this.#openNow(peer)
    this.#streams.set(peer, opening)
    const forget = (): void => {
      if (this.#streams.get(peer) === opening) this.#streams.delete(peer)
    }
    opening.then(
      (stream) => {
        this.#c.background.run('request stream', async () => {
          const failure = await stream.serve()
          forget()
          if (isBreach(failure)) {
            this.#c.metrics.protocolErrors.inc({ plane: 'request' })
            this.#c.misbehaviour.charge(peer)
          }
        })
      },
      () => forget(),
    )
    return opening
  }

  async #openNow(peer: PeerId): Promise<RequestStream> {
    if (!this.#running) throw syncError('SYNC_STOPPED', 'the sync service is not started')
    const { network, replica, clock, random } = this.#c
    const stream = await network.open(peer, SYNC_PROTOCOL)
    return new RequestStream(stream, { self: network.peerId, replica, clock, random })
  }

  /** Closes streams that were idle at the last sweep already. */
  #closeIdle(): void {
    const before = this.#idle
    this.#idle = new Set(this.#streams.keys())
    for (const peer of before) {
      const opening = this.#streams.get(peer)
      if (opening === undefined) continue
      this.#c.background.run('close request stream', async () => {
        const stream = await opening
        if (stream.idle) stream.abort(syncError('SYNC_SESSION_CLOSED', 'idle'))
      })
    }
  }
}

function unexpected(expected: string): Error {
  return syncError('SYNC_BAD_ANSWER', `expected ${expected}, got something else`, { expected })
}
