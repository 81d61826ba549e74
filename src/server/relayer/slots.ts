/**
 * Who may work now: so many at one time, and of one client no more than half of them. Who must wait waits in turn, one client after the other, so that
 * somebody who asks for much keeps others waiting no longer than for one of his.
 */
import type { Clock } from '../../node/primitives/clock.ts'
import { relayerError } from './errors.ts'
import { MAX_WAITING, MAX_WAITING_OF_ONE, SLOT_WAIT_MS } from './limits.ts'

interface Waiting {
  readonly enter: () => void
  readonly giveUp: () => void
}

export class Slots {
  readonly #limit: number
  readonly #share: number
  readonly #clock: Clock
  readonly #onChange: (underWay: number) => void
  readonly #running = new Map<string, number>()
  /** By client, the one whose turn is next first. */
  readonly #waiting = new Map<string, Waiting[]>()
  #underWay = 0

  /** `onChange` is told how many work. */
  constructor(limit: number, clock: Clock, onChange: (underWay: number) => void) {
    this.#limit = limit
    this.#share = Math.max(1, Math.floor(limit / 2))
    this.#clock = clock
    this.#onChange = onChange
  }

  /** Resolves when it is this client's turn. @returns ends its work @throws RELAYER_BUSY (limit) */
  async enter(client: string): Promise<() => void> {
    if (!this.#mayEnter(client)) await this.#wait(client)
    else this.#begin(client)
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      this.#end(client)
    }
  }

  #mayEnter(client: string): boolean {
    return this.#underWay < this.#limit && (this.#running.get(client) ?? 0) < this.#share
  }

  #begin(client: string): void {
    this.#running.set(client, (this.#running.get(client) ?? 0) + 1)
    this.#onChange(++this.#underWay)
  }

  #end(client: string): void {
    const left = (this.#running.get(client) ?? 1) - 1
    if (left === 0) this.#running.delete(client)
    else this.#running.set(client, left)
    this.#onChange(--this.#underWay)
    for (const [next, [first, ...others]] of this.#waiting) {
      if (first === undefined || !this.#mayEnter(next)) continue
      this.#waiting.delete(next)
      // behind everybody else
      if (others.length > 0) this.#waiting.set(next, others)
      first.enter()
      return
    }
  }

  async #wait(client: string): Promise<void> {
    const own = this.#waiting.get(client) ?? []
    const all = [...this.#waiting.values()].reduce((sum, { length }) => sum + length, 0)
    if (own.length >= MAX_WAITING_OF_ONE || all >= MAX_WAITING) throw this.#busy()
    await new Promise<void>((resolve, reject) => {
      const timer = this.#clock.after(SLOT_WAIT_MS, () => waiting.giveUp())
      const waiting: Waiting = {
        enter: () => {
          timer.cancel()
          this.#begin(client)
          resolve()
        },
        giveUp: () => {
          const others = (this.#waiting.get(client) ?? []).filter((each) => each !== waiting)
          if (others.length > 0) this.#waiting.set(client, others)
          else this.#waiting.delete(client)
          reject(this.#busy())
        },
      }
      this.#waiting.set(client, [...own, waiting])
    })
  }

  #busy(): Error {
    const limit = this.#limit
    const message = `${limit} operations are under way and others wait; try again later`
    return relayerError('RELAYER_BUSY', message, { limit })
  }
}
