/**
 * Which deltas another copy lacks. The local sequence of application is a topological order, so one walk from the newest down finds the
 * ancestors of `want` that are not ancestors of `have` without touching the rest of history.
 */
import { type DeltaId, idKey, isZero } from '../primitives/ids.ts'

/** What the walk needs of an applied delta. */
export interface WalkNode {
  readonly id: DeltaId
  /** Position in the local order of application; every parent's is smaller. */
  readonly seq: bigint
  readonly parents: readonly DeltaId[]
}

/** Binary heap of nodes, greatest sequence first. */
class Newest {
  readonly #items: WalkNode[] = []

  get size(): number {
    return this.#items.length
  }

  push(node: WalkNode): void {
    const items = this.#items
    let at = items.push(node) - 1
    while (at > 0) {
      const up = (at - 1) >> 1
      if ((items[up] as WalkNode).seq >= node.seq) break // up < at < length
      items[at] = items[up] as WalkNode
      at = up
    }
    items[at] = node
  }

  pop(): WalkNode | undefined {
    const items = this.#items
    const top = items[0]
    const last = items.pop()
    if (top === undefined || last === undefined || items.length === 0) return top
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= items.length) break
      const right = items[child + 1]
      if (right !== undefined && right.seq > (items[child] as WalkNode).seq) child++
      if ((items[child] as WalkNode).seq <= last.seq) break // child < length
      items[at] = items[child] as WalkNode
      at = child
    }
    items[at] = last
    return top
  }
}

/**
 * Ancestors of `want` (included) that are not ancestors of `have` (included), parents before children. Ids that `load` does not know are
 * ignored. `max` bounds the walk; when it ends early, the oldest part is still complete downwards: what is returned can be applied.
 */
export function lacking(
  want: readonly DeltaId[],
  have: readonly DeltaId[],
  load: (id: DeltaId) => WalkNode | undefined,
  max: number,
): { readonly nodes: readonly WalkNode[]; readonly complete: boolean } {
  const had = new Set<string>()
  const seen = new Set<string>()
  const queue = new Newest()
  let wanted = 0
  const push = (id: DeltaId, theirs: boolean): void => {
    if (isZero(id)) return
    const key = idKey(id)
    if (theirs) {
      if (!had.has(key)) {
        had.add(key)
        if (seen.has(key)) wanted--
      }
    }
    if (seen.has(key)) return
    const node = load(id)
    if (node === undefined) return
    seen.add(key)
    if (!had.has(key)) wanted++
    queue.push(node)
  }
  for (const id of have) push(id, true)
  for (const id of want) push(id, false)
  const nodes: WalkNode[] = []
  while (wanted > 0) {
    const node = queue.pop()
    if (node === undefined) break
    const theirs = had.has(idKey(node.id))
    if (!theirs) {
      wanted--
      nodes.push(node)
    }
    for (const parent of node.parents) push(parent, theirs)
  }
  nodes.reverse()
  return nodes.length > max
    ? { nodes: nodes.slice(0, max), complete: false }
    : { nodes, complete: true }
}
