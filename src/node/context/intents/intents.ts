/**
 * What this node has begun and must finish: one {@link Queue} per kind of work, seen together. Kinds that keep their rows elsewhere bring a
 * journal of their own.
 */
import type { Codec } from '../../codec/codec.ts'
import type { IntentInfo } from '../../interface.ts'
import type { GaugeReading } from '../../metrics.ts'
import type { ContextId } from '../../primitives/ids.ts'
import type { IntentRows } from '../../store/repositories/intents.ts'
import type { BatchOp } from '../../store/store.ts'
import type { Journal, Work } from './intent.ts'
import { intentJournal } from './journal.ts'
import type { QueueComponents } from './queue-components.ts'
import { Queue } from './queue.ts'

export interface IntentsComponents extends QueueComponents {
  readonly rows: IntentRows
}

/** What {@link Intents} needs of a queue, whatever its kind of work. */
type AnyQueue = Pick<
  Queue<never, unknown>,
  'load' | 'begin' | 'stop' | 'list' | 'withdraw' | 'wakeContext' | 'dropContext'
>

export class Intents {
  readonly #c: IntentsComponents
  readonly #queues: AnyQueue[] = []

  constructor(components: IntentsComponents) {
    this.#c = components
  }

  /** A queue for a kind of work whose rows lie in the column of intents, under `number`. */
  queue<B, R>(work: Work<B, R>, number: number, body: Codec<B>): Queue<B, R> {
    return this.queueIn(work, this.journal(number, body))
  }

  /** A queue for a kind of work that keeps its rows elsewhere. */
  queueIn<B, R>(work: Work<B, R>, journal: Journal<B>): Queue<B, R> {
    const queue = new Queue(work, journal, this.#c)
    this.#queues.push(queue)
    return queue
  }

  async load(): Promise<void> {
    for (const queue of this.#queues) await queue.load()
  }

  begin(): void {
    for (const queue of this.#queues) queue.begin()
  }

  async stop(): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.stop()))
  }

  /** All of them, oldest first; of one context when it is given. */
  list(context?: ContextId): readonly IntentInfo[] {
    return this.#queues
      .flatMap((queue) => queue.list(context))
      .sort((a, b) => a.sinceMs - b.sinceMs)
  }

  /** How many there are by kind and state. */
  counts(): readonly GaugeReading[] {
    const counts = new Map<string, { value: number; labels: Readonly<Record<string, string>> }>()
    for (const { kind, state } of this.list()) {
      const count = counts.get(kind + state) ?? { value: 0, labels: { kind, state } }
      counts.set(kind + state, { ...count, value: count.value + 1 })
    }
    return [...counts.values()]
  }

  /** Tries those of a context now. */
  wake(context: ContextId): void {
    for (const queue of this.#queues) queue.wakeContext(context)
  }

  /** Ends one without its being done. False when there is none of this id. @throws what its kind of work says against it */
  async withdraw(id: string): Promise<boolean> {
    for (const queue of this.#queues) if (await queue.withdraw(id)) return true
    return false
  }

  /** Ends all of a context. Resolves with how many there were. @throws what a kind of work says against it */
  async withdrawAll(context: ContextId): Promise<number> {
    let count = 0
    for (const { id } of this.list(context)) if (await this.withdraw(id)) count++
    return count
  }

  /** A context is gone: ends what was for it. Returns the rows to be removed with its own. */
  async dropContext(context: ContextId): Promise<readonly BatchOp[]> {
    const ops: BatchOp[] = []
    for (const queue of this.#queues) ops.push(...(await queue.dropContext(context)))
    return ops
  }

  /** The rows of a kind of work that lie in the column of intents, under `number`. */
  journal<B>(number: number, body: Codec<B>): Journal<B> {
    return intentJournal(this.#c, number, body)
  }
}
