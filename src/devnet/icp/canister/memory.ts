/**
 * What a canister keeps, in pages that are never changed once they are there: a state is a list of them, so that going back to one, and
 * keeping one, cost what changed since.
 */
import { EMPTY } from '../../../node/primitives/bytes.ts'
import { DIRTY_PAGE, PAGE } from '../parameters.ts'

/** Main memory and globals. */
export interface HeapState {
  readonly pages: readonly Uint8Array[]
  readonly globals: readonly (number | bigint)[]
}

/** Stable memory: pages that were never written to are undefined. */
export interface StableState {
  readonly pages: readonly (Uint8Array | undefined)[]
  /** In pages. */
  readonly size: number
}

export const NO_HEAP: HeapState = { pages: [], globals: [] }
export const NO_STABLE: StableState = { pages: [], size: 0 }
export const ZERO_PAGE: Uint8Array = new Uint8Array(PAGE)

/** Stable memory as one message sees and changes it. */
export class StableWriter {
  #base: StableState
  #size: number
  readonly #written = new Map<number, Uint8Array>()
  readonly #dirty = new Set<number>()

  constructor(base: StableState) {
    this.#base = base
    this.#size = base.size
  }

  get size(): number {
    return this.#size
  }

  /** Adds pages. */
  grow(pages: number): void {
    this.#size += pages
  }

  /** Whether the bytes lie within. */
  holds(offset: number, length: number): boolean {
    return offset + length <= this.#size * PAGE
  }

  read(offset: number, length: number): Uint8Array {
    if (length === 0) return EMPTY
    const out = new Uint8Array(length)
    for (const { index, from, at, count } of pieces(offset, length)) {
      const page = this.#written.get(index) ?? this.#base.pages[index]
      if (page !== undefined) out.set(page.subarray(from, from + count), at)
    }
    return out
  }

  /** @returns pages of 4 KiB that were not written to before by this message */
  write(offset: number, bytes: Uint8Array): number {
    const before = this.#dirty.size
    for (const { index, from, at, count } of pieces(offset, bytes.length)) {
      let page = this.#written.get(index)
      if (page === undefined) {
        page = (this.#base.pages[index] ?? ZERO_PAGE).slice()
        this.#written.set(index, page)
      }
      page.set(bytes.subarray(at, at + count), from)
    }
    const last = Math.floor((offset + bytes.length - 1) / DIRTY_PAGE)
    for (let page = Math.floor(offset / DIRTY_PAGE); page <= last; page++) this.#dirty.add(page)
    return this.#dirty.size - before
  }

  /** What is there now. Nothing may be written afterwards. */
  done(): StableState {
    if (this.#written.size === 0) return { pages: this.#base.pages, size: this.#size }
    const pages = [...this.#base.pages]
    for (const [index, page] of this.#written) {
      while (pages.length < index) pages.push(undefined)
      pages[index] = page
    }
    return { pages, size: this.#size }
  }
}

/** A range of bytes, cut where pages end. */
function pieces(
  offset: number,
  length: number,
): { index: number; from: number; at: number; count: number }[] {
  const out = []
  for (let at = 0; at < length;) {
    const index = Math.floor((offset + at) / PAGE)
    const from = (offset + at) % PAGE
    const count = Math.min(PAGE - from, length - at)
    out.push({ index, from, at, count })
    at += count
  }
  return out
}
