import { expect } from 'chai'
import { Executor, type Lane } from '../../../src/node/context/replica/executor.ts'
import { rejectionCode } from '../../support/error-code.ts'

/** A task that ends when told. */
function gate(): { readonly wait: () => Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { wait: () => promise, open: resolve }
}

describe('executor of a context', () => {
  it('runs one task after another, in order', async () => {
    const executor = new Executor(10)
    const seen: string[] = []
    const task = (name: string) => async (): Promise<string> => {
      seen.push(`${name} begins`)
      await Promise.resolve()
      seen.push(`${name} ends`)
      return name
    }
    expect(await Promise.all([executor.run(task('a')), executor.run(task('b'))])).to.deep.equal([
      'a',
      'b',
    ])
    expect(seen).to.deep.equal(['a begins', 'a ends', 'b begins', 'b ends'])
  })

  it('goes on after a task that fails', async () => {
    const executor = new Executor(10)
    const failure = new RangeError('task')
    const failing = executor.run(async () => {
      throw failure
    })
    const next = executor.run(async () => 1)
    expect(await failing.catch((error: unknown) => error)).to.equal(failure)
    expect(await next).to.equal(1)
  })

  it('lets as many wait as allowed and refuses one more', async () => {
    const executor = new Executor(3)
    const { wait, open } = gate()
    const first = executor.run(wait)
    await new Promise((resolve) => setImmediate(resolve)) // the first task has left the queue
    const waiting = [1, 2, 3].map((n) => executor.run(async () => n))
    expect(executor.waiting).to.equal(3)
    expect(await rejectionCode(executor.run(async () => 4))).to.equal('CONTEXT_BUSY')
    open()
    await first
    expect(await Promise.all(waiting)).to.deep.equal([1, 2, 3])
    expect(await executor.run(async () => 5)).to.equal(5)
  })

  it('lets the work of parties take turns, each in its order, and nobody pass what runs alone', async () => {
    const executor = new Executor(100)
    const seen: string[] = []
    const lane: Lane<string, void> = {
      max: 8,
      async process(pieces) {
        seen.push(pieces.map(({ item }) => item).join(' '))
        for (const piece of pieces) piece.resolve()
      },
    }
    const { wait, open } = gate()
    const work: Promise<unknown>[] = [executor.run(wait)]
    const join = (item: string): unknown => work.push(executor.join(lane, item, { party: item[0] }))
    for (const item of ['a1', 'a2', 'a3', 'a4']) join(item)
    for (const item of ['b1', 'b2', 'c1']) join(item)
    join('a5')
    work.push(executor.run(async () => seen.push('alone')))
    for (const item of ['c2', 'd1', 'c3']) join(item)
    open()
    await Promise.all(work)
    expect(seen).to.deep.equal(['a1 b1', 'c1 a2', 'b2 a3', 'a4 a5', 'alone', 'd1 c2', 'c3'])
  })

  it('gives one party a quarter of the places', async () => {
    const executor = new Executor(8)
    const lane: Lane<number, void> = {
      max: 1,
      async process(pieces) {
        for (const piece of pieces) piece.resolve()
      },
    }
    const { wait, open } = gate()
    const first = executor.run(wait)
    const join = (party: string): Promise<void> => executor.join(lane, 1, { party })
    const work = [join('a'), join('a')]
    expect(await rejectionCode(join('a'))).to.equal('CONTEXT_BUSY')
    work.push(join('b'))
    open()
    await first
    await Promise.all(work)
    await join('a')
  })

  it('finishes what was asked before it closes, and takes nothing after', async () => {
    const executor = new Executor(3)
    const { wait, open } = gate()
    const work = [executor.run(wait), executor.run(async () => 'last')]
    const closed = executor.close()
    expect(await rejectionCode(executor.run(async () => {}))).to.equal('CONTEXT_NOT_FOUND')
    open()
    await closed
    expect(await Promise.all(work)).to.deep.equal([undefined, 'last'])
    await executor.close()
  })

  it('lets others go before what yields, in turn, and what runs alone before nobody', async () => {
    const executor = new Executor(100)
    const runs: string[] = []
    const lane = (name: string, yields: boolean): Lane<number, number> => ({
      ...{ max: 8, yields },
      async process(pieces) {
        runs.push(`${name} ${pieces.map(({ item }) => item).join()}`)
        await Promise.resolve()
        for (const piece of pieces) piece.resolve(piece.item)
      },
    })
    const [deltas, calls] = [lane('deltas', true), lane('calls', false)]
    const { wait, open } = gate()
    const work: Promise<unknown>[] = [executor.run(wait)]
    for (let n = 1; n <= 12; n++) work.push(executor.join(deltas, n))
    for (let n = 1; n <= 10; n++) work.push(executor.join(calls, n))
    work.push(executor.run(async () => runs.push('alone')))
    work.push(executor.join(calls, 11))
    open()
    await Promise.all(work)
    expect(runs).to.deep.equal([
      'calls 1,2,3,4,5,6,7,8',
      'deltas 1,2',
      'calls 9,10',
      'deltas 3,4',
      'deltas 5,6',
      'deltas 7,8',
      'deltas 9,10',
      'deltas 11,12',
      'alone',
      'calls 11',
    ])
  })

  it('does neighbours of one lane together, up to their number, and nothing out of order', async () => {
    const executor = new Executor(20)
    const groups: number[][] = []
    const lane: Lane<number, number> = {
      max: 3,
      async process(pieces) {
        groups.push(pieces.map(({ item }) => item))
        for (const piece of pieces) piece.resolve(piece.item * 10)
      },
    }
    const results = [1, 2, 3, 4].map((n) => executor.join(lane, n))
    results.push(executor.run(async () => 50))
    results.push(executor.join(lane, 6))
    expect(await Promise.all(results)).to.deep.equal([10, 20, 30, 40, 50, 60])
    expect(groups).to.deep.equal([[1, 2, 3], [4], [6]])
  })

  it('rejects the pieces that a failing lane left open, and those only', async () => {
    const executor = new Executor(20)
    const failure = new RangeError('lane')
    const lane: Lane<number, number> = {
      max: 3,
      async process([first]) {
        first?.resolve(1)
        throw failure
      },
    }
    const ends = await Promise.allSettled([1, 2, 3].map((n) => executor.join(lane, n)))
    expect(ends.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'rejected'])
  })
})
