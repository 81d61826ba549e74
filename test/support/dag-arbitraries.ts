/** Random histories: deltas that name earlier ones as parents. */
import fc from 'fast-check'
import type { DagNode } from '../../src/node/dag/dag.ts'
import { compareBytes } from '../../src/node/primitives/bytes.ts'
import { DeltaId, ZERO_ID } from '../../src/node/primitives/ids.ts'
import { bytesOf } from './craft-delta.ts'

/** A delta of the pure DAG; `name` makes its id. */
export function dagNode(
  name: string,
  parents: readonly DeltaId[],
  over: Partial<DagNode> = {},
): DagNode {
  const hlc = bytesOf(`hlc ${name}`).subarray(0, 24)
  const author = over.author ?? bytesOf('author')
  return { id: idOf(name), parents, hlc, author, sequence: 1n, share: author, size: 1, ...over }
}

export function idOf(name: string): DeltaId {
  return DeltaId.from(bytesOf(`delta ${name}`))
}

/** The zero id, as parent of a first delta. */
export const ROOT: DeltaId = DeltaId.from(ZERO_ID)

/** Nodes in an order of creation: every parent is the zero id alone, or comes before. */
export const history: fc.Arbitrary<DagNode[]> = fc
  .array(fc.array(fc.nat({ max: 1_000 }), { maxLength: 4 }), { minLength: 1, maxLength: 24 })
  .map((picks) => {
    const nodes: DagNode[] = []
    for (const [index, pick] of picks.entries()) {
      const parents = new Map<string, DeltaId>()
      for (const back of index === 0 ? [] : pick) {
        const parent = nodes[Math.max(0, index - 1 - (back % 6))]
        if (parent !== undefined) parents.set(Buffer.from(parent.id).toString('hex'), parent.id)
      }
      const list = [...parents.values()].sort(compareBytes)
      nodes.push(dagNode(String(index), list.length === 0 ? [ROOT] : list))
    }
    return nodes
  })

/** A history, and positions in it in any order, each at least once. */
export const delivery: fc.Arbitrary<{ nodes: DagNode[]; order: number[] }> = history.chain(
  (nodes) => {
    const all = nodes.map((_, index) => index)
    return fc
      .tuple(
        fc.shuffledSubarray(all, { minLength: all.length }),
        fc.array(fc.nat({ max: nodes.length - 1 }), { maxLength: 12 }),
      )
      .map(([order, again]) => ({ nodes, order: [...order, ...again] }))
  },
)
