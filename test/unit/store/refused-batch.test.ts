import { expect } from 'chai'
import { fromUtf8, utf8 } from '../../../src/node/primitives/bytes.ts'
import { type LevelStore, openStore } from '../../../src/node/store/level-store.ts'
import { MEND_MAX_MS, MEND_MIN_MS, SYNC_INTERVAL_MS } from '../../../src/node/store/limits.ts'
import type { BatchOp } from '../../../src/node/store/store.ts'
import { rejectionCode, thrownCode } from '../../support/error-code.ts'
import { type HandClock, handClock } from '../../support/hand-clock.ts'
import { TornDisk } from '../../support/torn-disk.ts'

function put(key: string, value = key): BatchOp {
  return { type: 'put', key: utf8(key), value: utf8(value) }
}

interface Bench {
  readonly disk: TornDisk
  readonly clock: HandClock
  readonly store: LevelStore
}

async function bench(disk = new TornDisk()): Promise<Bench> {
  const clock = handClock()
  return { disk, clock, store: await openStore(disk, { clock }) }
}

async function rows(store: LevelStore): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for await (const [key, value] of store.iterate({ gte: utf8('a'), lt: utf8('z') })) {
    found[fromUtf8(key)] = fromUtf8(value)
  }
  return found
}

/** The same rows as another process would find them. */
async function after({ store, disk }: Bench): Promise<Record<string, string>> {
  await store.close()
  const again = await openStore(disk, { clock: handClock() })
  const found = await rows(again)
  await again.close()
  return found
}

/** Lets time pass until the database takes batches again, or the looks are over. */
async function mended({ store, clock }: Bench, looks = 20): Promise<void> {
  for (let i = 0; i < looks && store.trouble !== undefined; i++) {
    const { tries } = store.trouble
    clock.advance(MEND_MAX_MS)
    // a look is over when it is counted, or has ended the trouble
    while (store.trouble?.tries === tries) await new Promise(setImmediate)
  }
}

const full = (count: number): BatchOp[] => Array.from({ length: count }, (_, i) => put(`k${i}`))

describe('a store whose disk refuses a batch', () => {
  it('takes no others, says why, and has all that it acknowledged after it recovered', async () => {
    const here = await bench()
    const { store, disk, clock } = here
    await store.batch([put('a', '1')])
    disk.refuses = 'torn'
    expect(await rejectionCode(store.batch([put('a', '2'), put('b', '2')]))).to.equal(
      'STORE_FAILED',
    )
    expect(store.trouble?.reason).to.equal('no space left on device')
    expect(await rejectionCode(store.batch([put('c')]))).to.equal('STORE_UNAVAILABLE')
    // what is there can be read
    expect(await rows(store)).to.deep.equal({ a: '1' })
    clock.advance(MEND_MIN_MS)
    while (store.trouble?.tries === 0) await new Promise(setImmediate)
    expect(store.trouble).to.include({ tries: 1, lastLook: 'no space left on device' })
    disk.refuses = undefined
    expect(await rejectionCode(store.batch([put('c')]))).to.equal('STORE_UNAVAILABLE')
    await mended(here)
    expect(store.trouble).to.equal(undefined)
    for (const op of full(60)) await store.batch([op], { sync: op.key.length === 2 })
    const found = await rows(store)
    expect(Object.keys(found)).to.have.length(61)
    expect(await after(here)).to.deep.equal(found)
  })

  it('has nothing of the refused batch, though the disk wrote it', async () => {
    const here = await bench()
    const { store, disk } = here
    await store.batch([put('a', '1'), put('gone', '1')])
    await store.batch([{ type: 'del', key: utf8('gone') }])
    disk.refuses = 'unsynced'
    const batch = [put('a', '2'), put('b', '2'), put('gone', '2')]
    expect(await rejectionCode(store.batch(batch, { sync: true }))).to.equal('STORE_FAILED')
    disk.refuses = undefined
    await mended(here)
    expect(await rows(store)).to.deep.equal({ a: '1' })
    await store.batch([put('c')])
    expect(await after(here)).to.deep.equal({ a: '1', c: 'c' })
  })

  it('writes again what it acknowledged and the system dropped before it was safe', async () => {
    const here = await bench()
    const { store, disk } = here
    await store.batch([put('a', '1')], { sync: true })
    await store.batch([put('b', '1')])
    await store.batch([put('b', '2')])
    await store.batch([put('c', '1')])
    disk.refuses = 'torn'
    disk.drops = { unsynced: 2 }
    await rejectionCode(store.batch([put('d')], { sync: true }))
    disk.refuses = undefined
    await mended(here)
    expect(await after(here)).to.deep.equal({ a: '1', b: '2', c: '1' })
  })

  it('stays closed for writing when safe batches are gone, and says so', async () => {
    const here = await bench()
    const { store, disk } = here
    await store.batch([put('a', '1')], { sync: true })
    await store.batch([put('b', '1')], { sync: true })
    disk.refuses = 'torn'
    disk.drops = { all: 1 }
    await rejectionCode(store.batch([put('d')]))
    disk.refuses = undefined
    await mended(here, 1)
    expect(store.trouble?.lastLook).to.include('lost batches that were acknowledged')
    expect(await rejectionCode(store.batch([put('c')]))).to.equal('STORE_UNAVAILABLE')
    // another process goes on from what is there
    expect(await after(here)).to.deep.equal({ a: '1' })
  })

  it('finds out by itself when only syncing fails', async () => {
    const here = await bench()
    const { store, disk, clock } = here
    await store.batch([put('a', '1')])
    disk.refuses = 'unsynced'
    clock.advance(SYNC_INTERVAL_MS)
    while (store.trouble === undefined) await new Promise(setImmediate)
    disk.refuses = undefined
    await mended(here)
    expect(await after(here)).to.deep.equal({ a: '1' })
  })

  it('lets go of every handle of the process before it compares, and takes them up after it', async () => {
    const here = await bench()
    const { store, disk } = here
    const told: string[] = []
    disk.others = 1
    let isStubborn = true
    store.shareWith({
      release: async () => {
        told.push('release')
        if (!isStubborn) disk.others = 0
      },
      resume: async () => {
        told.push(`resume with ${disk.opened} openings`)
        disk.others = 1
      },
    })
    disk.refuses = 'torn'
    await rejectionCode(store.batch([put('a')]))
    disk.refuses = undefined
    await mended(here, 1)
    expect(store.trouble?.lastLook).to.equal('lock held by current process')
    isStubborn = false
    await mended(here)
    expect(store.trouble).to.equal(undefined)
    expect(told).to.deep.equal([
      'release',
      'resume with 2 openings',
      'release',
      'resume with 4 openings',
    ])
  })

  it('lets reads wait while the database is closed', async () => {
    const here = await bench()
    const { store, disk, clock } = here
    await store.batch([put('a', '1')])
    disk.refuses = 'torn'
    await rejectionCode(store.batch([put('a', '2')]))
    disk.refuses = undefined
    let reads: Promise<unknown>[] = []
    disk.onOpen = () => {
      reads = [store.get(utf8('a')), rows(store)]
      expect(thrownCode(() => store.getSync(utf8('a')))).to.equal('STORE_UNAVAILABLE')
    }
    clock.advance(MEND_MIN_MS)
    while (store.trouble !== undefined) await new Promise(setImmediate)
    expect(await Promise.all(reads)).to.deep.equal([utf8('1'), { a: '1' }])
  })

  it('can be closed meanwhile, and another process finds what was acknowledged', async () => {
    const here = await bench()
    const { store, disk, clock } = here
    await store.batch([put('a', '1')])
    disk.refuses = 'torn'
    await rejectionCode(store.batch([put('b')]))
    await store.close()
    disk.refuses = undefined
    expect(clock.timers).to.equal(0)
    clock.advance(MEND_MAX_MS)
    expect(disk.probes).to.equal(0)
    expect(await after(here)).to.deep.equal({ a: '1' })
  })
})

describe('batches that wait for each other', () => {
  it('are written in order, each whole, and a bad one fails alone', async () => {
    const here = await bench()
    const { store, disk } = here
    const bad = [put('bad'), { type: 'put', key: utf8('b') }] as unknown as BatchOp[] // no value
    const written = full(300).map((op, i) => store.batch([op, put('last', String(i))]))
    expect(await rejectionCode(store.batch(bad))).to.equal('STORE_FAILED')
    await Promise.all(written)
    expect(disk.log.length).to.be.lessThan(10)
    expect(store.trouble).to.equal(undefined)
    const found = await after(here)
    expect(Object.keys(found)).to.have.length(301)
    expect(found['last']).to.equal('299')
  })

  it('that wait when the disk refuses fail too', async () => {
    const { store, disk } = await bench()
    disk.refuses = 'torn'
    const codes = await Promise.all(full(3).map((op) => rejectionCode(store.batch([op]))))
    expect(codes).to.deep.equal(['STORE_FAILED', 'STORE_UNAVAILABLE', 'STORE_UNAVAILABLE'])
    await store.close()
  })
})
