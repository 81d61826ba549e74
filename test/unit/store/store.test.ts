import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { expect } from 'chai'
import { fromUtf8, utf8 } from '../../../src/node/primitives/bytes.ts'
import { systemClock } from '../../../src/node/primitives/clock.ts'
import { openLevelStore } from '../../../src/node/store/level-store.ts'
import { SYNC_INTERVAL_MS } from '../../../src/node/store/limits.ts'
import type { BatchOp, Range, Store } from '../../../src/node/store/store.ts'
import { rejectionCode, thrownCode } from '../../support/error-code.ts'
import { handClock } from '../../support/hand-clock.ts'
import { memoryStore } from '../../support/memory-store.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const support = join(import.meta.dirname, '../../support')

function put(key: string, value: string): BatchOp {
  return { type: 'put', key: utf8(key), value: utf8(value) }
}

async function read(store: Store, range: Range): Promise<string[]> {
  const rows = []
  for await (const [key, value] of store.iterate(range)) {
    rows.push(`${fromUtf8(key)}=${fromUtf8(value)}`)
  }
  return rows
}

const ALL: Range = { gte: utf8('a'), lt: utf8('z') }

for (const [name, open] of [
  ['in memory', async () => memoryStore()],
  ['on disk', undefined],
] as const) {
  describe(`a store ${name}`, () => {
    let store: Store
    let folder: Awaited<ReturnType<typeof tempFolder>> | undefined
    beforeEach(async () => {
      if (open === undefined) folder = await tempFolder()
      store = await (open?.() ??
        openLevelStore(join(folder?.path ?? '', 'db'), { clock: systemClock }))
    })
    afterEach(async () => {
      await store.close()
      await folder?.[Symbol.asyncDispose]()
      folder = undefined
    })

    it('keeps what a batch puts and forgets what it deletes', async () => {
      await store.batch([put('a', '1'), put('b', '2')])
      await store.batch([{ type: 'del', key: utf8('a') }, put('c', '3')], { sync: true })
      await store.batch([])
      expect(await store.get(utf8('a'))).to.equal(undefined)
      expect(store.getSync(utf8('a'))).to.equal(undefined)
      expect(store.getSync(utf8('b'))).to.deep.equal(utf8('2'))
      expect(await store.get(utf8('c'))).to.deep.equal(utf8('3'))
    })

    it('gives rows in byte order, either way, up to a limit, below the end', async () => {
      await store.batch([put('c', '3'), put('a', '1'), put('b', '2'), put('z', '0')])
      expect(await read(store, ALL)).to.deep.equal(['a=1', 'b=2', 'c=3'])
      expect(await read(store, { ...ALL, reverse: true, limit: 2 })).to.deep.equal(['c=3', 'b=2'])
      const keys = []
      for await (const key of store.keys(ALL)) keys.push(fromUtf8(key))
      expect(keys).to.deep.equal(['a', 'b', 'c'])
    })

    it('iterates over the moment it began', async () => {
      await store.batch([put('a', '1'), put('b', '2')])
      const rows: string[] = []
      for await (const [key] of store.iterate(ALL)) {
        rows.push(fromUtf8(key))
        await store.batch([put('c', '3'), { type: 'del', key: utf8('b') }])
      }
      expect(rows).to.deep.equal(['a', 'b'])
    })

    it('clears a range and nothing beside it', async () => {
      await store.batch([put('a', '1'), put('b', '2'), put('c', '3')])
      await store.clear({ gte: utf8('a'), lt: utf8('c') })
      expect(await read(store, ALL)).to.deep.equal(['c=3'])
    })

    it('writes all of a batch or nothing', async () => {
      const broken = [put('a', '1'), { type: 'put', key: utf8('b') }] as unknown as BatchOp[] // no value
      expect(await rejectionCode(store.batch(broken))).to.equal('STORE_FAILED')
      expect(await store.get(utf8('a'))).to.equal(undefined)
    })

    it('says so when it is used after it was closed', async () => {
      await store.close()
      expect(await rejectionCode(store.get(utf8('a')))).to.equal('STORE_CLOSED')
      expect(thrownCode(() => store.getSync(utf8('a')))).to.equal('STORE_CLOSED')
      expect(await rejectionCode(store.batch([put('a', '1')]))).to.equal('STORE_CLOSED')
      expect(await rejectionCode(store.clear(ALL))).to.equal('STORE_CLOSED')
      expect(await rejectionCode(read(store, ALL))).to.equal('STORE_CLOSED')
    })
  })
}

describe('a database folder', () => {
  it('keeps what was written, over closing and opening', async () => {
    await using folder = await tempFolder()
    const first = await openLevelStore(folder.path, { clock: systemClock })
    await first.batch([put('a', '1')])
    await first.close()
    const second = await openLevelStore(folder.path, { clock: systemClock })
    expect(await second.get(utf8('a'))).to.deep.equal(utf8('1'))
    await second.close()
  })

  it('belongs to one process at a time, which the next one is told', async () => {
    await using folder = await tempFolder()
    const store = await openLevelStore(folder.path, { clock: systemClock })
    const run = async (): Promise<string> => {
      const args = [join(support, 'open-store.ts'), folder.path]
      return (await promisify(execFile)(process.execPath, args)).stdout
    }
    expect(await run()).to.equal(`STORE_LOCKED ${process.pid}`)
    await store.batch([put('a', '1')])
    await store.close()
    expect(await run()).to.equal('opened')
  })

  it('cannot be where a file is', async () => {
    await using folder = await tempFolder()
    const path = join(folder.path, 'file')
    await writeFile(path, 'here')
    expect(await rejectionCode(openLevelStore(path, { clock: systemClock }))).to.equal(
      'STORE_FAILED',
    )
  })

  it('is read synchronously by a worker thread while the main thread writes', async () => {
    await using folder = await tempFolder()
    const store = await openLevelStore(folder.path, { clock: systemClock })
    const worker = new Worker(join(support, 'level-worker.ts'), { workerData: folder.path })
    const answer = async (): Promise<unknown> => (await once(worker, 'message'))[0]
    expect(await answer()).to.equal('ready')
    for (const value of ['1', '2']) {
      await store.batch([put('a', value)])
      worker.postMessage(utf8('a'))
      expect(await answer()).to.deep.equal(utf8(value))
    }
    worker.postMessage(utf8('b'))
    expect(await answer()).to.equal(undefined)
    worker.postMessage(undefined)
    await once(worker, 'exit')
    await store.batch([put('a', '3')])
    await store.close()
  })

  it('is made safe from power loss soon after a batch, once for many, and never after closing', async () => {
    await using folder = await tempFolder()
    const clock = handClock()
    const store = await openLevelStore(folder.path, { clock })
    await store.batch([put('a', '1')], { sync: true })
    expect(clock.timers).to.equal(0)
    await store.batch([put('a', '1')])
    await store.batch([put('b', '1')])
    expect(clock.timers).to.equal(1)
    clock.advance(SYNC_INTERVAL_MS)
    expect(clock.timers).to.equal(0)
    await store.batch([put('b', '2')])
    expect(clock.timers).to.equal(1)
    await store.close()
    expect(clock.timers).to.equal(0)
  })
})
