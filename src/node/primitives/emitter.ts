/** A typed event emitter whose listeners cannot break the one who emits. */
import { abortError } from '../errors.ts'
import type { Logger } from './logger.ts'

/** Maps event names to what listeners receive. */
export type EventMap = object

/** The listening side of an emitter. */
export interface Listenable<E extends EventMap> {
  /** Adds a listener; returns the function that removes it. */
  on<K extends keyof E>(name: K, listener: (detail: E[K]) => void): () => void
  /** Resolves with the first event that `accept` takes. Rejects with ABORTED when the signal fires. */
  next<K extends keyof E>(
    name: K,
    options?: { accept?: (detail: E[K]) => boolean; signal?: AbortSignal },
  ): Promise<E[K]>
}

export class Emitter<E extends EventMap> implements Listenable<E> {
  readonly #listeners = new Map<keyof E, Set<(detail: never) => void>>()
  readonly #logger: Logger | undefined

  constructor(logger?: Logger) {
    this.#logger = logger
  }

  on<K extends keyof E>(name: K, listener: (detail: E[K]) => void): () => void {
    let set = this.#listeners.get(name)
    if (set === undefined) this.#listeners.set(name, (set = new Set()))
    set.add(listener)
    return () => set.delete(listener)
  }

  next<K extends keyof E>(
    name: K,
    options: { accept?: (detail: E[K]) => boolean; signal?: AbortSignal } = {},
  ): Promise<E[K]> {
    const { accept, signal } = options
    return new Promise((resolve, reject) => {
      const done = (): void => {
        off()
        signal?.removeEventListener('abort', abort)
      }
      const abort = (): void => {
        done()
        reject(abortError(signal))
      }
      const off = this.on(name, (detail) => {
        if (accept !== undefined && !accept(detail)) return
        done()
        resolve(detail)
      })
      if (signal?.aborted === true) abort()
      else signal?.addEventListener('abort', abort)
    })
  }

  /** How many listen to anything. */
  get listeners(): number {
    return [...this.#listeners.values()].reduce((sum, { size }) => sum + size, 0)
  }

  /** Calls every listener. One that throws is logged and does not stop the others. */
  emit<K extends keyof E>(name: K, detail: E[K]): void {
    const set = this.#listeners.get(name)
    if (set === undefined) return
    // a copy: listeners may remove themselves while they are called
    for (const listener of Array.from(set)) {
      try {
        ;(listener as (detail: E[K]) => void)(detail) // stored under the same K by on()
      } catch (error) {
        this.#logger?.error({ err: error, event: String(name) }, 'listener failed')
      }
    }
  }
}
