/** A move of a group to another canister: what comes along, and who may not; and what is open while canisters are stopped and replaced. */
import { expect } from 'chai'
import { deriveContextId } from '../../../src/node/anchor/envelope.ts'
import type { GroupId } from '../../../src/node/primitives/ids.ts'
import { contextOf, creation, person, salt } from '../../compliance/anchor-support.ts'
import { add, remove } from '../../support/ethereum-scene.ts'
import { canister } from '../../support/icp-canisters.ts'
import { decodeAnswer, encodeCall, IcpBench, moduleBytes } from '../../support/icp-contracts.ts'
import { adoptionIn, Scene } from '../../support/icp-scene.ts'

const WEEK = 604_800n
/** Tables that come along: contexts, groups, members and slots. */
const TABLES = ['01', '02', '03', '05']

/** Answers every question of a successor with the bytes of its data, which is a text of Candid. */
function liar(data: string, length: number): Uint8Array {
  const answer = `(call $msg_reply_data_append (i32.const 64) (i32.const ${length})) (call $msg_reply)`
  return canister(`
    (data (i32.const 64) "${data}")
    (func (export "canister_query exported_group") ${answer})
    (func (export "canister_query exported_context") ${answer})`)
}

describe('icp contracts: a move to another canister', function () {
  this.timeout(60_000)
  let old: Scene
  let next: Scene
  let snapshot: number

  before(() => {
    const bench = new IcpBench()
    old = new Scene(bench)
    next = new Scene(bench, bench.deploy('contexts', { predecessor: old.id }))
    snapshot = old.snapshot()
  })
  beforeEach(() => {
    old.bench.hold(false)
    old.revert(snapshot)
  })

  const adoptGroup = (length = 100, group: GroupId = old.group): boolean | string =>
    next.adopt('adopt_group', group, length)
  const adoptContext = (id: Uint8Array = old.context): boolean | string =>
    next.adopt('adopt_context', id)

  /** Rows that come along, of a canister. */
  function rows(scene: Scene): [string, string][] {
    return [...scene.stored()].filter(([key]) => TABLES.includes(key.slice(0, 2)))
  }

  /** A group of some members and two contexts that has planned to move, and does so `seconds` later. */
  async function moving(seconds: bigint = WEEK): Promise<void> {
    const { a, b, c } = old
    await old.begin(b, c)
    old.must(await old.send(a, remove(b)))
    old.must(await old.send(a, add(person('D'), person('E'))))
    old.must(await old.send(a, creation(2, old.group), { subject: contextOf(a, 2) }))
    old.must(await old.send(a, { kind: 'migrateTo', contract: next.id }))
    old.bench.setTime(old.bench.now + seconds)
  }

  /** Begins to take over and leaves it open. @returns the request */
  function beginAdoption(length = 100): string {
    return next.bench.submit(next.id, 'adopt_group', encodeCall('adopt_group', old.group, length))
  }

  function endOf(request: string): boolean | string {
    const response = next.bench.responseTo(request)
    if (response === undefined) throw new RangeError('expected an answer, got none')
    return adoptionIn(decodeAnswer('adopt_group', response))
  }

  it('hands over members, options and contexts as they are, by anybody’s calls, and they act there', async () => {
    await moving()
    const { a } = old
    expect(adoptGroup(2)).to.equal(false)
    // until the last member is here there is no group
    expect(next.header()).to.equal(undefined)
    expect(adoptContext()).to.equal('ContextNotFound')
    expect(adoptGroup(1)).to.equal(false)
    expect(adoptGroup(100)).to.equal(true)
    expect(next.header()).to.deep.equal({ ...old.header(), migration: undefined })
    expect([adoptContext(), adoptContext(contextOf(a, 2))]).to.deep.equal([true, true])
    const others = (row: readonly [string, string]): boolean => row[0].slice(0, 2) !== '02'
    expect(rows(next).filter(others)).to.have.deep.members(rows(old).filter(others))
    expect(next.told(0n)).to.deep.equal(['GroupAdopted', 'ContextAdopted', 'ContextAdopted'])
    expect(next.header()?.count).to.equal(4)
    // the nonces go on, and the predecessor takes nothing any more
    expect(await next.outcome(a, add(old.x))).to.equal('accepted')
    expect(await old.outcome(a, add(old.x))).to.equal('Moved')
  })

  it('hands over as many members in one call as a page has', async () => {
    await old.begin()
    for (let from = 0; from < 112; from += 16) {
      const crowd = Array.from({ length: 16 }, (_, at) => person(`crowd ${from + at}`))
      old.must(await old.send(old.a, add(...crowd)))
    }
    old.must(await old.send(old.a, { kind: 'migrateTo', contract: next.id }))
    old.bench.setTime(old.bench.now + WEEK)
    // more than a page there is not
    expect(adoptGroup(1000)).to.equal(false)
    expect(next.header()).to.equal(undefined)
    expect(adoptGroup(13)).to.equal(true)
    expect(next.page(0, 1)?.total).to.equal(113)
  })

  it('is taken over at its second, and no second sooner', async () => {
    await moving(WEEK - 1n)
    expect(adoptGroup()).to.equal('ContextNotFound')
    old.bench.setTime(old.bench.now + 1n)
    expect(adoptGroup()).to.equal(true)
  })

  it('goes nowhere but where it was planned to, and once', async () => {
    await moving()
    const { bench } = old
    const third = new Scene(bench, bench.deploy('contexts', { predecessor: old.id }))
    expect(third.adopt('adopt_group', old.group, 9)).to.equal('ContextNotFound')
    // a canister without a predecessor takes nothing over
    expect(old.adopt('adopt_group', old.group, 9)).to.equal('ContextExists')
    expect(old.adopt('adopt_group', contextOf(old.x), 9)).to.equal('ContextNotFound')
    expect(next.adopt('adopt_group', contextOf(old.x), 9)).to.equal('ContextNotFound')
    expect(adoptGroup()).to.equal(true)
    expect(adoptGroup()).to.equal('ContextExists')
    expect([adoptContext(), adoptContext()]).to.deep.equal([true, 'ContextExists'])
    expect(adoptContext(contextOf(old.a, 7))).to.equal('ContextNotFound')
  })

  it('lets nobody take an id there before it comes, not even its author', async () => {
    const { a } = old
    expect(await next.outcome(a, creation(), { subject: old.context, nonce: 0n })).to.equal(
      'ContextIdMismatch',
    )
    const own = deriveContextId(a.publicKey, salt(), next.id)
    expect(await next.outcome(a, creation(), { subject: own, nonce: 0n })).to.equal('accepted')
  })

  it('two calls for the same members came at once, and one of them changed nothing', async () => {
    await moving()
    next.bench.hold(true)
    const requests = [beginAdoption(2), beginAdoption(2)]
    next.bench.hold(false)
    expect(requests.map(endOf)).to.deep.equal([false, 'RevisionMismatch'])
    expect(adoptGroup()).to.equal(true)
    expect(next.header()?.count).to.equal(4)
  })

  it('a predecessor that is no canister of ours, or none at all, gives nothing', () => {
    const { bench } = old
    const blob = 'DIDL\\01\\6d\\7b\\01\\00\\01\\07'
    const answers = [
      liar(blob, 10), // a blob of one byte, which is no option
      liar('DIDL\\00\\00', 6), // nothing
      liar('no Candid', 9),
      canister(''), // no such method
    ]
    const ids = [...answers.map((wasm) => bench.install(wasm)), Uint8Array.of(9, 9, 1)]
    for (const predecessor of ids) {
      const scene = new Scene(bench, bench.deploy('contexts', { predecessor }))
      const stored = scene.stored()
      expect(scene.adopt('adopt_group', old.group, 9)).to.equal('ContextNotFound')
      expect(scene.adopt('adopt_context', old.context)).to.equal('ContextNotFound')
      expect(scene.stored()).to.deep.equal(stored)
    }
  })

  it('somebody begins so many adoptions that no cycles are left for the rest, and a few are let in', async () => {
    await moving()
    const { bench } = next
    bench.hold(true)
    const requests = Array.from({ length: 20 }, () => beginAdoption(1))
    // each is as far as its question
    bench.run(20)
    const ends = requests.map((request) => bench.responseTo(request) && endOf(request))
    expect(ends.filter((end) => end === 'CyclesLow')).to.have.length(12)
    expect(ends.filter((end) => end === undefined)).to.have.length(8)
    bench.hold(false)
    // answers give their places back, those that changed nothing too
    for (let at = 0; at < 20; at++) adoptGroup(1)
    expect(next.header()?.count).to.equal(4)
  })

  it('an upgrade comes while calls are open, which end before it, and nothing is lost or done twice', async () => {
    await moving()
    const { bench } = next
    bench.hold(true)
    const request = beginAdoption(3)
    bench.run(1)
    const stop = bench.manage('stop_canister', next.id)
    // the question, and the stop behind it
    bench.run(2)
    // it stops when the answer was dealt with, and takes nothing new until then
    expect(bench.canister(next.id).status).to.equal('stopping')
    expect(bench.responseTo(stop)).to.equal(undefined)
    expect(() => beginAdoption(1)).to.throw('is stopping')
    bench.run()
    expect(bench.canister(next.id).status).to.equal('stopped')
    expect(endOf(request)).to.equal(false)
    const stored = next.stored()
    bench.upgrade(next.id, moduleBytes('contexts'))
    bench.manage('start_canister', next.id)
    bench.hold(false)
    expect(next.stored()).to.deep.equal(stored)
    expect(adoptGroup()).to.equal(true)
    expect(next.header()?.count).to.equal(4)
  })

  it('an answer comes to a module that was put in its place meanwhile: nothing happens, and it can be asked for again', async () => {
    await moving()
    const { bench } = next
    bench.hold(true)
    const request = beginAdoption(3)
    bench.run(1)
    const stored = next.stored()
    // whoever controls it did not stop it before
    bench.upgrade(next.id, moduleBytes('contexts'))
    bench.hold(false)
    expect(bench.responseTo(request)?.type).to.equal('reject')
    expect(next.stored()).to.deep.equal(stored)
    expect(adoptGroup()).to.equal(true)
  })
})
