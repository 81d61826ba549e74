/** One tree of what was agreed to, held against the calls that are running: which frame is which invocation of it. */
import { hostError } from '../value/errors.ts'
import type { Objects } from '../value/objects.ts'
import { type Action, type Invocation, sameAction } from './invocation.ts'

/** A frame that is no invocation of the tree, and the one that is its root. */
const NONE = -2
const ROOT = -1

/** How much of a tree has happened, in the order of its invocations. */
export type TrackerMark = readonly boolean[]

export class Tracker {
  readonly root: Invocation
  /** For each running frame the place of its invocation within the one above it. */
  readonly #places: number[] = []
  #rootFrame: number | undefined
  #isOver = false

  constructor(root: Invocation) {
    this.root = root
  }

  /** A tree that begins with the frame that is running, of so many. */
  static recording(action: Action, frames: number): Tracker {
    const tracker = new Tracker({ action, inner: [], isUsed: true })
    for (let i = 1; i < frames; i++) tracker.#places.push(NONE)
    tracker.#places.push(ROOT)
    tracker.#rootFrame = frames - 1
    return tracker
  }

  push(): void {
    this.#places.push(NONE)
  }

  pop(): void {
    this.#places.pop()
    if (this.#rootFrame !== undefined && this.#rootFrame >= this.#places.length) this.#isOver = true
  }

  /** Whether no frame is left that it was there for. */
  get isEmpty(): boolean {
    return this.#places.length === 0
  }

  /** Whether its root is running. */
  get isActive(): boolean {
    return this.root.isUsed && !this.#isOver
  }

  /** Whether the innermost frame is an invocation of it. */
  get hasFrame(): boolean {
    return (this.#places.at(-1) ?? NONE) !== NONE
  }

  /** Whether any frame is. */
  get hasAnyFrame(): boolean {
    return this.#places.some((place) => place !== NONE)
  }

  /** The invocation that the innermost frame goes under; undefined where the root has not begun. */
  #current(): Invocation | undefined {
    let found: Invocation | undefined
    for (const place of this.#places) {
      if (place === ROOT) found = this.root
      else if (place >= 0) found = found?.inner[place]
    }
    return found
  }

  /** Takes the innermost frame for the next invocation that it can be. */
  match(objects: Objects, action: Action, mayBegin: boolean): boolean {
    if (this.hasFrame) return false
    const current = this.#current()
    if (current === undefined) {
      if (this.root.isUsed || !mayBegin || !sameAction(objects, this.root.action, action)) {
        return false
      }
      this.root.isUsed = true
      this.#rootFrame = this.#places.length - 1
      this.#place(ROOT)
      return true
    }
    const index = current.inner.findIndex(
      (one) => !one.isUsed && sameAction(objects, one.action, action),
    )
    const found = current.inner[index]
    if (found === undefined) return false
    found.isUsed = true
    this.#place(index)
    return true
  }

  /** Adds the innermost frame. */
  record(action: Action): void {
    if (this.hasFrame) throw hostError('Auth', 'ExistingValue', 'frame is already authorized')
    const current = this.#current()
    if (current === undefined) throw hostError('Auth', 'InternalError', 'no invocation')
    this.#place(current.inner.push({ action, inner: [], isUsed: true }) - 1)
  }

  #place(place: number): void {
    this.#places[this.#places.length - 1] = place
  }

  mark(): TrackerMark {
    return flatten(this.root).map(({ isUsed }) => isUsed)
  }

  /** Back to a mark: what was added since, by frames that failed, is gone. */
  rollback(mark: TrackerMark): void {
    prune(this.root, flatten(this.root).length - mark.length)
    for (const [i, one] of flatten(this.root).entries()) one.isUsed = mark[i] ?? false
    if (this.root.isUsed) return
    this.#rootFrame = undefined
    this.#isOver = false
  }
}

/** All of a tree, outer before inner. */
function flatten(root: Invocation): Invocation[] {
  return [root, ...root.inner.flatMap(flatten)]
}

/** Takes away so many of the newest: each was added behind all others of its depth. */
function prune(root: Invocation, count: number): void {
  for (let left = count; left > 0; left--) {
    let parent = root
    for (let next = parent.inner.at(-1); next !== undefined && next.inner.length > 0;) {
      parent = next
      next = parent.inner.at(-1)
    }
    parent.inner.pop()
  }
}
