/** Where a run stands: faults and work go on until the curtain falls; then everything is put right, and the nodes have time to agree. */
import type { Timer } from '../../src/node/primitives/clock.ts'
import type { World } from './world.ts'

export class Stage {
  readonly #world: World
  readonly #waiting = new Set<() => void>()
  #isOver = false
  #alone: Promise<unknown> = Promise.resolve()

  constructor(world: World) {
    this.#world = world
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Resolves after a time, or when the curtain falls. */
  async pause(ms: number): Promise<void> {
    if (this.#isOver) return
    await new Promise<void>((resolve) => {
      const done = (): void => {
        timer.cancel()
        this.#waiting.delete(done)
        resolve()
      }
      const timer: Timer = this.#world.time.after(ms, done)
      this.#waiting.add(done)
    })
  }

  /** Works that take a stage for themselves follow each other. Resolves with undefined, and nothing done, when the curtain fell before its turn. */
  async alone<T>(work: () => Promise<T>): Promise<T | undefined> {
    const turn = this.#alone.then(() => (this.#isOver ? undefined : work()))
    this.#alone = turn.catch(() => {})
    return turn
  }

  /** The curtain falls. */
  end(): void {
    this.#isOver = true
    for (const done of [...this.#waiting]) done()
  }
}
