/** An intent: what its kind of work sees of it, how it is kept, and what those who wait for it are told. */
import { abortError, MerogateError } from '../../errors.ts'
import type { IntentInfo, IntentKind, IntentState } from '../../interface.ts'
import { toBase58, toHex, utf8 } from '../../primitives/bytes.ts'
import type { Timer } from '../../primitives/clock.ts'
import { sha256 } from '../../primitives/hash.ts'
import { type ContextId, idText, type PublicKey } from '../../primitives/ids.ts'
import { printable } from '../../primitives/text.ts'
import { failureText } from '../../runtime/errors.ts'
import type { BatchOp } from '../../store/store.ts'
import { MAX_INTENT_REASON_CHARS } from '../limits.ts'
import type { Fate } from './fate.ts'

/** One piece of work, as whoever does it sees it. */
export interface Intent<B> {
  readonly id: string
  readonly context: ContextId
  /** Tells it from others of its kind and context. */
  readonly part: Uint8Array
  readonly body: B
  /** Tries that failed. */
  readonly tries: number
  readonly state: IntentState
  /** Nobody has tried it yet, an earlier process neither. */
  readonly isFresh: boolean
  /** Somebody waits for its outcome now. */
  readonly isAttended: boolean
  /** Refused or done: it is only kept to be seen, or to be asked for. */
  readonly isOver: boolean
}

/** What a try is given. */
export interface Run<R> {
  /** Fires when the intent is withdrawn or the node stops. */
  readonly signal: AbortSignal
  /** What callers wait for has come true; the rest goes on without them. */
  reached(outcome: R): void
}

/** One kind of work. */
export interface Work<B, R> {
  readonly kind: IntentKind
  /** Longest wait between two tries, ms. */
  readonly maxWaitMs: number
  /** Tries of this kind at the same time. */
  readonly maxRunning: number
  /** One try. It may find that an earlier one, or an earlier process, has done part of it or all. */
  run(intent: Intent<B>, run: Run<R>): Promise<R>
  /** First wait after such a failure, ms; doubles with each try. @default INTENT_WAIT_MIN_MS */
  minWaitMs?(failure: MerogateError): number
  /** Told of each failure, and when the next try is, ms from then; undefined: there is none. */
  onFailure?(intent: Intent<B>, failure: MerogateError, againMs: number | undefined): void
  /** What a failure means. @default fateOf */
  fate?(failure: MerogateError, intent: Intent<B>): Fate
  /** Whose intent it is. @default nobody's */
  identity?(intent: Pick<Intent<B>, 'part' | 'body'>): PublicKey
  /** Throws when the intent cannot be withdrawn any more. */
  release?(intent: Intent<B>): Promise<void>
  /** The outcome of one that is done. An intent whose kind has this is kept for a while when nobody waited for its end. */
  outcome?(intent: Intent<B>): R
}

/** An intent as it is kept. */
export interface Kept<B> {
  readonly context: ContextId
  readonly part: Uint8Array
  readonly body: B
  readonly status: 'open' | 'refused' | 'done'
  readonly tries: number
  /** When it was begun, and about when it is tried again, ms since the Unix epoch: shown, and a hint after a restart. */
  readonly sinceMs: number
  readonly nextMs: number
  readonly reason: { readonly code: string; readonly message: string } | undefined
}

/** Where intents of one kind are kept. */
export interface Journal<B> {
  load(): Promise<readonly Kept<B>[]>
  put(kept: Kept<B>): BatchOp
  del(kept: Kept<B>): BatchOp
  /** A try after the last does no harm: its end need not be synced to the disk. @default false */
  readonly isRepeatable?: boolean
}

/** Key of an intent among those of its kind. */
export function intentKey(context: ContextId, part: Uint8Array): string {
  return toHex(context) + toHex(part)
}

/** An intent in memory. Its queue moves it; here is what follows from its fields. */
export class Entry<B, R> implements Intent<B> {
  readonly key: string
  readonly context: ContextId
  readonly part: Uint8Array
  readonly sinceMs: number
  body: B
  tries: number
  nextMs: number
  reason: Kept<B>['reason']
  state: IntentState
  isFresh = false
  isWithdrawn = false
  /** The work stored with its own rows that the intent is done. */
  isSettled = false
  /** Something happened while it was tried: once more, soon. */
  again = false
  /** Monotonic time before which nothing wakes it: whoever connects again and again must not make it run all the time. */
  calmUntilMs: number = -Infinity
  timer: Timer | undefined
  trying: Promise<void> | undefined
  controller: AbortController = new AbortController()
  outcome: { readonly value: R } | undefined
  readonly #work: Work<B, R>
  readonly #waiters = new Set<PromiseWithResolvers<R>>()

  constructor(work: Work<B, R>, kept: Kept<B>) {
    this.#work = work
    this.context = kept.context
    this.part = kept.part
    this.key = intentKey(kept.context, kept.part)
    this.body = kept.body
    this.tries = kept.tries
    this.sinceMs = kept.sinceMs
    this.nextMs = kept.nextMs
    this.reason = kept.reason
    this.state = kept.status === 'open' ? 'waiting' : kept.status
  }

  get id(): string {
    const { kind } = this.#work
    return toBase58(sha256(utf8(kind), this.context, this.part).subarray(0, 9))
  }

  get isAttended(): boolean {
    return this.#waiters.size > 0
  }

  get isOver(): boolean {
    return this.state === 'refused' || this.state === 'done'
  }

  /** Resolves or rejects with what comes of it; when the signal fires it rejects, and the intent goes on. */
  async wait(signal: AbortSignal | undefined, begin: () => void): Promise<R> {
    const waiter = Promise.withResolvers<R>()
    this.#waiters.add(waiter)
    const abort = (): void => {
      waiter.reject(stillPending(abortError(signal), this.info()))
    }
    if (signal?.aborted === true) abort()
    else signal?.addEventListener('abort', abort)
    begin()
    try {
      return await waiter.promise
    } finally {
      this.#waiters.delete(waiter)
      signal?.removeEventListener('abort', abort)
    }
  }

  /** Tells those who wait what they waited for. */
  reach(value: R): void {
    this.outcome = { value }
    for (const waiter of this.#waiters) waiter.resolve(value)
    this.#waiters.clear()
  }

  /** Tells those who wait that it is over. */
  fail(failure: MerogateError): void {
    for (const waiter of this.#waiters) waiter.reject(failure)
    this.#waiters.clear()
  }

  /** Tells those who wait that it goes on without them. */
  dismiss(failure: MerogateError): void {
    if (this.isAttended) this.fail(stillPending(failure, this.info()))
  }

  note(failure: MerogateError): void {
    this.tries++
    const message = printable(failureText(failure), MAX_INTENT_REASON_CHARS)
    this.reason = { code: failure.code, message }
  }

  kept(): Kept<B> {
    const { context, part, body, tries, sinceMs, nextMs, reason, state } = this
    const status = state === 'refused' || state === 'done' ? state : 'open'
    return { context, part, body, tries, sinceMs, nextMs, reason, status }
  }

  info(): IntentInfo {
    const { id, context, state, tries, sinceMs, nextMs, reason } = this
    const identity = this.#work.identity?.(this)
    return {
      ...{ id, kind: this.#work.kind, context, state, tries, sinceMs },
      ...(state === 'waiting' ? { nextMs } : {}),
      ...(identity === undefined ? {} : { identity }),
      ...(reason === undefined ? {} : { reason }),
    }
  }
}

/** The error of a wait that ends before the work does: `details.pending` says what goes on. */
function stillPending(failure: MerogateError, intent: IntentInfo): MerogateError {
  const { id, kind, context, identity } = intent
  const pending = {
    intent: id,
    kind,
    context: idText(context),
    ...(identity === undefined ? {} : { identity: idText(identity) }),
  }
  return new MerogateError(
    failure.code,
    failure.kind,
    `${failure.message}; the node goes on with it (intent ${id})`,
    { ...failure.details, pending },
    { cause: failure },
  )
}

/** What who waits is told when nobody goes on. */
export function aborted(message: string): MerogateError {
  return new MerogateError('ABORTED', 'aborted', message)
}
