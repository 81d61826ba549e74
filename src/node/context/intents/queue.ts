/**
 * Intents of one kind: each is a row from before its first try until it is done, refused for good or withdrawn. A try that failed is repeated
 * with back-off, and sooner when something happens that may help ({@link Queue.wake}). A restart finds the rows and goes on.
 */
import { type MerogateError, toMerogateError } from '../../errors.ts'
import type { IntentInfo } from '../../interface.ts'
import { equalBytes } from '../../primitives/bytes.ts'
import type { ContextId } from '../../primitives/ids.ts'
import { loudnessOf } from '../../store/errors.ts'
import type { BatchOp } from '../../store/store.ts'
import { INTENT_CALM_MS, INTENT_MEMORY_MS, MAX_REFUSED_INTENTS } from '../limits.ts'
import { backoffMs } from './backoff.ts'
import { fateOf } from './fate.ts'
import {
  aborted,
  Entry,
  type Intent,
  intentKey,
  type Journal,
  type Kept,
  type Work,
} from './intent.ts'
import type { QueueComponents } from './queue-components.ts'
import { Turns } from './turns.ts'

interface Waiting {
  /** Ends the wait, not the work. */
  readonly signal?: AbortSignal | undefined
}

export class Queue<B, R> {
  readonly #work: Work<B, R>
  readonly #journal: Journal<B>
  readonly #c: QueueComponents
  readonly #entries = new Map<string, Entry<B, R>>()
  readonly #turns: Turns<Entry<B, R>>
  #state: 'loaded' | 'running' | 'stopped' = 'loaded'

  constructor(work: Work<B, R>, journal: Journal<B>, components: QueueComponents) {
    this.#work = work
    this.#journal = journal
    this.#turns = new Turns(work.maxRunning)
    this.#c = components
  }

  /** Reads what an earlier process left. */
  async load(): Promise<void> {
    for (const kept of await this.#journal.load()) this.#take(kept)
  }

  /** From now on intents are tried without anybody asking. */
  begin(): void {
    if (this.#state !== 'loaded') return
    this.#state = 'running'
    for (const entry of this.#entries.values()) this.#resume(entry)
  }

  /** Ends what runs. Rows stay, for the next start. */
  async stop(): Promise<void> {
    this.#state = 'stopped'
    const entries = [...this.#entries.values()]
    for (const entry of entries) {
      entry.timer?.cancel()
      entry.controller.abort()
    }
    await Promise.all(entries.flatMap(({ trying }) => trying ?? []))
    for (const entry of entries) entry.dismiss(aborted('the node stops'))
  }

  list(context?: ContextId): readonly IntentInfo[] {
    return this.#of(context).map((entry) => entry.info())
  }

  get(context: ContextId, part: Uint8Array): Intent<B> | undefined {
    return this.#entries.get(intentKey(context, part))
  }

  filter(match: (intent: Intent<B>) => boolean): readonly Intent<B>[] {
    return [...this.#entries.values()].filter(match)
  }

  /**
   * Stores an intent, together with `ops`, and begins with it. One of the same context and part that is open already goes on with the new body.
   * @throws STORE_*, and then nothing was begun
   */
  async open(
    context: ContextId,
    part: Uint8Array,
    body: B,
    ops: readonly BatchOp[] = [],
  ): Promise<void> {
    this.#rouse(await this.#put(context, part, body, ops))
  }

  /**
   * As {@link open}, and waits for what comes of it: of the try that runs, or of one that begins now. Whatever ends the wait, the intent goes on.
   * @throws what the try threw, or ABORTED; with `details.pending` when it is tried again
   */
  async ask(
    context: ContextId,
    part: Uint8Array,
    body: B,
    options: Waiting & { readonly ops?: readonly BatchOp[] } = {},
  ): Promise<R> {
    return this.#wait(await this.#put(context, part, body, options.ops ?? []), options)
  }

  /** Waits for what comes of an intent as {@link ask} does. */
  async attend(intent: Intent<B>, options: Waiting = {}): Promise<R> {
    const entry = this.#entries.get(intentKey(intent.context, intent.part))
    if (entry === undefined || entry.state === 'refused') throw aborted('the intent is over')
    return this.#wait(entry, options)
  }

  /** Begins with an intent whose row is stored already. */
  adopt(kept: Kept<B>): void {
    if (this.#entries.has(intentKey(kept.context, kept.part))) return
    const sinceMs = kept.sinceMs > 0 ? kept.sinceMs : this.#c.clock.nowMs()
    if (kept.tries === 0) this.#start(this.#fresh({ ...kept, sinceMs }))
    else this.#resume(this.#take(kept))
  }

  /** Rows that say that an intent is done, for the batch in which its work stores what it was about. */
  settling(intent: Intent<B>): readonly BatchOp[] {
    const entry = this.#entries.get(intentKey(intent.context, intent.part))
    if (entry === undefined) return []
    entry.isSettled = true
    if (this.#isRemembered(entry)) return [this.#journal.put({ ...entry.kept(), status: 'done' })]
    return [this.#journal.del(entry.kept())]
  }

  /** Something happened that may help: tries those that wait, now or as soon as they were left alone for a moment. */
  wake(match: (intent: Intent<B>) => boolean = () => true): void {
    for (const entry of this.#entries.values()) {
      if (!entry.isOver && match(entry)) this.#rouse(entry)
    }
  }

  /** As {@link wake}, for those of a context. */
  wakeContext(context: ContextId): void {
    for (const entry of this.#of(context)) if (!entry.isOver) this.#rouse(entry)
  }

  /** What was refused of a context may be otherwise now: tries it again, and the rest as well. */
  reopenContext(context: ContextId): void {
    for (const entry of this.#of(context)) {
      if (entry.state === 'refused') Object.assign(entry, { state: 'waiting', tries: 0 })
      this.#rouse(entry)
    }
  }

  /** A context is gone: ends what was for it. Returns the rows to be removed with its own. */
  async dropContext(context: ContextId): Promise<readonly BatchOp[]> {
    const entries = this.#of(context)
    for (const entry of entries) {
      entry.isWithdrawn = true
      entry.controller.abort()
      entry.timer?.cancel()
    }
    await Promise.all(entries.flatMap(({ trying }) => trying ?? []))
    for (const entry of entries) {
      this.#forget(entry)
      entry.fail(aborted('the context was deleted'))
    }
    return entries.map((entry) => this.#journal.del(entry.kept()))
  }

  /**
   * Ends an intent without its being done. False when there is none, or it was done meanwhile.
   * @throws what the kind of work says against it
   */
  async withdraw(id: string): Promise<boolean> {
    const [entry] = [...this.#entries.values()].filter((each) => each.id === id)
    if (entry === undefined) return false
    if (!entry.isOver) await this.#work.release?.(entry)
    return this.drop(entry)
  }

  /** Ends an intent, whatever its kind of work says. False when it was done meanwhile. */
  async drop(intent: Intent<B>): Promise<boolean> {
    const entry = this.#entries.get(intentKey(intent.context, intent.part))
    if (entry === undefined) return false
    const wasDone = entry.state === 'done'
    entry.isWithdrawn = true
    entry.controller.abort()
    await entry.trying
    if (this.#entries.get(entry.key) !== entry) return false
    const isDone = !wasDone && entry.state === 'done'
    await this.#remove(entry)
    if (!isDone) this.#c.metrics.intentTried(this.#work.kind, 'withdrawn')
    entry.fail(aborted('the intent was withdrawn'))
    return !isDone
  }

  #of(context: ContextId | undefined): Entry<B, R>[] {
    const all = [...this.#entries.values()]
    if (context === undefined) return all
    return all.filter((entry) => equalBytes(entry.context, context))
  }

  #open(context: ContextId, part: Uint8Array): Entry<B, R> | undefined {
    const entry = this.#entries.get(intentKey(context, part))
    return entry?.isOver === true ? undefined : entry
  }

  async #put(
    context: ContextId,
    part: Uint8Array,
    body: B,
    ops: readonly BatchOp[],
  ): Promise<Entry<B, R>> {
    const before = this.#open(context, part)
    const now = this.#c.clock.nowMs()
    const kept: Kept<B> = {
      ...{ context, part, body, status: 'open', nextMs: now },
      tries: before?.tries ?? 0,
      sinceMs: before?.sinceMs ?? now,
      reason: before?.reason,
    }
    await this.#c.store.batch([this.#journal.put(kept), ...ops], { sync: true })
    // while the disk wrote another call may have opened or ended it
    const known = this.#open(context, part)
    if (known !== undefined) known.body = body
    return known ?? this.#fresh(kept)
  }

  async #wait(entry: Entry<B, R>, { signal }: Waiting): Promise<R> {
    if (entry.outcome === undefined) return entry.wait(signal, () => void this.#start(entry))
    if (entry.state === 'done') await this.#remove(entry)
    return entry.outcome.value
  }

  #fresh(kept: Kept<B>): Entry<B, R> {
    const entry = this.#take(kept)
    entry.isFresh = true
    return entry
  }

  #take(kept: Kept<B>): Entry<B, R> {
    const entry = new Entry(this.#work, kept)
    const before = this.#entries.get(entry.key)
    if (before !== undefined) this.#forget(before)
    this.#entries.set(entry.key, entry)
    if (entry.state === 'done') this.#remember(entry)
    return entry
  }

  /** Whether it is tried now. */
  #start(entry: Entry<B, R>): boolean {
    // before `begin` only for who waits: the rest of the node may not be up yet
    const mayRun = this.#state === 'running' || (this.#state === 'loaded' && entry.isAttended)
    if (this.#state === 'stopped') entry.dismiss(aborted('the node stops'))
    if (!mayRun || entry.isOver || entry.isWithdrawn || entry.trying !== undefined) return false
    entry.timer?.cancel()
    if (!this.#turns.enter(entry)) return false
    entry.trying = this.#try(entry).finally(() => {
      entry.trying = undefined
      this.#turns.leave((next) => this.#start(next))
      if (entry.again && this.#entries.get(entry.key) === entry) this.#rouse(entry)
    })
    this.#c.background(entry.trying)
    return true
  }

  async #try(entry: Entry<B, R>): Promise<void> {
    entry.state = 'running'
    entry.again = false
    entry.isSettled = false
    entry.controller = new AbortController()
    const { signal } = entry.controller
    try {
      const outcome = await this.#work.run(entry, {
        signal,
        reached: (value) => entry.reach(value),
      })
      await this.#finish(entry, outcome)
    } catch (error) {
      entry.state = 'waiting'
      // withdrawn or stopped: whoever did that does the rest
      if (!signal.aborted) await this.#fail(entry, toMerogateError(error))
    } finally {
      entry.isFresh = false
    }
  }

  async #finish(entry: Entry<B, R>, outcome: R): Promise<void> {
    if (!this.#isRemembered(entry)) {
      if (entry.isSettled) this.#forget(entry)
      else await this.#remove(entry)
    } else {
      entry.state = 'done'
      if (!entry.isSettled) await this.#c.store.batch([this.#journal.put(entry.kept())])
      this.#remember(entry)
    }
    entry.reach(outcome)
    this.#c.metrics.intentTried(this.#work.kind, 'done')
  }

  /** Whether the outcome is kept for whoever asks later. */
  #isRemembered(entry: Entry<B, R>): boolean {
    return this.#work.outcome !== undefined && !entry.isAttended && entry.outcome === undefined
  }

  async #fail(entry: Entry<B, R>, failure: MerogateError): Promise<void> {
    const { kind } = this.#work
    const fate = this.#work.fate?.(failure, entry) ?? fateOf(failure)
    const level = failure.kind === 'internal' ? 'error' : 'debug'
    this.#c.logger[level]({ err: failure, intent: entry.id, kind, fate }, 'intent not done')
    this.#c.metrics.intentTried(kind, fate)
    entry.note(failure)
    const calmMs = Math.min(INTENT_CALM_MS, 16 * 2 ** entry.tries)
    entry.calmUntilMs = this.#c.clock.monotonicMs() + calmMs
    if (fate === 'refused') {
      this.#work.onFailure?.(entry, failure, undefined)
      // who is told needs no row to read it from
      if (entry.isAttended) await this.#removeQuietly(entry)
      else await this.#keepRefused(entry)
      entry.fail(failure)
      return
    }
    const ms = this.#backoff(entry, this.#work.minWaitMs?.(failure))
    this.#work.onFailure?.(entry, failure, ms)
    entry.nextMs = Math.ceil(this.#c.clock.nowMs() + ms)
    this.#schedule(entry, ms)
    await this.#write(entry)
    entry.dismiss(failure)
  }

  async #keepRefused(entry: Entry<B, R>): Promise<void> {
    entry.state = 'refused'
    await this.#write(entry)
    const refused = [...this.#entries.values()].filter(({ state }) => state === 'refused')
    for (const oldest of refused.slice(0, -MAX_REFUSED_INTENTS)) await this.#removeQuietly(oldest)
  }

  #backoff({ tries }: Entry<B, R>, minMs?: number): number {
    return backoffMs(tries, { minMs, maxMs: this.#work.maxWaitMs }, this.#c.random)
  }

  /** Goes on with what an earlier process left. Its word on the time is a hint: clocks are set. */
  #resume(entry: Entry<B, R>): void {
    const hint = Math.max(0, entry.nextMs - this.#c.clock.nowMs())
    const longest = this.#work.minWaitMs === undefined ? this.#backoff(entry) : this.#work.maxWaitMs
    if (entry.state === 'waiting') this.#schedule(entry, Math.min(hint, longest))
  }

  #schedule(entry: Entry<B, R>, ms: number): void {
    entry.timer?.cancel()
    if (this.#state !== 'running') return
    entry.timer = this.#c.clock.after(ms, () => this.#start(entry))
  }

  #rouse(entry: Entry<B, R>): void {
    if (entry.trying !== undefined) {
      entry.again = true
      return
    }
    const calmMs = entry.calmUntilMs - this.#c.clock.monotonicMs()
    if (calmMs <= 0) this.#start(entry)
    else this.#schedule(entry, calmMs)
  }

  /** Keeps one that is done until it is asked for, but not for ever. */
  #remember(entry: Entry<B, R>): void {
    const value = this.#work.outcome?.(entry)
    if (value !== undefined) entry.outcome = { value }
    entry.timer = this.#c.clock.after(INTENT_MEMORY_MS, () => {
      this.#c.background(this.#removeQuietly(entry))
    })
  }

  async #remove(entry: Entry<B, R>): Promise<void> {
    const sync = this.#journal.isRepeatable !== true
    await this.#c.store.batch([this.#journal.del(entry.kept())], { sync })
    this.#forget(entry)
  }

  #forget(entry: Entry<B, R>): void {
    entry.timer?.cancel()
    this.#turns.forget(entry)
    if (this.#entries.get(entry.key) === entry) this.#entries.delete(entry.key)
  }

  async #removeQuietly(entry: Entry<B, R>): Promise<void> {
    try {
      await this.#remove(entry)
    } catch (error) {
      this.#c.logger[loudnessOf(error)]({ err: error, intent: entry.id }, 'intent not removed')
    }
  }

  /** Notes the last try. The disk may refuse: the try was made all the same, and memory knows of it. */
  async #write(entry: Entry<B, R>): Promise<void> {
    try {
      await this.#c.store.batch([this.#journal.put(entry.kept())])
    } catch (error) {
      this.#c.logger[loudnessOf(error)]({ err: error, intent: entry.id }, 'intent not noted')
    }
  }
}
