/** What callers were told: which calls are still open, and which writes were acknowledged. */
import { isMerogateError } from '../../../src/node/errors.ts'
import type { Node } from '../../../src/node/index.ts'
import { type ContextId, type DeltaId, idKey } from '../../../src/node/primitives/ids.ts'
import type { Life } from '../life.ts'
import type { Machine } from '../machine.ts'
import type { World } from '../world.ts'

/** A write that its caller was told is done. */
export interface Acknowledged {
  readonly context: ContextId
  readonly delta: DeltaId
  readonly machine: number
  /** When the caller was told, virtual ms. */
  readonly atMs: number
}

/** A call whose caller still waits. */
export interface OpenCall {
  readonly what: string
  readonly machine: Machine
  readonly life: Life
  readonly sinceMs: number
}

export class Ledger {
  readonly #world: World
  readonly #open = new Set<OpenCall>()
  readonly #acknowledged = new Map<string, Acknowledged>()

  constructor(world: World) {
    this.#world = world
  }

  /** Calls that nobody answered, of processes that still run. */
  get open(): readonly OpenCall[] {
    return [...this.#open].filter(({ life }) => life.isAlive)
  }

  get acknowledged(): readonly Acknowledged[] {
    return [...this.#acknowledged.values()]
  }

  /** Calls a node that runs. Resolves with the answer, or undefined when it failed; not at all when the process ends meanwhile. */
  async call<T>(
    machine: Machine,
    what: string,
    work: (node: Node) => Promise<T>,
  ): Promise<{ readonly value: T } | undefined> {
    const { running } = machine
    if (running === undefined || !running.life.isAwake) return undefined
    const { time, tally } = this.#world
    const open = { what, machine, life: running.life, sinceMs: time.ms }
    this.#open.add(open)
    const [kind = what] = what.split(' ')
    try {
      const value = await running.life.outlives(work(running.node))
      time.note(`${machine.name} did ${what}`)
      tally.count(`done: ${kind}`)
      return { value }
    } catch (error) {
      const code = isMerogateError(error) ? error.code : String(error)
      time.note(`${machine.name} failed to ${what}: ${code}`)
      tally.count(`failed: ${kind} ${code}`)
      return undefined
    } finally {
      this.#open.delete(open)
    }
  }

  /** A caller was told that a write is done. */
  acknowledge(machine: Machine, context: ContextId, delta: DeltaId): void {
    const atMs = this.#world.time.ms
    this.#acknowledged.set(idKey(delta), { context, delta, machine: machine.index, atMs })
  }
}
