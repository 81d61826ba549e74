/** Executes messages: brings an instance to the canister's state, calls it, and tells what came of it. Changes nothing but the instance. */
import { Trap } from '../errors.ts'
import { systemFunctions } from './api/functions.ts'
import { Machine, type System } from './api/machine.ts'
import type { CanisterCode } from './code.ts'
import type { Frame } from './frame.ts'
import { type Entry, Instance } from './instance.ts'
import { type HeapState, type StableState, StableWriter } from './memory.ts'

/** What a message begins with. */
export interface Before {
  readonly code: CanisterCode
  /** Undefined: what the module begins with. */
  readonly heap: HeapState | undefined
  /** The module was not there before: its start function runs. */
  readonly isNew?: boolean
  readonly stable: StableState
}

/** What came of a message. */
export type Outcome =
  | {
      readonly isGood: true
      readonly instructions: bigint
      readonly heap: HeapState
      readonly stable: StableState
    }
  | { readonly isGood: false; readonly instructions: bigint; readonly trap: Trap }

interface Running {
  readonly instance: Instance
  readonly machine: Machine
}

export class Executor {
  readonly #system: System
  /** By canister. */
  readonly #running = new Map<string, Running>()

  constructor(system: System) {
    this.#system = system
  }

  /** Runs the entries one after the other, those that the module has. @throws what is no fault of the canister */
  run(before: Before, frame: Frame, entries: readonly Entry[]): Outcome {
    const { text } = frame.canister
    let running: Running | undefined
    try {
      running = this.#prepare(text, before)
      const { instance, machine } = running
      const stable = new StableWriter(before.stable)
      machine.begin(frame, stable)
      instance.left = frame.limit
      if (before.heap !== undefined) instance.load(before.heap)
      if (before.isNew === true) {
        machine.isStarting = true
        instance.start()
        machine.isStarting = false
      }
      for (const entry of entries) {
        if (typeof entry !== 'string' || instance.has(entry)) instance.call(entry)
      }
      // a call that was begun and not made
      frame.balance += frame.draft?.cycles ?? 0n
      const instructions = frame.limit - instance.left
      return { isGood: true, instructions, heap: instance.take(), stable: stable.done() }
    } catch (error) {
      if (running !== undefined) running.machine.isStarting = false
      const left = running?.instance.left ?? frame.limit
      const instructions = left < 0n ? frame.limit : frame.limit - left
      return { isGood: false, instructions, trap: trapOf(error) }
    }
  }

  /** Forgets instances: they are made again when they are needed. */
  forget(canister?: string): void {
    if (canister === undefined) this.#running.clear()
    else this.#running.delete(canister)
  }

  #prepare(canister: string, { code, heap, isNew }: Before): Running {
    const known = this.#running.get(canister)
    if (
      known !== undefined &&
      heap !== undefined &&
      isNew !== true &&
      known.instance.code === code &&
      known.instance.canLoad(heap) &&
      // tables begin anew with every message, as on the chain
      !code.rewritten.changesTables
    ) {
      return known
    }
    const machine = new Machine(this.#system, code.isWide)
    const instance = new Instance(code, systemFunctions(machine))
    machine.attach(instance)
    const made = { instance, machine }
    this.#running.set(canister, made)
    return made
  }
}

function trapOf(error: unknown): Trap {
  if (error instanceof Trap) return error
  // segments that do not fit, which instantiating finds out
  if (error instanceof Error && ['LinkError', 'RuntimeError', 'RangeError'].includes(error.name)) {
    return new Trap('IC0505', `Canister's Wasm module is not valid: ${error.message}`)
  }
  throw error
}
