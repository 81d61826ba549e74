/**
 * The tree of what the chain certifies, and witnesses: the same tree with what nobody asked for replaced by its hash, so that what is there
 * and what is not are both proven, and nothing else is.
 */
import { compareBytes } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import type { CborValue } from '../codec/cbor.ts'
import { separator } from '../codec/hash.ts'

/** A path in the chain's state. */
export type StatePath = readonly Uint8Array[]

/** Labels below which there is more. Never changed once it is there: its hash is kept. */
export interface Branch {
  digest(): Uint8Array
  /** What the paths lead to, and what proves that there is nothing; as it stands in a certificate. */
  witness(paths: readonly StatePath[]): CborValue
}

/** A value, or labels. */
export type StateNode = Uint8Array | Branch

/** Labels in the order of their bytes. */
export class Labels implements Branch {
  readonly entries: readonly (readonly [Uint8Array, StateNode])[]
  /** Hashes of ranges of entries, from the first to the one before the second. */
  readonly #hashes = new Map<string, Uint8Array>()

  constructor(entries: readonly (readonly [Uint8Array, StateNode])[]) {
    this.entries = entries.toSorted(([a], [b]) => compareBytes(a, b))
  }

  /** Index of the first label that is not before this one. */
  find(label: Uint8Array): { readonly index: number; readonly isThere: boolean } {
    const at = this.entries.findIndex(([one]) => compareBytes(one, label) >= 0)
    const index = at === -1 ? this.entries.length : at
    const found = this.entries[index]
    return { index, isThere: found !== undefined && compareBytes(found[0], label) === 0 }
  }

  digest(from = 0, to: number = this.entries.length): Uint8Array {
    const key = `${from} ${to}`
    const known = this.#hashes.get(key)
    if (known !== undefined) return known
    const hash = this.#digest(from, to)
    this.#hashes.set(key, hash)
    return hash
  }

  #digest(from: number, to: number): Uint8Array {
    const [label, node] = this.entries[from] ?? []
    if (label === undefined || node === undefined) return EMPTY_TREE
    if (to - from === 1) return labeledHash(label, digestOf(node))
    const middle = middleOf(from, to)
    return forkHash(this.digest(from, middle), this.digest(middle, to))
  }

  witness(paths: readonly StatePath[]): CborValue {
    const isWhole = paths.some((path) => path.length === 0)
    // what is shown of each entry: the paths below it, all of it, or that it is there
    const shown = new Map<number, (readonly Uint8Array[])[]>()
    const show = (index: number, path: readonly Uint8Array[] | undefined): void => {
      if (index < 0 || index >= this.entries.length) return
      const below = shown.get(index) ?? []
      shown.set(index, path === undefined ? below : [...below, path])
    }
    if (isWhole) this.entries.forEach((_, index) => show(index, []))
    for (const [label, ...rest] of isWhole ? [] : paths) {
      if (label === undefined) continue
      const { index, isThere } = this.find(label)
      if (isThere) show(index, rest)
      else {
        // neighbours prove that nothing is between them
        show(index - 1, undefined)
        show(index, undefined)
      }
    }
    const range = (from: number, to: number): CborValue => {
      const [label, below] = this.entries[from] ?? []
      if (label === undefined || below === undefined) return [KIND.empty]
      const isShown = [...shown.keys()].some((index) => index >= from && index < to)
      if (!isShown) return [KIND.pruned, this.digest(from, to)]
      if (to - from === 1) return [KIND.labeled, label, witnessOf(below, shown.get(from) ?? [])]
      const middle = middleOf(from, to)
      return [KIND.fork, range(from, middle), range(middle, to)]
    }
    return range(0, this.entries.length)
  }
}

export const EMPTY_TREE: Uint8Array = sha256(separator('ic-hashtree-empty'))
const FORK = separator('ic-hashtree-fork')
const LABELED = separator('ic-hashtree-labeled')
const LEAF = separator('ic-hashtree-leaf')

export function forkHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(FORK, left, right)
}

export function labeledHash(label: Uint8Array, below: Uint8Array): Uint8Array {
  return sha256(LABELED, label, below)
}

/** Kinds of nodes, as they are written. */
export const KIND = { empty: 0, fork: 1, labeled: 2, leaf: 3, pruned: 4 } as const

function middleOf(from: number, to: number): number {
  return (from + to + 1) >> 1
}

/** The hash that stands for a tree. */
export function digestOf(node: StateNode): Uint8Array {
  return node instanceof Uint8Array ? sha256(LEAF, node) : node.digest()
}

/** Of a tree, what the paths lead to and what proves that there is nothing; as it stands in a certificate. */
export function witnessOf(node: StateNode, paths: readonly StatePath[]): CborValue {
  if (paths.length === 0) return [KIND.pruned, digestOf(node)]
  return node instanceof Uint8Array ? [KIND.leaf, node] : node.witness(paths)
}
