/**
 * A tree of labels that are hashes, all of one length: forks stand where bits differ, so that one more label changes as many hashes as the
 * tree is deep. Never changed once it is there: putting and dropping make another tree of the same parts.
 */
import { compareBytes } from '../../../node/primitives/bytes.ts'
import type { CborValue } from '../codec/cbor.ts'
import {
  type Branch,
  digestOf,
  EMPTY_TREE,
  forkHash,
  KIND,
  labeledHash,
  type StateNode,
  type StatePath,
  witnessOf,
} from './tree.ts'

interface Leaf {
  readonly type: 'leaf'
  readonly min: Uint8Array
  readonly max: Uint8Array
  readonly node: StateNode
  readonly hash: Uint8Array
}

interface Fork {
  readonly type: 'fork'
  /** The first bit in which labels differ. */
  readonly bit: number
  readonly min: Uint8Array
  readonly max: Uint8Array
  readonly left: Part
  readonly right: Part
  readonly hash: Uint8Array
}

type Part = Leaf | Fork

export class IdTree implements Branch {
  readonly #root: Part | undefined

  constructor(root?: Part) {
    this.#root = root
  }

  /** With the label, in the place of what was there. */
  put(label: Uint8Array, node: StateNode): IdTree {
    const hash = labeledHash(label, digestOf(node))
    const leaf: Leaf = { type: 'leaf', min: label, max: label, node, hash }
    if (this.#root === undefined) return new IdTree(leaf)
    const bit = firstDifference(nearest(this.#root, label), label)
    return new IdTree(insert(this.#root, leaf, bit))
  }

  /** Without the label. */
  drop(label: Uint8Array): IdTree {
    return new IdTree(this.#root && remove(this.#root, label))
  }

  digest(): Uint8Array {
    return this.#root?.hash ?? EMPTY_TREE
  }

  witness(paths: readonly StatePath[]): CborValue {
    const root = this.#root
    if (root === undefined) return [KIND.empty]
    const wanted = paths.flatMap(([label]): readonly Uint8Array[] => {
      if (label === undefined) return []
      // of what is not there, neighbours prove that nothing is between them
      return [floor(root, label), ceiling(root, label)].flatMap((leaf) => (leaf ? [leaf.min] : []))
    })
    return show(root, wanted, paths)
  }
}

function show(part: Part, wanted: readonly Uint8Array[], paths: readonly StatePath[]): CborValue {
  const isWanted = wanted.some(
    (one) => compareBytes(part.min, one) <= 0 && compareBytes(one, part.max) <= 0,
  )
  if (!isWanted) return [KIND.pruned, part.hash]
  if (part.type === 'fork') {
    return [KIND.fork, show(part.left, wanted, paths), show(part.right, wanted, paths)]
  }
  const below = paths.flatMap(([label, ...rest]) =>
    label !== undefined && compareBytes(label, part.min) === 0 ? [rest] : [],
  )
  return [KIND.labeled, part.min, witnessOf(part.node, below)]
}

function fork(bit: number, left: Part, right: Part): Fork {
  const hash = forkHash(left.hash, right.hash)
  return { type: 'fork', bit, min: left.min, max: right.max, left, right, hash }
}

function bitOf(label: Uint8Array, bit: number): number {
  return ((label[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1
}

/** The first bit in which they differ; undefined where they are the same. */
function firstDifference(a: Uint8Array, b: Uint8Array): number | undefined {
  const at = a.findIndex((byte, i) => byte !== b[i])
  if (at === -1) return undefined
  return at * 8 + Math.clz32((a[at] ?? 0) ^ (b[at] ?? 0)) - 24
}

/** A label that agrees with this one in every bit that a fork looks at. */
function nearest(part: Part, label: Uint8Array): Uint8Array {
  let at = part
  while (at.type === 'fork') at = bitOf(label, at.bit) === 0 ? at.left : at.right
  return at.min
}

/** `bit`: the first in which the leaf differs from all that is there; undefined: it takes a leaf's place. */
function insert(part: Part, leaf: Leaf, bit: number | undefined): Part {
  if (part.type === 'fork' && (bit === undefined || part.bit < bit)) {
    return bitOf(leaf.min, part.bit) === 0
      ? fork(part.bit, insert(part.left, leaf, bit), part.right)
      : fork(part.bit, part.left, insert(part.right, leaf, bit))
  }
  if (bit === undefined) return leaf
  return bitOf(leaf.min, bit) === 0 ? fork(bit, leaf, part) : fork(bit, part, leaf)
}

function remove(part: Part, label: Uint8Array): Part | undefined {
  if (part.type === 'leaf') return compareBytes(part.min, label) === 0 ? undefined : part
  const isLeft = bitOf(label, part.bit) === 0
  const kept = isLeft ? part.right : part.left
  const rest = remove(isLeft ? part.left : part.right, label)
  if (rest === undefined) return kept
  return isLeft ? fork(part.bit, rest, kept) : fork(part.bit, kept, rest)
}

/** The last label that is not behind this one. */
function floor(part: Part, label: Uint8Array): Leaf | undefined {
  if (compareBytes(part.min, label) > 0) return undefined
  if (part.type === 'leaf') return part
  return floor(part.right, label) ?? floor(part.left, label)
}

/** The first label that is not before this one. */
function ceiling(part: Part, label: Uint8Array): Leaf | undefined {
  if (compareBytes(part.max, label) < 0) return undefined
  if (part.type === 'leaf') return part
  return ceiling(part.left, label) ?? ceiling(part.right, label)
}
