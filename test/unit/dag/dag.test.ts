import { expect } from 'chai'
import { Dag, headsAfter, parentsFault } from '../../../src/node/dag/dag.ts'
import {
  MAX_AUTHOR_SHARE,
  MAX_AUTHOR_UNKNOWN_PARENTS,
  MAX_WAITING_BYTES,
  MAX_WAITING_DELTAS,
} from '../../../src/node/dag/limits.ts'
import { lacking, type WalkNode } from '../../../src/node/dag/walk.ts'
import { compareBytes } from '../../../src/node/primitives/bytes.ts'
import { DeltaId, idKey, ZERO_ID } from '../../../src/node/primitives/ids.ts'
import { bytesOf } from '../../support/craft-delta.ts'
import { dagNode, idOf, ROOT } from '../../support/dag-arbitraries.ts'

function emptyDag(over: { maxWaiting?: number; maxWaitingBytes?: number } = {}): {
  dag: Dag
  done: Set<string>
} {
  const done = new Set<string>()
  return { done, dag: new Dag({ heads: [], isApplied: (id) => done.has(idKey(id)), ...over }) }
}

describe('dag', () => {
  it('keeps a delta pending until its last parent arrives', () => {
    const { dag, done } = emptyDag()
    const [a, b] = [dagNode('a', [ROOT]), dagNode('b', [ROOT])]
    const child = dagNode('c', [a.id, b.id].sort(compareBytes))
    dag.wait(child, 'pending')
    expect(dag.status(child.id)).to.equal('pending')
    done.add(idKey(a.id))
    dag.applied(a.id, a.parents)
    expect(dag.ready(9)).to.deep.equal([])
    expect(dag.missing().map(idKey)).to.deep.equal([idKey(b.id)])
    done.add(idKey(b.id))
    dag.applied(b.id, b.parents)
    expect(dag.ready(9)).to.deep.equal([child])
  })

  it('moves neither held nor quarantined deltas by itself', () => {
    const { dag, done } = emptyDag()
    const parent = dagNode('parent', [ROOT])
    const held = dagNode('held', [parent.id])
    const sick = dagNode('sick', [parent.id])
    dag.wait(held, 'held')
    dag.wait(sick, 'quarantined')
    expect(dag.count()).to.deep.equal({ pending: 0, held: 1, quarantined: 1 })
    done.add(idKey(parent.id))
    dag.applied(parent.id, parent.parents)
    expect(dag.ready(9)).to.deep.equal([])
    expect(dag.openParents(held.parents)).to.deep.equal([])
    dag.wait(held, 'pending')
    expect(dag.waiting('pending')).to.deep.equal([held])
    expect(dag.ready(9)).to.deep.equal([held])
    dag.wait(held, 'held')
    expect(dag.ready(9)).to.deep.equal([])
  })

  it('tells a pending child from a held one', () => {
    const { dag } = emptyDag()
    const parent = dagNode('parent', [ROOT])
    dag.wait(dagNode('held', [parent.id]), 'held')
    expect(dag.hasPendingChild(parent.id)).to.equal(false)
    dag.wait(dagNode('pending', [parent.id]), 'pending')
    expect(dag.hasPendingChild(parent.id)).to.equal(true)
  })

  it('counts the zero id as applied and never as missing', () => {
    const { dag } = emptyDag()
    expect(dag.openParents([ROOT])).to.deep.equal([])
    dag.wait(dagNode('a', [ROOT]), 'held')
    expect(dag.missing()).to.deep.equal([])
  })

  it('replaces named heads by the delta that names them', () => {
    const heads = ['a', 'b', 'c'].map(idOf).sort(compareBytes)
    const merged = headsAfter(heads, idOf('d'), [idOf('a'), idOf('c')])
    expect(merged.map(idKey)).to.deep.equal([idOf('b'), idOf('d')].sort(compareBytes).map(idKey))
    expect(headsAfter([], idOf('a'), [ROOT]).map(idKey)).to.deep.equal([idKey(idOf('a'))])
  })

  describe('bounds', () => {
    const mine = bytesOf('mine')
    const theirs = bytesOf('theirs')

    it('gives one author a quarter of the places', () => {
      const { dag } = emptyDag({ maxWaiting: 8 })
      const fill = (name: string, author: Uint8Array): void =>
        dag.wait(dagNode(name, [idOf('missing')], { author }), 'pending')
      fill('1', mine)
      expect(dag.hasRoom(mine, 1)).to.equal(true)
      fill('2', mine)
      expect(dag.hasRoom(mine, 1)).to.equal(false)
      expect(dag.hasRoom(theirs, 1)).to.equal(true)
      for (const other of ['3', '4', '5', '6', '7', '8']) fill(other, bytesOf(other))
      expect(dag.hasRoom(theirs, 1)).to.equal(false)
      dag.remove(idOf('1'))
      expect(dag.hasRoom(theirs, 1)).to.equal(true)
      expect(dag.hasRoom(mine, 1)).to.equal(true)
    })

    it('lets deltas of one author name so many parents that nobody has shown', () => {
      const { dag } = emptyDag()
      const parents = (from: number, count = 64): DeltaId[] =>
        Array.from({ length: count }, (_, i) => idOf(`parent ${from + i}`))
      const last = MAX_AUTHOR_UNKNOWN_PARENTS - 64
      for (let at = 0; at <= last; at += 64) {
        expect(dag.hasRoom(mine, 1, parents(at))).to.equal(true)
        dag.wait(dagNode(`child ${at}`, parents(at), { author: mine }), 'pending')
      }
      expect(dag.hasRoom(mine, 1, parents(last + 64, 1))).to.equal(false)
      // what is named already, or waits itself, is no more to be asked for
      expect(dag.hasRoom(mine, 1, [...parents(0), idOf('child 0')])).to.equal(true)
      expect(dag.hasRoom(theirs, 1, parents(last + 64))).to.equal(true)
      dag.remove(idOf('child 0'))
      expect(dag.hasRoom(mine, 1, parents(last + 64))).to.equal(true)
    })

    it('looks for no parent on the disk that waits, or is waited for', () => {
      let looks = 0
      const dag = new Dag({ heads: [], isApplied: () => ++looks < 0 })
      dag.wait(dagNode('child', [idOf('missing')]), 'pending')
      expect(looks).to.equal(1)
      expect(dag.openParents([idOf('missing'), idOf('child')])).to.have.lengthOf(2)
      expect(looks).to.equal(1)
    })

    it('gives one author a quarter of the bytes', () => {
      const { dag } = emptyDag({ maxWaitingBytes: 400 })
      expect(dag.hasRoom(mine, 100)).to.equal(true)
      expect(dag.hasRoom(mine, 101)).to.equal(false)
      dag.wait(dagNode('1', [idOf('missing')], { author: mine, size: 60 }), 'held')
      expect(dag.hasRoom(mine, 40)).to.equal(true)
      expect(dag.hasRoom(mine, 41)).to.equal(false)
      for (const other of ['a', 'b', 'c']) {
        dag.wait(dagNode(other, [idOf('missing')], { author: bytesOf(other), size: 100 }), 'held')
      }
      expect(dag.hasRoom(theirs, 40)).to.equal(true)
      expect(dag.hasRoom(theirs, 41)).to.equal(false)
    })

    it('counts a delta once, however often it waits, and no longer once it is applied', () => {
      const { dag, done } = emptyDag({ maxWaiting: 4 })
      const node = dagNode('1', [ROOT], { author: mine })
      dag.wait(node, 'held')
      dag.wait(node, 'pending')
      dag.wait(node, 'held')
      expect(dag.count().held).to.equal(1)
      expect(dag.hasRoom(mine, 1)).to.equal(false)
      done.add(idKey(node.id))
      dag.applied(node.id, node.parents)
      expect(dag.hasRoom(mine, 1)).to.equal(true)
    })

    it('holds by default as much as the limits say', () => {
      const { dag } = emptyDag()
      expect(dag.hasRoom(mine, MAX_WAITING_BYTES * MAX_AUTHOR_SHARE)).to.equal(true)
      expect(dag.hasRoom(mine, MAX_WAITING_BYTES * MAX_AUTHOR_SHARE + 1)).to.equal(false)
      const most = MAX_WAITING_DELTAS * MAX_AUTHOR_SHARE
      for (let i = 0; i < most; i++) {
        dag.wait(dagNode(String(i), [idOf('missing')], { author: mine }), 'held')
      }
      expect(dag.hasRoom(mine, 1)).to.equal(false)
    })
  })

  describe('faults of parent lists', () => {
    const self = idOf('self')
    const [low, high] = [idOf('a'), idOf('b')].sort(compareBytes) as [DeltaId, DeltaId] // two
    const many = Array.from({ length: 65 }, (_, i) => idOf(String(i))).sort(compareBytes)
    const cases: [string, readonly Uint8Array[], boolean][] = [
      ['the zero id alone', [ZERO_ID], true],
      ['one', [low], true],
      ['two ascending', [low, high], true],
      ['64', many.slice(0, 64), true],
      ['none', [], false],
      ['65', many, false],
      ['itself', [self], false],
      ['itself among others', [low, high, self].sort(compareBytes), false],
      ['descending', [high, low], false],
      ['one twice', [low, low], false],
      ['the zero id with others', [ZERO_ID, low], false],
      ['the zero id twice', [ZERO_ID, ZERO_ID], false],
    ]
    for (const [name, parents, isGood] of cases) {
      it(`${name}: ${isGood ? 'none' : 'a fault'}`, () => {
        expect(parentsFault(parents, self, 64) === undefined).to.equal(isGood)
      })
    }
  })

  it('applies a reversed chain of 5 000 without recursion, in linear time', () => {
    const length = 5_000
    const chain = [dagNode('0', [ROOT])]
    for (let i = 1; i < length; i++) chain.push(dagNode(String(i), [idOf(String(i - 1))]))
    const { dag, done } = emptyDag({ maxWaiting: length * 8, maxWaitingBytes: length * 8 })
    for (const node of chain.slice(1).reverse()) dag.wait(node, 'pending')
    expect(dag.missing().map(idKey)).to.deep.equal([idKey(idOf('0'))])
    let steps = 0
    const queue = chain.slice(0, 1)
    for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
      done.add(idKey(node.id))
      dag.applied(node.id, node.parents)
      queue.push(...dag.ready(1))
      steps++
    }
    expect(steps).to.equal(length)
    expect(dag.heads.map(idKey)).to.deep.equal([idKey(idOf(String(length - 1)))])
  })
})

describe('lacking', () => {
  it('does not walk the history that both sides have', () => {
    const loaded: string[] = []
    const load = (id: DeltaId): WalkNode => {
      const at = new DataView(id.buffer, id.byteOffset).getUint32(28)
      loaded.push(String(at))
      return { id, seq: BigInt(at), parents: [at === 1 ? ROOT : numbered(at - 1)] }
    }
    const { nodes, complete } = lacking([numbered(10_000)], [numbered(9_990)], load, 100)
    expect(nodes.map(({ seq }) => Number(seq))).to.deep.equal(
      Array.from({ length: 10 }, (_, i) => 9_991 + i),
    )
    expect(complete).to.equal(true)
    expect(loaded.length).to.be.lessThan(20)
  })
})

function numbered(at: number): DeltaId {
  const out = new Uint8Array(32).fill(1)
  new DataView(out.buffer).setUint32(28, at)
  return DeltaId.from(out)
}
