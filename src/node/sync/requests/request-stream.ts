/** The asking end of one request stream: many requests at a time, each with its own id, deadlines and answers (docs/protocol.md, Requests). */
import { NONCE_BYTES, WIRE_VERSION } from '../../codec/push-frames.ts'
import {
  decodeAnswer,
  encodeRequest,
  type SyncAnswer,
  type SyncRequest,
  WIRE_ERRORS,
} from '../../codec/sync-frames.ts'
import { isMerogateError, throwIfAborted, untilAborted } from '../../errors.ts'
import type { FramedStream, PeerId } from '../../network/network.ts'
import type { Clock, Random } from '../../primitives/clock.ts'
import { type ContextId, idKey } from '../../primitives/ids.ts'
import { within } from '../waiting.ts'
import { syncError } from '../errors.ts'
import { ANSWER_TIMEOUT_MS, MAX_IN_FLIGHT, MAX_UNREAD_ANSWER_BYTES } from '../limits.ts'
import { proveParty } from '../proof.ts'
import type { ReplicaSource } from '../replica.ts'

/** An answer that is not an error. */
export type GoodAnswer = Exclude<SyncAnswer, { type: 'error' }>

/** Where a stream stands: what ended it is told to all that wait for answers. */
type State = { readonly name: 'open' } | { readonly name: 'ended'; readonly failure: unknown }

interface Pending {
  readonly answers: SyncAnswer[]
  bytes: number
  /** Wakes whoever waits for an answer, or for room. */
  wake: () => void
}

export interface RequestStreamComponents {
  readonly self: PeerId
  readonly replica: ReplicaSource
  readonly clock: Clock
  readonly random: Random
}

export class RequestStream {
  readonly #stream: FramedStream
  readonly #c: RequestStreamComponents
  readonly #nonce: Uint8Array
  readonly #pending = new Map<number, Pending>()
  readonly #joined = new Map<string, Promise<void>>()
  readonly #turns: (() => void)[] = []
  #peerNonce: Promise<Uint8Array> | undefined
  #nextId = 1
  /** When something last came, or was last waited with here, by the monotonic clock. */
  #heardMs: number
  /** An answer waits for whoever asked: until then nothing is read. */
  #isHeldUp = false
  #state: State = { name: 'open' }

  constructor(stream: FramedStream, components: RequestStreamComponents) {
    this.#stream = stream
    this.#c = components
    this.#nonce = components.random.bytes(NONCE_BYTES)
    this.#heardMs = components.clock.monotonicMs()
  }

  get ended(): boolean {
    return this.#state.name === 'ended'
  }

  get idle(): boolean {
    return this.#pending.size === 0
  }

  /** Takes answers until the stream ends; never rejects. Resolves with what ended it. */
  async serve(): Promise<unknown> {
    let failure: unknown = syncError('SYNC_SESSION_CLOSED', 'the peer closed the request stream')
    try {
      for await (const bytes of this.#stream) await this.#take(bytes)
    } catch (error) {
      failure = error
    }
    this.#end(failure)
    return failure
  }

  #end(failure: unknown): void {
    if (this.ended) return
    this.#state = { name: 'ended', failure }
    this.#stream.abort(syncError('SYNC_SESSION_CLOSED', 'the request stream is done'))
    for (const { wake } of this.#pending.values()) wake()
    for (const turn of this.#turns.splice(0)) turn()
  }

  abort(error: Error): void {
    this.#stream.abort(error)
  }

  /**
   * Asks and yields the answers up to the one `last` takes. Proves ourselves in the context first, once per stream. Leaving the loop
   * early cancels. @throws SYNC_REFUSED with `details.code`, SYNC_PEER_SILENT, SYNC_SESSION_CLOSED, ABORTED, CODEC_*
   */
  async *ask(
    context: ContextId,
    request: SyncRequest,
    last: (answer: GoodAnswer) => boolean,
    signal?: AbortSignal,
  ): AsyncGenerator<GoodAnswer> {
    await untilAborted(this.#join(context), signal)
    try {
      yield* this.#exchange(request, last, signal)
    } catch (error) {
      // we may have left since, and be somebody else by now: the next request proves it
      if (isNotMember(error)) this.#joined.delete(idKey(context))
      throw error
    }
  }

  async #join(context: ContextId): Promise<void> {
    const key = idKey(context)
    const joined = this.#joined.get(key) ?? this.#joinNow(context)
    this.#joined.set(key, joined)
    try {
      await joined
    } catch (error) {
      this.#joined.delete(key) // the next request tries again
      throw error
    }
  }

  async #joinNow(context: ContextId): Promise<void> {
    const signer = this.#c.replica.signer(context)
    if (signer === undefined) {
      throw syncError('SYNC_CONTEXT_UNKNOWN', 'this node has no identity in the context')
    }
    this.#peerNonce ??= this.#hello()
    const proof = proveParty(context, signer, {
      prover: this.#c.self,
      verifier: this.#stream.peer,
      proverNonce: this.#nonce,
      verifierNonce: await this.#peerNonce,
    })
    await this.#one({ type: 'join', context, party: signer.publicKey, proof }, 'joined')
  }

  async #hello(): Promise<Uint8Array> {
    const request = { type: 'hello', version: WIRE_VERSION, nonce: this.#nonce } as const
    try {
      return (await this.#one(request, 'hello')).nonce
    } catch (error) {
      this.#peerNonce = undefined // whoever joins next says it again
      throw error
    }
  }

  async #one<T extends GoodAnswer['type']>(
    request: SyncRequest,
    type: T,
  ): Promise<Extract<GoodAnswer, { type: T }>> {
    for await (const answer of this.#exchange(request, () => true)) {
      if (answer.type === type) return answer as Extract<GoodAnswer, { type: T }> // compared just now
    }
    throw this.#unexpected(type)
  }

  #unexpected(expected: string): Error {
    return syncError('SYNC_BAD_ANSWER', `expected ${expected} in answer, got something else`, {
      expected,
    })
  }

  async *#exchange(
    request: SyncRequest,
    last: (answer: GoodAnswer) => boolean,
    signal?: AbortSignal,
  ): AsyncGenerator<GoodAnswer> {
    while (!this.ended && this.#pending.size >= MAX_IN_FLIGHT) {
      await new Promise<void>((resolve) => this.#turns.push(resolve))
    }
    if (signal?.aborted === true) this.#turns.shift()?.() // it needs no turn: the next one may have it
    this.#throwIfEnded()
    throwIfAborted(signal)
    const id = this.#nextId++
    const pending: Pending = { answers: [], bytes: 0, wake: () => {} }
    this.#pending.set(id, pending)
    const abort = (): void => pending.wake()
    signal?.addEventListener('abort', abort)
    let done = false
    try {
      this.#stream.send(encodeRequest(id, request))
      while (!done) {
        const answer = await this.#answer(pending, signal)
        if (answer.type === 'error') {
          done = true
          throw refused(answer.code, answer.retryAfterMs)
        }
        done = last(answer)
        yield answer
      }
    } finally {
      signal?.removeEventListener('abort', abort)
      this.#pending.delete(id)
      pending.wake() // the reader may wait for room in this very queue
      if (!done && !this.ended) this.#cancel(id)
      this.#turns.shift()?.()
    }
  }

  #cancel(id: number): void {
    try {
      this.#stream.send(encodeRequest(id, { type: 'cancel' }))
    } catch {
      // the stream ended: nothing left to cancel
    }
  }

  async #answer(pending: Pending, signal: AbortSignal | undefined): Promise<SyncAnswer> {
    for (;;) {
      const answer = pending.answers.shift()
      if (answer !== undefined) {
        pending.bytes -= sizeOf(answer)
        pending.wake()
        return answer
      }
      throwIfAborted(signal)
      this.#throwIfEnded()
      const woken = new Promise<void>((resolve) => (pending.wake = resolve))
      try {
        await within(this.#c.clock, ANSWER_TIMEOUT_MS, woken)
      } catch (error) {
        if (this.#isSilent()) this.#end(error) // a connection may be dead and not know it: the next request takes another stream
        throw error
      }
    }
  }

  #isSilent(): boolean {
    return !this.#isHeldUp && this.#c.clock.monotonicMs() - this.#heardMs >= ANSWER_TIMEOUT_MS
  }

  async #take(bytes: Uint8Array): Promise<void> {
    this.#heardMs = this.#c.clock.monotonicMs()
    const { id, answer } = decodeAnswer(bytes)
    if (id >= this.#nextId) {
      throw syncError('SYNC_BAD_ANSWER', 'expected an answer to a request, got one to none', { id })
    }
    const pending = this.#pending.get(id)
    if (pending === undefined) return // to a request that was cancelled meanwhile
    pending.answers.push(answer)
    pending.bytes += sizeOf(answer)
    pending.wake()
    while (pending.bytes > MAX_UNREAD_ANSWER_BYTES && this.#pending.has(id)) {
      // whoever asked is busy; the stream waits with it, and the peer with the stream
      this.#isHeldUp = true
      await new Promise<void>((resolve) => (pending.wake = resolve))
    }
    this.#isHeldUp = false
    this.#heardMs = this.#c.clock.monotonicMs()
  }

  #throwIfEnded(): void {
    if (this.#state.name === 'open') return
    const cause = this.#state.failure
    throw syncError('SYNC_SESSION_CLOSED', 'the request stream ended', {}, { cause })
  }
}

function isNotMember(error: unknown): boolean {
  return isMerogateError(error, 'SYNC_REFUSED') && error.details['code'] === WIRE_ERRORS.notMember
}

function refused(code: number, retryAfterMs: number): Error {
  return syncError('SYNC_REFUSED', `the peer refused with code ${code}`, { code, retryAfterMs })
}

function sizeOf(answer: SyncAnswer): number {
  switch (answer.type) {
    case 'envelopes':
      return answer.items.reduce((sum, item) => sum + item.length, 64)
    case 'part':
    case 'chunk':
      return answer.bytes.length + 64
    default:
      return 64
  }
}
