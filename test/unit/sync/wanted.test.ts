import { expect } from 'chai'
import { DeltaId } from '../../../src/node/primitives/ids.ts'
import {
  MAX_WANTED_PER_CONTEXT,
  RETRY_MAX_MS,
  RETRY_MIN_MS,
} from '../../../src/node/sync/limits.ts'
import { type Batch, WantedDeltas } from '../../../src/node/sync/requests/wanted.ts'

const never = (): boolean => false

function id(n: number): DeltaId {
  const bytes = new Uint8Array(32)
  new DataView(bytes.buffer).setUint32(0, n)
  return DeltaId.from(bytes)
}

describe('wanted deltas', () => {
  it('asks who showed them first, then the others, each with its own backoff', () => {
    const wanted = new WantedDeltas()
    wanted.add(id(1), 'b')
    const first = wanted.next(['a', 'b'], 0, 10) as Batch
    expect(first.peer).to.equal('b')
    expect(wanted.next(['a', 'b'], 0, 10)).to.equal(undefined) // it is being asked for
    wanted.done(first, { now: 0, jitter: 0 }, never)
    const second = wanted.next(['a', 'b'], 0, 10) as Batch
    expect(second.peer).to.equal('a')
    wanted.done(second, { now: 50, jitter: 0 }, never)
    expect(wanted.next(['a', 'b'], 100, 10)).to.equal(undefined)
    expect(wanted.nextTime(['a', 'b'])).to.equal(RETRY_MIN_MS)
    expect(wanted.next(['a', 'b'], RETRY_MIN_MS, 10)?.peer).to.equal('b')
  })

  it('doubles the wait up to a minute, and takes up to a quarter off by jitter', () => {
    const wanted = new WantedDeltas()
    wanted.add(id(1), undefined)
    const waits: number[] = []
    let now = 0
    for (let i = 0; i < 12; i++) {
      wanted.done(wanted.next(['a'], now, 10) as Batch, { now, jitter: 0 }, never)
      waits.push((wanted.nextTime(['a']) as number) - now)
      now = wanted.nextTime(['a']) as number
    }
    expect(waits.slice(0, 4)).to.deep.equal([200, 400, 800, 1600])
    expect(waits.at(-1)).to.equal(RETRY_MAX_MS)
    wanted.done(wanted.next(['a'], now, 10) as Batch, { now, jitter: 1 }, never)
    expect(wanted.nextTime(['a'])).to.equal(now + (RETRY_MAX_MS * 3) / 4)
  })

  it('batches what one peer may be asked, and forgets what has come', () => {
    const wanted = new WantedDeltas()
    for (let i = 0; i < 25; i++) wanted.add(id(i), 'a')
    const batch = wanted.next(['a', 'b'], 0, 10) as Batch
    expect(batch).to.have.property('ids').with.lengthOf(10)
    wanted.done(batch, { now: 0, jitter: 0 }, () => true)
    expect(wanted.size).to.equal(15)
    wanted.prune(() => true)
    expect(wanted.size).to.equal(0)
    expect(wanted.next(['a'], 0, 10)).to.equal(undefined)
  })

  it('takes no more than its limit, but lets what was asked in vain give way', () => {
    const wanted = new WantedDeltas()
    for (let i = 0; i < MAX_WANTED_PER_CONTEXT; i++) expect(wanted.add(id(i), 'a')).to.equal(true)
    expect(wanted.add(id(MAX_WANTED_PER_CONTEXT), 'a')).to.equal(false)
    expect(wanted.add(id(0), 'b')).to.equal(true) // known already
    wanted.done(wanted.next(['a'], 0, 1) as Batch, { now: 0, jitter: 0 }, never)
    expect(wanted.add(id(MAX_WANTED_PER_CONTEXT), 'a')).to.equal(true)
    expect(wanted.size).to.equal(MAX_WANTED_PER_CONTEXT)
  })

  it('has nobody to ask when nobody is there', () => {
    const wanted = new WantedDeltas()
    wanted.add(id(1), 'gone')
    expect(wanted.next([], 0, 10)).to.equal(undefined)
    expect(wanted.nextTime([])).to.equal(undefined)
    expect(wanted.next(['a'], 0, 10)?.peer).to.equal('a')
  })
})
