/** The one thread's whole future: a queue of virtual timers, and a loop that runs the code between two of them to its end. */
import { createHash, type Hash } from 'node:crypto'
import type { Timer } from '../../src/node/primitives/clock.ts'
import { realImmediate } from './natives.ts'

/** Where virtual time begins, microseconds since the Unix epoch: 2026-01-01. */
const START_US = 1_767_225_600_000_000

interface Entry extends Timer {
  readonly at: number
  call: (() => void) | undefined
}

export interface SimTimeInit {
  /** Called with each event, for whoever wants to read along. @default nobody */
  readonly onNote?: ((ms: number, text: string) => void) | undefined
}

export class SimTime {
  /** True time, which no node sees: microseconds since the Unix epoch. */
  nowUs: number = START_US
  /** Timers that fired. */
  events = 0
  /** Latest first; among equals, the one added last first. */
  readonly #queue: Entry[] = []
  readonly #log: Hash = createHash('sha256')
  readonly #onNote: SimTimeInit['onNote']

  constructor(init: SimTimeInit = {}) {
    this.#onNote = init.onNote
  }

  /** Whether somebody reads along. */
  get isTraced(): boolean {
    return this.#onNote !== undefined
  }

  /** Milliseconds since the beginning of the run. */
  get ms(): number {
    return (this.nowUs - START_US) / 1000
  }

  /** Adds an event to the fingerprint of the run. */
  note(text: string, bytes?: Uint8Array): void {
    this.#log.update(`${this.nowUs} ${text}\n`)
    if (bytes !== undefined) this.#log.update(bytes)
    this.#onNote?.(this.ms, bytes === undefined ? text : `${text} (${bytes.length} bytes)`)
  }

  /** Two runs with the same one did the same to the byte. */
  fingerprint(): string {
    return this.#log.copy().digest('hex').slice(0, 24)
  }

  after(ms: number, call: () => void): Timer {
    const at = this.nowUs + Math.max(0, Math.ceil(ms * 1000))
    const entry: Entry = { at, call, cancel: () => (entry.call = undefined) }
    let [low, high] = [0, this.#queue.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#queue[middle] as Entry).at > at)
        low = middle + 1 // below its length
      else high = middle
    }
    this.#queue.splice(low, 0, entry)
    return entry
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve))
  }

  /** Runs until `until` holds. False when the virtual time was up, or nothing was left to happen, before it did. */
  async run(until: () => boolean, limitMs: number): Promise<boolean> {
    const end = this.nowUs + limitMs * 1000
    for (await turn(); !until();) {
      const next = this.#queue.pop()
      if (next === undefined || next.at > end) return false
      if (next.call === undefined) continue
      this.nowUs = next.at
      this.events++
      next.call()
      await turn()
    }
    return true
  }
}

// One real turn empties the queues of nextTick and of microtasks, however long they grow. Nothing else can be outstanding while nobody uses
// threads, files, sockets, or timers other than ours: see natives.ts.
function turn(): Promise<void> {
  return new Promise<void>((resolve) => realImmediate(resolve))
}
