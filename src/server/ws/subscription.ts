/**
 * One context on one socket. Live mutations go out as they come; when the socket is slow, or the client asked for the past, the
 * subscription reads on from the node's event log until it has caught up. So nothing is lost or repeated while the log holds it, and a
 * slow client costs no memory.
 */
import type { ContextFailure, Events, StateMutation } from '../../node/interface.ts'
import type { ContextId } from '../../node/primitives/ids.ts'
import { toBase58 } from '../../node/primitives/bytes.ts'
import { encodeFailure, encodeMutation } from '../encode.ts'
import { rpcError } from '../json-rpc/errors.ts'
import { WS_REPLAY_PAGE } from '../limits.ts'

/** Where frames go: a socket that can say how full it is. */
export interface Sink {
  /** More is queued than should be. */
  isFull(): boolean
  /** Resolves when it is no longer full, or closed. */
  drained(): Promise<void>
  send(frame: string): void
}

export interface SubscriptionComponents {
  readonly events: Pick<Events, 'replay' | 'last'>
  readonly sink: Sink
  /** Whether the client may still see the context. */
  readonly isAllowed: () => Promise<boolean>
  /** It may not: the subscription is over. */
  readonly onDenied: () => void
  /** The log could not be read: the subscription is over. */
  readonly onFailure: (error: unknown) => void
  /** The log no longer held this many mutations. */
  readonly onSkipped: (count: bigint) => void
}

/** A mutation as the frame that tells a client. */
export function notificationText(mutation: StateMutation): string {
  return `{"id":null,"result":${JSON.stringify(encodeMutation(mutation))}}`
}

/** The end of a subscription whose client may not see the context any more, as the frame that tells it. */
export function deniedFrame(context: ContextId): string {
  const message = 'the context runs another application now, and the token does not allow that one'
  const details = { contextId: toBase58(context) }
  return JSON.stringify({
    id: null,
    error: rpcError('PermissionDenied', message, message, details),
  })
}

/** The end of a subscription whose context is not on this node any more. */
export function missingFrame(context: ContextId): string {
  const message = 'no such context here'
  const details = { contextId: toBase58(context) }
  return JSON.stringify({ id: null, error: rpcError('ContextNotFound', message, message, details) })
}

/** A failure as the frame that tells clients who asked for failures. */
export function failureFrame(context: ContextId, failure: ContextFailure): string {
  const result = {
    contextId: toBase58(context),
    type: 'Failure',
    data: encodeFailure(failure),
  }
  return JSON.stringify({ id: null, result })
}

export class Subscription {
  readonly #context: ContextId
  readonly #components: SubscriptionComponents
  /** The next sequence number the client gets. 0: whatever comes first. */
  #next = 0n
  /** The newest mutation that came by while catching up. */
  #newest = 0n
  #isCatchingUp = false
  /** While it is asked whether the client may still see the context. */
  #check: Promise<void> | undefined
  /** Held back by that check; `since` is what the client wants from the past when it goes on. */
  #held: { since: bigint | undefined } | undefined
  #isClosed = false
  /** The client also wants to know what fails. */
  wantsFailures = false

  constructor(context: ContextId, components: SubscriptionComponents) {
    this.#context = context
    this.#components = components
  }

  /** A mutation was stored; `frame` is made once for all subscribers. Each comes once, in order. */
  deliver(seq: bigint, frame: () => string): void {
    if (this.#isClosed || seq < this.#next) return
    if (this.#isCatchingUp) {
      this.#newest = seq
      if (this.#next === 0n) this.#next = seq
      return
    }
    const { sink } = this.#components
    if (sink.isFull()) {
      this.#newest = seq
      void this.#catchUp(async () => seq)
      return
    }
    sink.send(frame())
    this.#next = seq + 1n
  }

  /** Something failed. Not kept for a slow socket: the context itself shows it too. */
  tellFailure(frame: () => string): void {
    const { sink } = this.#components
    if (this.#isClosed || this.#check !== undefined) return
    if (this.wantsFailures && !sink.isFull()) sink.send(frame())
  }

  /** The context has changed: until it is known that the client may still see it nothing goes out, and nothing is lost. */
  recheck(): void {
    if (this.#isClosed) return
    const check = this.#ask().finally(() => {
      if (this.#check === check) this.#check = undefined
    })
    this.#check = check
    if (this.#isCatchingUp) return
    const held: { since: bigint | undefined } = { since: undefined }
    this.#held = held
    void this.#catchUp(async () => {
      await check
      this.#held = undefined
      return held.since === undefined ? this.#next : this.#startOf(held.since)
    })
  }

  async #ask(): Promise<void> {
    const { isAllowed, onDenied, onFailure } = this.#components
    try {
      if (!(await isAllowed()) && !this.#isClosed) onDenied()
    } catch (error) {
      this.#isClosed = true
      onFailure(error)
    }
  }

  /** Sends everything from `since` on, as far as the log still has it, then goes on live. Safe to repeat. */
  replayFrom(since: bigint): void {
    if (this.#held !== undefined) this.#held.since = since
    if (this.#isCatchingUp || this.#isClosed) return
    void this.#catchUp(() => this.#startOf(since))
  }

  async #startOf(since: bigint): Promise<bigint> {
    // a client that knows more than we do met another life of this node: it gets what comes next
    const end = (await this.#components.events.last(this.#context)) + 1n
    const first = since > 0n ? since : 1n
    return first < end ? first : end
  }

  close(): void {
    this.#isClosed = true
  }

  /** Never rejects. Runs until the log has nothing newer than what went out. */
  async #catchUp(start: () => Promise<bigint>): Promise<void> {
    this.#isCatchingUp = true
    try {
      this.#next = await start()
      // 0: nothing came meanwhile, and nothing of the past is wanted
      while (this.#next > 0n && (await this.#sendPage()));
    } catch (error) {
      this.#isClosed = true
      this.#components.onFailure(error)
    } finally {
      this.#isCatchingUp = false
    }
  }

  /** Waits while the socket is full or a check is under way; false when the subscription is over. */
  async #mayGoOn(): Promise<boolean> {
    const { sink } = this.#components
    while (!this.#isClosed) {
      if (this.#check !== undefined) await this.#check
      else if (sink.isFull()) await sink.drained()
      else return true
    }
    return false
  }

  /** Sends one page of the log; false when there is nothing more, and from that very moment on mutations are live. */
  async #sendPage(): Promise<boolean> {
    const { events, sink, onSkipped } = this.#components
    if (!(await this.#mayGoOn())) return false
    const options = { limit: WS_REPLAY_PAGE }
    const { mutations, skipped } = await events.replay(this.#context, this.#next, options)
    if (!(await this.#mayGoOn())) return false
    if (skipped > 0n) {
      this.#next += skipped
      onSkipped(skipped)
      sink.send(laggedText(this.#context, skipped))
    }
    for (const mutation of mutations) {
      if (!(await this.#mayGoOn())) return false
      sink.send(notificationText(mutation))
      this.#next = mutation.seq + 1n
    }
    return mutations.length > 0 || this.#newest >= this.#next
  }
}

function laggedText(context: ContextId, skipped: bigint): string {
  const result = {
    contextId: toBase58(context),
    type: 'Lagged',
    data: { skipped: Number(skipped) },
  }
  return JSON.stringify({ id: null, result })
}
