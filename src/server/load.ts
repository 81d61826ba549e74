/**
 * How late the event loop is, and who is sent away while it is: what is under way goes on, and of what comes new those without a token are refused
 * first, then those who only read, and in the end everybody.
 */
import type { Counter, Metrics } from '../node/metrics.ts'
import type { Clock, Timer } from '../node/primitives/clock.ts'
import { serverError } from './errors.ts'
import {
  BUSY_FOR_ALL_MS,
  BUSY_FOR_READERS_MS,
  BUSY_FOR_STRANGERS_MS,
  LOAD_LOOK_MS,
  LOAD_WINDOW_MS,
} from './limits.ts'

/** Who asks for something: without a token where others have one, to read, or to change something. */
export type Asker = 'stranger' | 'reader' | 'writer'

/** From which delay on each is refused, ms. */
const BUSY_FOR: Readonly<Record<Asker, number>> = {
  stranger: BUSY_FOR_STRANGERS_MS,
  reader: BUSY_FOR_READERS_MS,
  writer: BUSY_FOR_ALL_MS,
}

export interface Load {
  /** How long what comes now waits for the event loop on average, ms, over the last few seconds. */
  readonly delayMs: number
  /** Refuses what is too much now. @throws SERVER_BUSY (transport) with `retryAfterMs` */
  admit(asker: Asker): void
  start(): void
  stop(): void
}

export function load(clock: Clock, metrics: Metrics): Load {
  return new LoopLoad(clock, metrics)
}

class LoopLoad implements Load {
  readonly #clock: Clock
  readonly #shed: Counter
  /** Looks, oldest first: how late each was. */
  #looks: { readonly atMs: number; readonly lateMs: number }[] = []
  #lastMs = 0
  #timer: Timer | undefined

  constructor(clock: Clock, metrics: Metrics) {
    this.#clock = clock
    metrics.gauge('merogate_event_loop_delay_seconds', {
      help: 'How long a request waits for the event loop on average, over the last few seconds',
      collect: () => [{ value: this.delayMs / 1000 }],
    })
    this.#shed = metrics.counter('merogate_http_shed_total', {
      help: 'Requests and calls refused because the event loop was late',
      labels: ['asker'],
    })
  }

  // Whoever comes while the loop stands waits for what is left of that: half of it, and the longer it stands the more come.
  get delayMs(): number {
    let sum = 0
    for (const { lateMs } of this.#looks) sum += (lateMs * lateMs) / 2
    return sum / LOAD_WINDOW_MS
  }

  admit(asker: Asker): void {
    const { delayMs } = this
    if (delayMs < BUSY_FOR[asker]) return
    this.#shed.inc({ asker })
    const retryAfterMs = LOAD_WINDOW_MS
    const message = 'the node has more to do than it can: try again later'
    throw serverError('SERVER_BUSY', 'transport', message, { retryAfterMs })
  }

  start(): void {
    this.#lastMs = this.#clock.monotonicMs()
    this.#timer = this.#clock.every(LOAD_LOOK_MS, () => this.#look())
  }

  stop(): void {
    this.#timer?.cancel()
    this.#looks = []
  }

  #look(): void {
    const atMs = this.#clock.monotonicMs()
    const lateMs = Math.min(LOAD_WINDOW_MS, Math.max(0, atMs - this.#lastMs - LOAD_LOOK_MS))
    this.#lastMs = atMs
    this.#looks.push({ atMs, lateMs })
    const from = this.#looks.findIndex((look) => look.atMs > atMs - LOAD_WINDOW_MS)
    this.#looks.splice(0, from)
  }
}
