import { expect } from 'chai'
import { Heights } from '../../../../src/chains/shared/heights.ts'
import { BEHIND_WAIT_MS, HEIGHT_DOUBT_MS } from '../../../../src/chains/shared/limits.ts'
import { codeOf } from '../../../compliance/anchor-support.ts'
import { handClock } from '../../../support/hand-clock.ts'
import { madeChain, type Place } from '../../../support/made-chain.ts'

const at = (head: number, final: number, seconds = 0): Place => ({ head, final, seconds })

describe('heights of a chain', () => {
  it('are never behind what was called final before: the answer is read there', async () => {
    const { heights, places } = madeChain(handClock(), at(10, 8))
    expect(await heights.run('final', async (_, number) => number)).to.equal(8n)
    Object.assign(places[0] ?? {}, { final: 6 })
    expect(await heights.run('final', async (_, number) => number)).to.equal(8n)
  })

  it('pass over an endpoint that does not have that block, for one that has', async () => {
    const { heights } = madeChain(handClock(), at(5, 3), at(10, 8))
    heights.sawFinal(8n)
    const asked = await heights.run('final', async ({ name }, number) => `${name}: ${number}`)
    expect(asked).to.equal('endpoint 1: 8')
  })

  it('hold whoever reads the head to the block of what was done here', async () => {
    const { heights } = madeChain(handClock(), at(5, 5), at(10, 5))
    heights.saw(9n)
    expect(await heights.run('optimistic', async ({ name }) => name)).to.equal('endpoint 1')
  })

  it('go back to what there is when nobody has it any more', async () => {
    const { heights } = madeChain(handClock(), at(5, 3), at(5, 3))
    heights.sawFinal(8n)
    expect(await heights.run('final', async (_, number) => number)).to.equal(3n)
  })

  it('do not believe in a height that only one had, once others are clearly later', async () => {
    const clock = handClock()
    const told = { height: 1_000_000n, atMs: clock.nowMs() }
    const later = Math.ceil((told.atMs + HEIGHT_DOUBT_MS) / 1000)
    const { heights, places } = madeChain(clock, at(5, 3, later - 1))
    const read = (): Promise<boolean> =>
      heights.run('final', async (_, _number, { isBehind }) => isBehind, { since: told })
    expect(await read(), 'it may be true').to.equal(true)
    Object.assign(places[0] ?? {}, { seconds: later })
    expect(await read()).to.equal(false)
  })

  it('hold back what may still be undone, from those who want nothing else', async () => {
    const { heights } = madeChain(handClock(), at(10, 8))
    expect(await heights.unlessOpen(8n, { finality: 'final' })).to.equal(8n)
    expect(await heights.unlessOpen(9n, { finality: 'final' })).to.equal(undefined)
    expect(await heights.unlessOpen(9n, {})).to.equal(9n)
  })

  it('say who is silent', async () => {
    const { heights } = madeChain(handClock(), { ...at(5, 3), isSilent: true })
    expect(await codeOf(heights.run('final', async () => 1))).to.equal('ANCHOR_UNREACHABLE')
  })
})

describe('heights that answers prove themselves', () => {
  /** Endpoints that answer so far, one after the other. */
  function told(...answers: readonly (readonly bigint[])[]): Told {
    return toldBy({}, ...answers)
  }

  interface Told {
    readonly heights: Heights
    readonly clock: ReturnType<typeof handClock>
    ask(since?: { readonly height: bigint; readonly atMs: number }): Promise<string>
  }

  /** The same where nothing proves what they say, and an endpoint's newest block is of a time. */
  function toldBy(
    { seconds }: { readonly seconds?: () => number },
    ...answers: readonly (readonly bigint[])[]
  ): Told {
    const clock = handClock()
    const { rpc } = madeChain(clock, ...answers.map(() => at(0, 0)))
    const readHeadTime = seconds && (async () => BigInt(seconds()))
    const heights = new Heights(rpc, { chain: 'told', clock, pollMs: 1000, readHeadTime }, clock)
    const asked = answers.map(() => 0)
    return {
      heights,
      clock,
      ask: async (since) =>
        heights.run(
          'final',
          async ({ id }, _least, place) => {
            const list = answers[id] ?? []
            const height = list[Math.min(asked[id] ?? 0, list.length - 1)] ?? 0n
            asked[id] = (asked[id] ?? 0) + 1
            const { isBehind } = place.told?.(height) ?? place
            return `${id}: ${height}${isBehind ? ' behind' : ''}`
          },
          since === undefined ? {} : { since },
        ),
    }
  }

  /** Runs with time going by. */
  async function passing<T>(clock: ReturnType<typeof handClock>, work: Promise<T>): Promise<T> {
    let isDone = false
    const done = (): void => void (isDone = true)
    work.then(done, done)
    while (!isDone) {
      clock.advance(500)
      await new Promise((resolve) => setImmediate(resolve))
    }
    return work
  }

  it('never fall behind one that was seen: another endpoint is asked', async () => {
    const { ask, heights } = told([5n, 3n], [9n])
    expect(await ask()).to.equal('0: 5')
    heights.saw(6n)
    expect(await ask()).to.equal('1: 9')
  })

  it('are waited for where an endpoint is a moment behind', async () => {
    const { ask, heights, clock } = told([3n, 4n, 8n])
    heights.saw(7n)
    expect(await passing(clock, ask())).to.equal('0: 8')
  })

  it('are believed no longer, where nothing proves them, once others are clearly later', async () => {
    let seconds = 0
    const { ask, clock } = toldBy({ seconds: () => seconds }, [1_000_000n, 0n], [5n])
    expect(await ask()).to.equal('0: 1000000')
    const saidMs = clock.nowMs()
    seconds = Math.ceil((saidMs + HEIGHT_DOUBT_MS) / 1000) + 1
    expect(await ask()).to.equal('0: 0')
    expect(await ask()).to.equal('0: 0')
  })

  it('go back, where nothing proves them, to what there is when nobody comes that far', async () => {
    const { ask, heights, clock } = toldBy({ seconds: () => 0 }, [3n], [4n])
    heights.saw(7n)
    const startMs = clock.monotonicMs()
    expect(await passing(clock, ask())).to.match(/: [34]$/)
    expect(clock.monotonicMs() - startMs).to.be.at.least(BEHIND_WAIT_MS)
  })

  it('are no value when they stay behind', async () => {
    const { ask, heights, clock } = told([3n], [4n])
    heights.saw(7n)
    expect(await codeOf(passing(clock, ask()))).to.equal('CHAIN_BEHIND')
  })

  it('are given as behind what somebody else was told, after a while', async () => {
    const { ask, clock } = told([3n])
    const since = { height: 7n, atMs: clock.nowMs() }
    expect(await passing(clock, ask(since))).to.equal('0: 3 behind')
  })

  it('are final', async () => {
    const { heights } = told([3n])
    expect(await heights.unlessOpen(9n, { finality: 'final' })).to.equal(9n)
  })
})
