import { expect } from 'chai'

import { DeltaId } from '../../../src/node/primitives/ids.ts'
import {
  DOUBTED_TRIES,
  MAX_ASKED_IDS,
  MAX_WANTED_PER_CONTEXT,
  MAX_WANTED_PER_PEER,
  RETRY_MAX_MS,
  RETRY_MIN_MS,
} from '../../../src/node/sync/limits.ts'
import { backoff, WantedDeltas } from '../../../src/node/sync/requests/wanted.ts'

const anybody = (): boolean => true
const nobody = (): boolean => false

function id(n: number): DeltaId {
  const bytes = new Uint8Array(32)
  new DataView(bytes.buffer).setUint32(0, n)
  return DeltaId.from(bytes)
}

/** How many may be asked of a peer. */
function ready(wanted: WantedDeltas, peer: string, now = 0, canAsk = anybody): number {
  return wanted.ready(peer, now, canAsk).length
}

/** Asks a peer for all it may be asked for, in vain. */
function ask(wanted: WantedDeltas, peer: string, now: number, jitter = 0): void {
  const ids = wanted.ask(peer, wanted.ready(peer, now, anybody))
  wanted.release(peer, ids)
  wanted.missed(peer, ids, { now, jitter, isWhole: false })
}

describe('wanted deltas', () => {
  it('are asked of who showed them first, then of the others, each with its own backoff', () => {
    const wanted = new WantedDeltas()
    wanted.add(id(1), 'b', 1)
    expect([ready(wanted, 'a'), ready(wanted, 'b')]).to.deep.equal([0, 1])
    wanted.ask('b', wanted.ready('b', 0, anybody))
    expect([ready(wanted, 'a'), ready(wanted, 'b')]).to.deep.equal([0, 0]) // it is being asked for
    wanted.release('b', [id(1)])
    wanted.missed('b', [id(1)], { now: 0, jitter: 0, isWhole: false })
    expect([ready(wanted, 'a'), ready(wanted, 'b')]).to.deep.equal([1, 0])
    ask(wanted, 'a', 50)
    expect([ready(wanted, 'a', 100), ready(wanted, 'b', 100)]).to.deep.equal([0, 0])
    expect(wanted.nextTime('b')).to.equal(RETRY_MIN_MS)
    expect(ready(wanted, 'b', RETRY_MIN_MS)).to.equal(1)
  })

  it('are asked for less often, of everybody, once who showed them lacks them', () => {
    const wanted = new WantedDeltas()
    wanted.add(id(1), 'liar', 1)
    wanted.missed('honest', [id(1)], { now: 0, jitter: 0, isWhole: true })
    expect(wanted.nextTime('honest')).to.equal(RETRY_MIN_MS)
    wanted.missed('liar', [id(1)], { now: 0, jitter: 0, isWhole: true })
    expect(wanted.nextTime('liar')).to.equal(RETRY_MIN_MS * 2 ** DOUBTED_TRIES)
    wanted.missed('honest', [id(1)], { now: 0, jitter: 0, isWhole: true })
    expect(wanted.nextTime('honest')).to.equal(RETRY_MIN_MS * 2 ** (DOUBTED_TRIES + 1))
  })

  it('are asked of others when who showed them cannot be asked', () => {
    const wanted = new WantedDeltas()
    wanted.add(id(1), 'gone', 1)
    expect(ready(wanted, 'a')).to.equal(0)
    expect(ready(wanted, 'a', 0, nobody)).to.equal(1)
  })

  it('are given free when who is being asked falls silent; what it says then does no harm', () => {
    const wanted = new WantedDeltas()
    wanted.add(id(1), 'a', 1)
    const ids = wanted.ask('a', wanted.ready('a', 0, anybody))
    wanted.release('a', ids)
    wanted.ask('b', wanted.ready('b', 0, nobody))
    wanted.release('a', ids)
    expect(ready(wanted, 'c', 0, nobody)).to.equal(0) // b is being asked
  })

  it('wait twice as long each time, up to a minute, less up to a quarter by jitter', () => {
    const waits = Array.from({ length: 12 }, (_, failures) => backoff(failures, 0))
    expect(waits.slice(0, 4)).to.deep.equal([200, 400, 800, 1600])
    expect(waits.at(-1)).to.equal(RETRY_MAX_MS)
    expect(backoff(20, 1)).to.equal((RETRY_MAX_MS * 3) / 4)
    const wanted = new WantedDeltas()
    wanted.add(id(1), undefined, 1)
    ask(wanted, 'a', 0)
    ask(wanted, 'a', RETRY_MIN_MS)
    expect(wanted.nextTime('a')).to.equal(3 * RETRY_MIN_MS)
  })

  it('are asked for so many at a time, and forgotten once they are here', () => {
    const wanted = new WantedDeltas()
    for (let i = 0; i < MAX_ASKED_IDS + 5; i++) wanted.add(id(i), undefined, i)
    expect(wanted.ask('a', wanted.ready('a', 0, anybody))).to.have.length(MAX_ASKED_IDS)
    expect(ready(wanted, 'a')).to.equal(5)
    wanted.drop(id(0))
    expect(wanted.size).to.equal(MAX_ASKED_IDS + 4)
    wanted.prune(() => true, 5)
    expect(wanted.size).to.equal(MAX_ASKED_IDS - 1)
    wanted.prune(() => true, Infinity)
    expect(wanted.size).to.equal(0)
    expect(wanted.nextTime('a')).to.equal(undefined)
  })

  it('are no more than their limit, but what was asked for in vain gives way', () => {
    const wanted = new WantedDeltas()
    const max = MAX_WANTED_PER_CONTEXT
    for (let i = 0; i < max; i++) expect(wanted.add(id(i), undefined, i)).to.equal(true)
    expect(wanted.add(id(max), 'a', max)).to.equal(false)
    expect(wanted.add(id(0), 'b', max)).to.equal(true) // known already
    ask(wanted, 'a', 0)
    expect(wanted.add(id(max), 'a', max)).to.equal(true)
    expect(wanted.size).to.equal(max)
  })

  it('are of one peer no more than its share, and what it names then takes the place of its own only', () => {
    const wanted = new WantedDeltas()
    for (let i = 0; i < MAX_WANTED_PER_PEER; i++) {
      expect(wanted.add(id(i), 'liar', i)).to.equal(true)
    }
    expect(wanted.add(id(5_000), 'liar', 0)).to.equal(false)
    expect(wanted.add(id(6_000), 'honest', 0)).to.equal(true)
    for (let i = 0; i < 9; i++)
      wanted.missed('liar', [id(6_000)], { now: 0, jitter: 0, isWhole: false })
    expect(wanted.add(id(5_000), 'liar', 0)).to.equal(false)
    wanted.missed('liar', [id(7)], { now: 0, jitter: 0, isWhole: false })
    expect(wanted.add(id(5_000), 'liar', 0)).to.equal(true)
    expect(wanted.size).to.equal(MAX_WANTED_PER_PEER + 1)
    // what is here gives its place free
    wanted.drop(id(8))
    expect(wanted.add(id(5_001), 'liar', 0)).to.equal(true)
  })

  it('are not asked for when they are here by now', () => {
    const wanted = new WantedDeltas()
    for (let i = 0; i < 3; i++) wanted.add(id(i), 'a', i)
    const asked = wanted.ask('a', wanted.ready('a', 0, anybody), (one) => one[3] === 1)
    expect(asked).to.deep.equal([id(0), id(2)])
    expect(wanted.size).to.equal(2)
  })
})
