/**
 * Hash trees of certificates: what is in them, and the hash that stands for them.
 * @see https://internetcomputer.org/docs/references/ic-interface-spec#certificate
 */
import { compareBytes, concat, utf8 } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import type { CborValue, Wrong } from './cbor.ts'

export type HashTree =
  | { readonly kind: 'empty' }
  | { readonly kind: 'fork'; readonly left: HashTree; readonly right: HashTree }
  | { readonly kind: 'labeled'; readonly label: Uint8Array; readonly tree: HashTree }
  | { readonly kind: 'leaf'; readonly value: Uint8Array }
  | { readonly kind: 'pruned'; readonly hash: Uint8Array }

/** No bound: the width of a SHA-256. */
const HASH_BYTES = 32

/** A tree of its CBOR, which bounds how deep it is. @throws what `wrong` makes */
export function parseTree(value: CborValue | undefined, wrong: Wrong): HashTree {
  if (Array.isArray(value)) {
    const [kind, first, second, ...more] = value as readonly CborValue[]
    const parts = value.length - 1
    if (kind === 0 && parts === 0) return { kind: 'empty' }
    if (kind === 1 && parts === 2) {
      return { kind: 'fork', left: parseTree(first, wrong), right: parseTree(second, wrong) }
    }
    if (kind === 2 && parts === 2 && first instanceof Uint8Array) {
      return { kind: 'labeled', label: first, tree: parseTree(second, wrong) }
    }
    if (kind === 3 && parts === 1 && first instanceof Uint8Array) {
      return { kind: 'leaf', value: first }
    }
    if (kind === 4 && parts === 1 && first instanceof Uint8Array && more.length === 0) {
      if (first.length === HASH_BYTES) return { kind: 'pruned', hash: first }
    }
  }
  throw wrong('a hash tree of another shape')
}

/** A text before what is hashed, so that no hash means two things. */
export function separated(domain: string): Uint8Array {
  const text = utf8(domain)
  return concat(Uint8Array.of(text.length), text)
}

const EMPTY_TREE = sha256(separated('ic-hashtree-empty'))
const FORK = separated('ic-hashtree-fork')
const LABELED = separated('ic-hashtree-labeled')
const LEAF = separated('ic-hashtree-leaf')

/** The hash that stands for a tree. */
export function digestOf(tree: HashTree): Uint8Array {
  switch (tree.kind) {
    case 'empty':
      return EMPTY_TREE
    case 'fork':
      return sha256(FORK, digestOf(tree.left), digestOf(tree.right))
    case 'labeled':
      return sha256(LABELED, tree.label, digestOf(tree.tree))
    case 'leaf':
      return sha256(LEAF, tree.value)
    case 'pruned':
      return tree.hash
  }
}

/** What a tree shows at a path: a value, that there is none, or nothing of either. */
export type Shown = { readonly value: Uint8Array } | 'absent' | 'hidden'

/** The parts of a tree that lie next to each other, from the left. */
export function partsOf(tree: HashTree): Exclude<HashTree, { kind: 'fork' }>[] {
  const parts: Exclude<HashTree, { kind: 'fork' }>[] = []
  const rest = [tree]
  for (let at = rest.pop(); at !== undefined; at = rest.pop()) {
    if (at.kind === 'fork') rest.push(at.right, at.left)
    else parts.push(at)
  }
  return parts
}

/** What lies below a label. Labels are in order: one is absent where nothing is pruned between its neighbours. */
function child(tree: HashTree, label: Uint8Array): HashTree | 'absent' | 'hidden' {
  let isHidden = false
  for (const part of partsOf(tree)) {
    if (part.kind === 'pruned') isHidden = true
    if (part.kind !== 'labeled') continue
    const order = compareBytes(part.label, label)
    if (order === 0) return part.tree
    if (order > 0) break
    isHidden = false
  }
  return isHidden ? 'hidden' : 'absent'
}

/** What lies at a path. */
export function subtree(
  tree: HashTree,
  path: readonly Uint8Array[],
): HashTree | 'absent' | 'hidden' {
  let at: HashTree = tree
  for (const label of path) {
    const found = child(at, label)
    if (typeof found === 'string') return found
    at = found
  }
  return at
}

/** The value at a path. Where more lies below it, no value is shown. */
export function find(tree: HashTree, path: readonly Uint8Array[]): Shown {
  const found = subtree(tree, path)
  if (typeof found === 'string') return found
  if (found.kind === 'leaf') return { value: found.value }
  return found.kind === 'empty' ? 'absent' : 'hidden'
}

/** The value at a path; undefined when it is not shown, or not there. */
export function lookUp(tree: HashTree, path: readonly Uint8Array[]): Uint8Array | undefined {
  const found = find(tree, path)
  return typeof found === 'string' ? undefined : found.value
}

/** The values right below a path, whatever their labels. */
export function valuesBelow(tree: HashTree, path: readonly Uint8Array[]): Uint8Array[] {
  const found = subtree(tree, path)
  return (typeof found === 'string' ? [] : partsOf(found)).flatMap((part) =>
    part.kind === 'labeled' && part.tree.kind === 'leaf' ? [part.tree.value] : [],
  )
}
