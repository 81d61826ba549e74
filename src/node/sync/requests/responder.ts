/** The answering end of the request plane: proven members only, a few requests at a time (docs/protocol.md, Requests). */
import { LRUCache } from 'lru-cache'
import type { BlobStore } from '../../blobs/blobs.ts'
import { NONCE_BYTES, WIRE_VERSION } from '../../codec/push-frames.ts'
import {
  decodeRequest,
  encodeAnswer,
  type RequestFrame,
  type SyncAnswer,
  type SyncRequest,
  WIRE_ERRORS,
} from '../../codec/sync-frames.ts'
import { isMerogateError } from '../../errors.ts'
import type { FramedStream, Network, PeerId } from '../../network/network.ts'
import type { Clock, Random } from '../../primitives/clock.ts'
import { type BlobId, ContextId, idKey, PublicKey } from '../../primitives/ids.ts'
import type { Logger } from '../../primitives/logger.ts'
import type { Directory } from '../address-book.ts'
import { answer as answerRequest } from './answers.ts'
import type { Background } from '../../primitives/background.ts'
import { pausing, within } from '../waiting.ts'
import { isBreach, syncError } from '../errors.ts'
import {
  ANSWER_UNIT_BYTES,
  GRANT_UNITS,
  MAX_FAILED_JOINS,
  MAX_IN_FLIGHT,
  MAX_REMEMBERED_PEERS,
  MAX_SERVED_STREAMS,
  MAX_SERVED_STREAMS_PER_PEER,
  MAX_STREAM_CONTEXTS,
  PARTY_TIMEOUT_MS,
  REQUEST_BURST,
  REQUEST_IDLE_MS,
  REQUESTS_PER_SECOND,
  SERVE_TIMEOUT_MS,
  SYNC_PROTOCOL,
  UNIT_BYTES,
} from '../limits.ts'
import type { SyncMetrics } from '../metrics.ts'
import { verifyParty } from '../proof.ts'
import { type Budgets, type Misbehaviour, TokenBucket } from '../quotas.ts'
import type { Party, ReplicaSource } from '../replica.ts'

export interface ResponderComponents {
  readonly network: Network
  readonly replica: ReplicaSource
  /** A blob that a member asked for is here, but not whole. */
  onDamaged(context: ContextId, blob: BlobId): void
  readonly blobs: BlobStore
  readonly directory: Directory
  readonly misbehaviour: Misbehaviour
  readonly budgets: Budgets
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: SyncMetrics
  readonly background: Background
}

type Asked = Exclude<SyncRequest, { type: 'hello' | 'join' | 'cancel' }>

/** One stream being served. */
interface Served {
  readonly stream: FramedStream
  readonly nonce: Uint8Array
  peerNonce: Uint8Array | undefined
  readonly parties: Map<string, { readonly context: ContextId; party: Party }>
  readonly running: Map<number, { readonly context: string; readonly stop: AbortController }>
  failedJoins: number
}

export class Responder {
  readonly #c: ResponderComponents
  readonly #served = new Set<Served>()
  readonly #buckets = new LRUCache<PeerId, TokenBucket>({ max: MAX_REMEMBERED_PEERS })
  #running = false
  #stop = new AbortController()

  constructor(components: ResponderComponents) {
    this.#c = components
    components.network.handle(SYNC_PROTOCOL, (stream) => this.#accept(stream))
  }

  start(): void {
    this.#running = true
    this.#stop = new AbortController()
  }

  stop(): void {
    this.#running = false
    this.#stop.abort()
    for (const { stream } of this.#served) stream.abort(syncError('SYNC_STOPPED', 'stopping'))
  }

  /** Forgets proofs of whoever is no longer a member, and stops what is being served to them. */
  async recheck(context: ContextId): Promise<void> {
    for (const served of [...this.#served]) {
      const proven = served.parties.get(idKey(context))
      if (proven === undefined) continue
      const now = this.#c.replica.has(context)
        ? await this.#c.replica.party(context, proven.party.identity)
        : undefined
      if (now === undefined) this.#expel(served, context)
      else proven.party = now
    }
  }

  #expel(served: Served, context: ContextId): void {
    const key = idKey(context)
    served.parties.delete(key)
    for (const running of served.running.values()) if (running.context === key) running.stop.abort()
  }

  #accept(stream: FramedStream): void {
    const ofPeer = [...this.#served].filter((served) => served.stream.peer === stream.peer).length
    if (
      !this.#running ||
      this.#served.size >= MAX_SERVED_STREAMS ||
      ofPeer >= MAX_SERVED_STREAMS_PER_PEER ||
      this.#c.misbehaviour.isBanned(stream.peer)
    ) {
      stream.abort(syncError('SYNC_STOPPED', 'this node takes no more request streams'))
      return
    }
    const served: Served = {
      stream,
      nonce: this.#c.random.bytes(NONCE_BYTES),
      peerNonce: undefined,
      parties: new Map(),
      running: new Map(),
      failedJoins: 0,
    }
    this.#served.add(served)
    this.#c.background.run('serve requests', () => this.#serve(served))
  }

  async #serve(served: Served): Promise<void> {
    const { stream } = served
    try {
      for (;;) {
        const bytes = await this.#read(served)
        if (bytes === undefined) break
        await this.#pay(served, bytes.length)
        await this.#take(served, decodeRequest(bytes))
      }
    } catch (error) {
      if (isBreach(error)) {
        this.#c.metrics.protocolErrors.inc({ plane: 'request' })
        this.#refuse(served, 0, WIRE_ERRORS.malformed)
        this.#c.misbehaviour.charge(stream.peer)
      }
      this.#c.logger.debug({ err: error, peer: stream.peer }, 'request stream ended')
    } finally {
      this.#served.delete(served)
      for (const { stop } of served.running.values()) stop.abort()
      stream.abort(syncError('SYNC_SESSION_CLOSED', 'the request stream is done'))
    }
  }

  /** What is read slowly holds back who sends too much. */
  async #pay(served: Served, bytes: number): Promise<void> {
    const { budgets, clock } = this.#c
    const [proven] = served.parties.values()
    const budget =
      proven === undefined
        ? budgets.stranger(served.stream.peer)
        : budgets.member(proven.party.identity)
    const ms = budget.owe(1 + Math.floor(bytes / UNIT_BYTES))
    if (ms > 0) await pausing(clock, ms, this.#stop.signal)
  }

  /** The next request. A stream on which nothing is asked or answered for two minutes is not worth its place. */
  async #read({ stream, running }: Served): Promise<Uint8Array | undefined> {
    for (;;) {
      try {
        return await stream.read({ timeoutMs: 2 * REQUEST_IDLE_MS })
      } catch (error) {
        if (running.size === 0 || !isMerogateError(error, 'NETWORK_TIMEOUT')) throw error
      }
    }
  }

  async #take(served: Served, { id, request }: RequestFrame): Promise<void> {
    switch (request.type) {
      case 'unsupported':
        this.#refuse(served, id, WIRE_ERRORS.unsupported)
        return
      case 'cancel':
        served.running.get(id)?.stop.abort()
        return
      case 'hello':
        if (served.peerNonce !== undefined) throw syncError('SYNC_PROTOCOL', 'expected one Hello')
        if (request.version !== WIRE_VERSION) {
          this.#refuse(served, id, WIRE_ERRORS.unsupported)
          return
        }
        served.peerNonce = request.nonce
        await this.#send(served, id, { type: 'hello', version: WIRE_VERSION, nonce: served.nonce })
        return
      case 'join':
        await this.#join(served, id, request)
        return
      default:
        this.#begin(served, id, request)
    }
  }

  async #join(
    served: Served,
    id: number,
    request: Extract<SyncRequest, { type: 'join' }>,
  ): Promise<void> {
    const { network, replica } = this.#c
    const context = ContextId.from(request.context)
    // As on the push stream: the proof is judged before anything that depends on the context being here.
    const proven =
      served.peerNonce !== undefined &&
      verifyParty(context, request.party, request.proof, {
        prover: served.stream.peer,
        verifier: network.peerId,
        proverNonce: served.peerNonce,
        verifierNonce: served.nonce,
      })
    if (!proven) {
      this.#failJoin(served, id, WIRE_ERRORS.badProof)
      return
    }
    const party = replica.has(context) ? await this.#party(context, request.party) : undefined
    if (party === undefined || served.parties.size >= MAX_STREAM_CONTEXTS) {
      this.#failJoin(served, id, WIRE_ERRORS.notMember)
      return
    }
    served.parties.set(idKey(context), { context, party })
    await this.#send(served, id, { type: 'joined' })
  }

  async #party(context: ContextId, identity: Uint8Array): Promise<Party | undefined> {
    try {
      const looked = this.#c.replica.party(context, PublicKey.from(identity))
      return await within(this.#c.clock, PARTY_TIMEOUT_MS, looked)
    } catch (error) {
      this.#c.logger.debug({ err: error }, 'membership could not be read')
      return undefined
    }
  }

  #failJoin(served: Served, id: number, code: number): void {
    this.#c.metrics.refused.inc({ code: String(code) })
    this.#refuse(served, id, code)
    if (++served.failedJoins >= MAX_FAILED_JOINS) {
      throw syncError('SYNC_BAD_PROOF', `expected fewer than ${MAX_FAILED_JOINS} failed joins`)
    }
  }

  #begin(served: Served, id: number, request: Asked): void {
    const key = idKey(request.context)
    const proven = served.parties.get(key)
    if (proven === undefined || !this.#c.replica.has(proven.context)) {
      this.#refuse(served, id, WIRE_ERRORS.notMember)
      return
    }
    if (served.running.size >= MAX_IN_FLIGHT || served.running.has(id)) {
      this.#refuse(served, id, WIRE_ERRORS.busy, 100)
      return
    }
    if (!this.#bucket(served.stream.peer).take()) {
      this.#refuse(served, id, WIRE_ERRORS.rateLimited, 1_000)
      return
    }
    const budget = this.#c.budgets.member(proven.party.identity)
    const waitMs = budget.owe(0)
    if (waitMs > 0) {
      this.#refuse(served, id, WIRE_ERRORS.busy, Math.ceil(waitMs))
      return
    }
    budget.owe(unitsOf(request, proven.context, this.#c.replica))
    const stop = new AbortController()
    served.running.set(id, { context: key, stop })
    this.#c.background.run('answer request', async () => {
      let outcome = 'failed'
      try {
        const { context, party } = proven
        const answers = answerRequest(this.#c, { context, party, request, signal: stop.signal })
        for await (const answer of answers) {
          if (stop.signal.aborted) return
          outcome = answer.type === 'error' ? 'refused' : 'answered'
          budget.owe(await this.#send(served, id, answer))
        }
      } finally {
        served.running.delete(id)
        this.#c.metrics.served.inc({ kind: request.type, outcome })
      }
    })
  }

  #bucket(peer: PeerId): TokenBucket {
    const known = this.#buckets.get(peer)
    if (known !== undefined) return known
    const bucket = new TokenBucket(this.#c.clock, REQUEST_BURST, REQUESTS_PER_SECOND)
    this.#buckets.set(peer, bucket)
    return bucket
  }

  #refuse(served: Served, id: number, code: number, retryAfterMs = 0): void {
    try {
      served.stream.send(encodeAnswer(id, { type: 'error', code, retryAfterMs }))
    } catch {
      // the stream ended, which is answer enough
    }
  }

  /** Sends an answer and waits while the peer does not read; not for ever. Returns what it cost. */
  async #send({ stream }: Served, id: number, answer: SyncAnswer): Promise<number> {
    const bytes = encodeAnswer(id, answer)
    const units = bytes.length / ANSWER_UNIT_BYTES
    if (stream.send(bytes)) return units
    try {
      await within(this.#c.clock, SERVE_TIMEOUT_MS, stream.drained())
    } catch (error) {
      stream.abort(syncError('SYNC_PEER_SILENT', 'the peer does not read its answers'))
      throw error
    }
    return units
  }
}

/** What a request costs before anything is sent: look-ups, and keys to seal. */
function unitsOf(request: Asked, context: ContextId, replica: ReplicaSource): number {
  switch (request.type) {
    case 'deltas':
      return 1 + request.want.length + request.have.length
    case 'ranges':
      return 1 + request.ranges.length
    case 'keys': {
      const all = (replica.frontier(context)?.epoch ?? 0) + 1
      const { length } = request.epochs
      return 1 + GRANT_UNITS * (length === 0 ? all : Math.min(length, all))
    }
    case 'heads':
    case 'frontier':
    case 'members':
    case 'blobHave':
    case 'blobGet':
      return 1
  }
}
