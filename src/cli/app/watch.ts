/** Hears of changed sources of an application. */
import { existsSync, watch, type FSWatcher } from 'node:fs'
import { join } from 'node:path'
import { systemClock, type Timer } from '../../node/primitives/clock.ts'

/** Editors write a file in several steps: what comes within this is one change, ms. */
const QUIET_MS = 100

/** Files beside `src/` that decide what is built. Cargo.lock is not among them: the build itself writes it. */
const OTHERS: ReadonlySet<string> = new Set(['Cargo.toml', 'build.rs'])

/** Changes of sources, one at a time: what happens while one is dealt with makes one more. */
export class SourceWatch implements Disposable {
  readonly #watchers: readonly FSWatcher[]
  #isChanged = false
  #wake: (() => void) | undefined
  #timer: Timer | undefined

  constructor(folder: string) {
    const source = join(folder, 'src')
    this.#watchers = [
      ...(existsSync(source) ? [watch(source, { recursive: true }, () => this.#heard())] : []),
      watch(folder, (_event, name) => {
        if (name !== null && OTHERS.has(name)) this.#heard()
      }),
    ]
  }

  /** Resolves when something has changed since it resolved last. */
  async next(): Promise<void> {
    if (!this.#isChanged) await new Promise<void>((resolve) => (this.#wake = resolve))
    this.#isChanged = false
  }

  #heard(): void {
    this.#timer?.cancel()
    this.#timer = systemClock.after(QUIET_MS, () => {
      this.#isChanged = true
      this.#wake?.()
      this.#wake = undefined
    })
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel()
    for (const watcher of this.#watchers) watcher.close()
  }
}
