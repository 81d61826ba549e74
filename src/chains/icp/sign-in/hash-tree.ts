/**
 * Hash trees of certificates: what is in them, and the hash that stands for them.
 * @see https://internetcomputer.org/docs/references/ic-interface-spec#certificate
 */
import { refused } from '../../../auth/errors.ts'
import { concat, equalBytes, utf8 } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import type { CborValue } from './cbor.ts'

export type HashTree =
  | { readonly kind: 'empty' }
  | { readonly kind: 'fork'; readonly left: HashTree; readonly right: HashTree }
  | { readonly kind: 'labeled'; readonly label: Uint8Array; readonly tree: HashTree }
  | { readonly kind: 'leaf'; readonly value: Uint8Array }
  | { readonly kind: 'pruned'; readonly hash: Uint8Array }

const HASH_BYTES = 32

/** A tree of its CBOR, which bounds how deep it is. @throws AUTH_REFUSED */
export function parseTree(value: CborValue | undefined): HashTree {
  if (Array.isArray(value)) {
    const [kind, first, second, ...more] = value as readonly CborValue[]
    const parts = value.length - 1
    if (kind === 0 && parts === 0) return { kind: 'empty' }
    if (kind === 1 && parts === 2) {
      return { kind: 'fork', left: parseTree(first), right: parseTree(second) }
    }
    if (kind === 2 && parts === 2 && first instanceof Uint8Array) {
      return { kind: 'labeled', label: first, tree: parseTree(second) }
    }
    if (kind === 3 && parts === 1 && first instanceof Uint8Array) {
      return { kind: 'leaf', value: first }
    }
    if (kind === 4 && parts === 1 && first instanceof Uint8Array && more.length === 0) {
      if (first.length === HASH_BYTES) return { kind: 'pruned', hash: first }
    }
  }
  throw refused('a hash tree of another shape')
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

/** The children of a tree that have labels. */
function childrenOf(tree: HashTree): Extract<HashTree, { kind: 'labeled' }>[] {
  if (tree.kind === 'labeled') return [tree]
  return tree.kind === 'fork' ? [...childrenOf(tree.left), ...childrenOf(tree.right)] : []
}

/** What lies at a path; undefined when it is not shown, or not there. */
export function subtree(tree: HashTree, path: readonly Uint8Array[]): HashTree | undefined {
  let at: HashTree | undefined = tree
  for (const label of path) {
    if (at === undefined) return undefined
    at = childrenOf(at).find((child) => equalBytes(child.label, label))?.tree
  }
  return at
}

/** The value at a path; undefined when it is not shown, or not there. */
export function lookUp(tree: HashTree, path: readonly Uint8Array[]): Uint8Array | undefined {
  const found = subtree(tree, path)
  return found?.kind === 'leaf' ? found.value : undefined
}

/** The values right below a path, whatever their labels. */
export function valuesBelow(tree: HashTree, path: readonly Uint8Array[]): Uint8Array[] {
  const found = subtree(tree, path)
  return (found === undefined ? [] : childrenOf(found)).flatMap(({ tree: below }) =>
    below.kind === 'leaf' ? [below.value] : [],
  )
}
