/** Rows in which a state is built beside the one in use: one at a time on a node, and gone afterwards, also after a crash. */
import type { ContextId } from '../primitives/ids.ts'
import type { ContextRef } from '../runtime/engine.ts'
import type { StateModel } from '../runtime/state-model.ts'
import { COLUMN, columnRange, u32be } from '../store/keys.ts'
import type { Store } from '../store/store.ts'

/** Local number of no context: they are given out from 1. */
const SCRATCH_NUMBER = 0xffff_ffff

export class Scratch {
  readonly #store: Store
  readonly #model: Pick<StateModel, 'forget'>
  #tail: Promise<unknown> = Promise.resolve()

  constructor(store: Store, model: Pick<StateModel, 'forget'>) {
    this.#store = store
    this.#model = model
  }

  /** Removes what a crash left, once at start. */
  async open(): Promise<void> {
    await this.#store.clear(columnRange(COLUMN.state, u32be(SCRATCH_NUMBER)))
  }

  /** Runs a task on empty rows for a context, after those that asked before. */
  run<T>(id: ContextId, task: (ref: ContextRef) => Promise<T>): Promise<T> {
    const work = this.#tail.then(async () => {
      const ref = { id, number: SCRATCH_NUMBER }
      await this.clear(ref)
      try {
        return await task(ref)
      } finally {
        await this.clear(ref)
      }
    })
    this.#tail = work.catch(() => {})
    return work
  }

  /** Begins anew. */
  async clear(ref: ContextRef): Promise<void> {
    await this.#model.forget(ref)
    await this.#store.clear(columnRange(COLUMN.state, u32be(ref.number)))
  }
}
