/**
 * Hash trees of the Internet Computer as a test reads them: what rows they prove, by nothing that the canister or the adapter has. And the root that
 * rows have when they are all there are.
 */
import {
  KIND,
  digestOf,
  EMPTY_TREE,
  forkHash,
  labeledHash,
} from '../../src/devnet/icp/certification/tree.ts'
import { compareBytes, fromHex, toHex } from '../../src/node/primitives/bytes.ts'

/** One of the places in the order of labels. */
type Seen =
  | { readonly kind: 'label'; readonly key: string; readonly value: Uint8Array | undefined }
  | { readonly kind: 'pruned' }

/** Something in a tree that is written down. */
type Node = readonly unknown[]

/** Rows that a witness proves. */
export class ProvenRows {
  readonly root: Uint8Array
  readonly #seen: readonly Seen[]

  constructor(witness: Uint8Array) {
    const seen: Seen[] = []
    this.root = read(decodeTree(witness), seen)
    this.#seen = seen
    const labels = seen.flatMap((one) => (one.kind === 'label' ? [one.key] : []))
    const sorted = labels.toSorted((a, b) => compareBytes(fromHex(a), fromHex(b)))
    if (labels.join() !== sorted.join()) throw new RangeError('expected labels in their order')
  }

  /** Keys whose values are shown, hexadecimal. */
  get keys(): string[] {
    return this.#seen.flatMap((one) =>
      one.kind === 'label' && one.value !== undefined ? [one.key] : [],
    )
  }

  /** The row, or undefined when it is proven that there is none. @throws RangeError when neither is */
  get(key: Uint8Array): Uint8Array | undefined {
    const hex = toHex(key)
    const at = this.#seen.findIndex(
      (one) => one.kind === 'label' && compareBytes(fromHex(one.key), key) >= 0,
    )
    const found = this.#seen[at]
    if (found?.kind === 'label' && found.key === hex) {
      if (found.value === undefined) throw new RangeError(`expected the value of ${hex}`)
      return found.value
    }
    const before = at === -1 ? this.#seen.at(-1) : this.#seen[at - 1]
    if (before?.kind === 'pruned') throw new RangeError(`expected a proof that ${hex} is not there`)
    return undefined
  }
}

/** Reads a node: its hash. */
function read(node: Node, seen: Seen[]): Uint8Array {
  const [kind, first, second] = node as readonly [number, unknown, unknown]
  switch (kind) {
    case KIND.empty:
      return EMPTY_TREE
    case KIND.fork: {
      const left = read(first as Node, seen)
      return forkHash(left, read(second as Node, seen))
    }
    case KIND.labeled: {
      const [below, content] = second as readonly [number, Uint8Array]
      const label = first as Uint8Array
      const isShown = below === KIND.leaf
      if (!isShown && below !== KIND.pruned) throw new RangeError('expected one level of labels')
      seen.push({ kind: 'label', key: toHex(label), value: isShown ? content : undefined })
      return labeledHash(label, isShown ? digestOf(content) : content)
    }
    case KIND.pruned:
      seen.push({ kind: 'pruned' })
      return first as Uint8Array
    default:
      throw new RangeError(`expected a node, got kind ${kind}`)
  }
}

/** Arrays, small numbers and bytes: all that a tree is made of in CBOR. Depth has no limit: whoever names rows makes it. */
function decodeTree(bytes: Uint8Array): Node {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 3
  if (toHex(bytes.subarray(0, 3)) !== 'd9d9f7') throw new RangeError('expected CBOR that says so')
  const next = (): unknown => {
    const first = view.getUint8(at++)
    const [major, low] = [first >> 5, first & 31]
    let length = low
    if (low === 24) length = view.getUint8(at++)
    if (low === 25) {
      length = view.getUint16(at)
      at += 2
    }
    if (major === 0) return length
    if (major === 4) return Array.from({ length }, next)
    if (major !== 2 || low > 25) throw new RangeError(`expected a part of a tree, got ${first}`)
    at += length
    return bytes.slice(at - length, at)
  }
  const tree = next()
  if (at !== bytes.length) throw new RangeError('expected nothing behind the tree')
  return tree as Node
}

/** A row: its key, and the hash of both. */
interface Leaf {
  readonly key: Uint8Array
  readonly hash: Uint8Array
}

/** Bits of a byte of a key: the first says that there is one. */
const STEP = 9

/** The root of a tree of these rows and no others. Hexadecimal, by key. */
export function rootOf(rows: ReadonlyMap<string, string>): Uint8Array {
  const sorted = [...rows].toSorted(([one], [other]) => (one < other ? -1 : 1))
  return rootOfLeaves(
    sorted.map(([hex, value]) => {
      const key = fromHex(hex)
      return { key, hash: labeledHash(key, digestOf(fromHex(value))) }
    }),
  )
}

function rootOfLeaves(leaves: readonly Leaf[]): Uint8Array {
  const [first, last] = [leaves[0], leaves.at(-1)]
  if (first === undefined || last === undefined) return EMPTY_TREE
  if (leaves.length === 1) return first.hash
  // sorted, so the first and the last differ where any do first; behind a key's end are zeros
  let byte = 0
  while (first.key[byte] === last.key[byte]) byte++
  let at = byte * STEP
  while (bitOf(first, at) === bitOf(last, at)) at++
  const middle = leaves.findIndex((leaf) => bitOf(leaf, at) === 1)
  return forkHash(rootOfLeaves(leaves.slice(0, middle)), rootOfLeaves(leaves.slice(middle)))
}

function bitOf({ key }: Leaf, at: number): number {
  const byte = key[Math.floor(at / STEP)]
  if (byte === undefined) return 0
  const rest = at % STEP
  return rest === 0 ? 1 : (byte >> (STEP - 1 - rest)) & 1
}
