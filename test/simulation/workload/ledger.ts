/** What callers were told: which calls are still open, which writes were acknowledged, and which identities must never read a write. */
import { isMerogateError } from '../../../src/node/errors.ts'
import type { Node } from '../../../src/node/index.ts'
import {
  type ContextId,
  type DeltaId,
  idKey,
  type PublicKey,
} from '../../../src/node/primitives/ids.ts'
import type { Life } from '../life.ts'
import type { Machine } from '../machine.ts'
import type { World } from '../world.ts'
import type { Seat } from './circle.ts'

/** A write that its caller was told is done. */
export interface Acknowledged {
  readonly context: ContextId
  readonly delta: DeltaId
  readonly author: Seat
  /** When the caller was told, virtual ms. */
  readonly atMs: number
  /** Identities that the writer's node knew to be removed from the group when it was asked. */
  readonly removed: readonly PublicKey[]
}

/** A call whose caller still waits. */
export interface OpenCall {
  readonly what: string
  readonly machine: Machine
  readonly life: Life
  readonly sinceMs: number
}

/** What became of a call. `away`: nobody was there to be called; `cut`: the process ended before it answered. */
export type Outcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'away' | 'cut' }

export class Ledger {
  readonly #world: World
  readonly #open = new Set<OpenCall>()
  readonly #acknowledged = new Map<string, Acknowledged>()

  constructor(world: World) {
    this.#world = world
  }

  /** Calls that nobody has answered yet. */
  get open(): readonly OpenCall[] {
    return [...this.#open]
  }

  get acknowledged(): readonly Acknowledged[] {
    return [...this.#acknowledged.values()]
  }

  /** Calls a node. Never rejects. */
  async call<T>(
    machine: Machine,
    what: string,
    work: (node: Node) => Promise<T>,
  ): Promise<Outcome<T>> {
    const { running } = machine
    if (running === undefined || !running.life.isAwake) return { kind: 'away' }
    const { time, tally } = this.#world
    const open = { what, machine, life: running.life, sinceMs: time.ms }
    const [kind = what] = what.split(' ')
    this.#open.add(open)
    try {
      const answer = running.life.outlives(work(running.node)).then((value) => ({ value }))
      const first = await Promise.race([answer, running.life.over])
      if (first === undefined) {
        tally.count(`cut: ${kind}`)
        return { kind: 'cut' }
      }
      time.note(`${machine.name} did ${what}`)
      tally.count(`done: ${kind}`)
      return { kind: 'done', value: first.value }
    } catch (error) {
      const code = isMerogateError(error) ? error.code : String(error)
      time.note(`${machine.name} failed to ${what}: ${code}`)
      tally.count(`failed: ${kind} ${code}`)
      return { kind: 'failed', error }
    } finally {
      this.#open.delete(open)
    }
  }

  /** A caller was told that a write is done. */
  acknowledge(write: Omit<Acknowledged, 'atMs'>): void {
    this.#acknowledged.set(idKey(write.delta), { ...write, atMs: this.#world.time.ms })
  }
}
