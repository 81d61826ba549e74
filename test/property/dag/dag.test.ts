import { expect } from 'chai'
import fc from 'fast-check'
import { compareNodes, Dag, type DagNode } from '../../../src/node/dag/dag.ts'
import { lacking, type WalkNode } from '../../../src/node/dag/walk.ts'
import { type DeltaId, idKey } from '../../../src/node/primitives/ids.ts'
import { delivery, history, idOf } from '../../support/dag-arbitraries.ts'

/** Applied deltas that no applied delta names. */
function headsOf(nodes: readonly DagNode[]): string[] {
  const named = new Set(nodes.flatMap(({ parents }) => parents.map(idKey)))
  return nodes
    .map(({ id }) => idKey(id))
    .filter((key) => !named.has(key))
    .sort()
}

/** A context as the DAG sees it: applies what is ready, in the order it is told. */
function receiver(): { dag: Dag; applied: DagNode[]; receive(node: DagNode): void } {
  const done = new Set<string>()
  const applied: DagNode[] = []
  const byKey = new Map<string, DagNode>()
  const dag = new Dag({ heads: [], isApplied: (id) => done.has(idKey(id)) })
  return {
    dag,
    applied,
    receive(node) {
      if (dag.status(node.id) !== undefined) return
      byKey.set(idKey(node.id), node)
      if (dag.openParents(node.parents).length > 0) {
        dag.wait(node, 'pending')
        return
      }
      const queue = [node]
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        done.add(idKey(next.id))
        applied.push(next)
        dag.applied(next.id, next.parents)
        queue.push(...dag.ready(1))
      }
    },
  }
}

describe('a DAG, whatever the order of delivery', () => {
  it('applies each delta once, after its parents, and ends in the heads that nobody names', () => {
    fc.assert(
      fc.property(delivery, ({ nodes, order }) => {
        const { dag, applied, receive } = receiver()
        for (const index of order) receive(nodes[index] as DagNode) // positions are below the length
        expect(applied).to.have.length(nodes.length)
        const seen = new Set<string>()
        for (const node of applied) {
          for (const parent of node.parents) {
            expect(seen.has(idKey(parent)) || parent.every((byte) => byte === 0)).to.equal(true)
          }
          seen.add(idKey(node.id))
        }
        expect(seen.size).to.equal(nodes.length)
        expect(dag.heads.map(idKey)).to.deep.equal(headsOf(nodes))
        expect(dag.count()).to.deep.equal({ pending: 0, held: 0, quarantined: 0 })
        expect(dag.missing()).to.deep.equal([])
      }),
    )
  })

  it('knows at every step exactly which parents nobody has shown', () => {
    fc.assert(
      fc.property(delivery, ({ nodes, order }) => {
        const { dag, receive } = receiver()
        const shown = new Map<string, DagNode>()
        for (const index of order) {
          const node = nodes[index] as DagNode // positions are below the length
          receive(node)
          shown.set(idKey(node.id), node)
          const expected = new Set<string>()
          for (const { parents } of shown.values()) {
            for (const parent of parents) {
              if (!shown.has(idKey(parent)) && parent.some((byte) => byte !== 0)) {
                expected.add(idKey(parent))
              }
            }
          }
          expect(new Set(dag.missing().map(idKey))).to.deep.equal(expected)
          expect(dag.missing(1)).to.have.length(Math.min(1, expected.size))
        }
      }),
    )
  })

  it('gives what becomes ready together in the same order on every node', () => {
    fc.assert(
      fc.property(delivery, ({ nodes, order }) => {
        const { dag } = receiver()
        const first = nodes[0] as DagNode // at least one
        const children = nodes.slice(1).map((node) => ({ ...node, parents: [first.id] }))
        for (const index of order) {
          if (index > 0) dag.wait(children[index - 1] as DagNode, 'pending') // one child less than nodes
        }
        dag.applied(first.id, first.parents)
        const ready = dag.ready(Infinity)
        const expected = [...children].sort(compareNodes)
        expect(ready.map(({ id }) => idKey(id))).to.deep.equal(expected.map(({ id }) => idKey(id)))
      }),
    )
  })

  it('gives a run of what may be applied one after the other, as if each had been asked for by itself', () => {
    fc.assert(
      fc.property(delivery, fc.integer({ min: 1, max: 30 }), ({ nodes, order }, max) => {
        const done = new Set<string>()
        const dag = new Dag({ heads: [], isApplied: (id) => done.has(idKey(id)) })
        // all but the first, in any order
        for (const index of order) if (index > 0) dag.wait(nodes[index] as DagNode, 'pending')
        const first = nodes[0] as DagNode // at least one
        done.add(idKey(first.id))
        dag.applied(first.id, first.parents)
        const run = dag.ready(max)
        const single: DagNode[] = []
        for (let [next] = dag.ready(1); next !== undefined; [next] = dag.ready(1)) {
          done.add(idKey(next.id))
          dag.applied(next.id, next.parents)
          single.push(next)
        }
        expect(single).to.have.length(nodes.length - 1)
        expect(run).to.deep.equal(single.slice(0, max))
      }),
    )
  })

  it('forgets what is removed, and then counts it as missing', () => {
    fc.assert(
      fc.property(delivery, fc.nat(), ({ nodes, order }, pick) => {
        const dag = new Dag({ heads: [], isApplied: () => false })
        for (const index of order) {
          const node = nodes[index] as DagNode // positions are below the length
          // without a first delta nothing can be applied
          dag.wait(
            { ...node, parents: node.parents.map((id) => (id.some(Boolean) ? id : idOf('x'))) },
            'pending',
          )
        }
        const gone = nodes[pick % nodes.length] as DagNode // below the length
        dag.remove(gone.id)
        dag.remove(gone.id)
        expect(dag.status(gone.id)).to.equal(undefined)
        const isNamed = nodes.some(({ parents }) =>
          parents.some((id) => idKey(id) === idKey(gone.id)),
        )
        expect(dag.missing().some((id) => idKey(id) === idKey(gone.id))).to.equal(isNamed)
        for (const node of nodes) dag.remove(node.id)
        expect(dag.missing()).to.deep.equal([])
        expect(dag.count()).to.deep.equal({ pending: 0, held: 0, quarantined: 0 })
      }),
    )
  })
})

describe('lacking', () => {
  const picks = fc.array(fc.nat({ max: 30 }), { maxLength: 5 })

  /** Ancestors of ids, themselves included, as far as they are known. */
  function closure(nodes: ReadonlyMap<string, DagNode>, ids: readonly DeltaId[]): Set<string> {
    const found = new Set<string>()
    const stack = [...ids]
    for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
      const node = nodes.get(idKey(id))
      if (node === undefined || found.has(idKey(id))) continue
      found.add(idKey(id))
      stack.push(...node.parents)
    }
    return found
  }

  it('finds what brute force finds, parents first, for any wants, haves and bound', () => {
    fc.assert(
      fc.property(
        history,
        picks,
        picks,
        fc.integer({ min: 1, max: 30 }),
        (nodes, wants, haves, max) => {
          const byKey = new Map(nodes.map((node) => [idKey(node.id), node]))
          const seqs = new Map(nodes.map((node, index) => [idKey(node.id), BigInt(index + 1)]))
          const load = (id: DeltaId): WalkNode | undefined => {
            const node = byKey.get(idKey(id))
            const seq = seqs.get(idKey(id))
            return node && seq !== undefined
              ? { id: node.id, parents: node.parents, seq }
              : undefined
          }
          // positions beyond the history are ids that nobody knows
          const named = (list: readonly number[]): DeltaId[] =>
            list.map((index) => idOf(String(index)))
          const had = closure(byKey, named(haves))
          const expected = [...closure(byKey, named(wants))].filter((key) => !had.has(key))
          const found = lacking(named(wants), named(haves), load, max)
          const keys = found.nodes.map(({ id }) => idKey(id))
          expect(found.complete).to.equal(expected.length <= max)
          expect(keys).to.have.length(Math.min(max, expected.length))
          expect(new Set(keys).size).to.equal(keys.length)
          expect(expected).to.include.members(keys)
          // whatever is returned can be applied by someone who has what they say
          const applied = new Set(had)
          for (const node of found.nodes) {
            for (const parent of node.parents) {
              expect(applied.has(idKey(parent)) || !byKey.has(idKey(parent))).to.equal(true)
            }
            applied.add(idKey(node.id))
          }
        },
      ),
    )
  })
})
