import { expect } from 'chai'
import { Failover, MAX_REST_MS, MIN_REST_MS } from '../../../src/chains/shared/failover.ts'
import { codeOf } from '../../compliance/anchor-support.ts'
import { handClock } from '../../support/hand-clock.ts'

const FAILURE = new RangeError('the endpoint')
const ANSWER = new TypeError('the question')
const isFailure = (error: unknown): boolean => error === FAILURE

/** Names of the endpoints that a task was run on; those in `down` fail. */
async function askedBy(
  failover: Failover<string>,
  down: readonly string[],
): Promise<readonly string[]> {
  const asked: string[] = []
  const task = async (name: string): Promise<void> => {
    asked.push(name)
    if (down.includes(name)) throw FAILURE
  }
  await failover.run(task, isFailure).catch(() => {})
  return asked
}

describe('failover', () => {
  it('asks in the order of preference until one answers', async () => {
    const failover = new Failover(['a', 'b', 'c'], handClock())
    expect(await askedBy(failover, [])).to.deep.equal(['a'])
    expect(await askedBy(failover, ['a', 'b'])).to.deep.equal(['a', 'b', 'c'])
  })

  it('passes over what failed for a while, longer each time', async () => {
    const clock = handClock()
    const failover = new Failover(['a', 'b'], clock)
    await askedBy(failover, ['a'])
    expect(await askedBy(failover, ['a'])).to.deep.equal(['b'])
    clock.advance(MIN_REST_MS)
    expect(await askedBy(failover, ['a'])).to.deep.equal(['a', 'b'])
    clock.advance(MIN_REST_MS)
    expect(await askedBy(failover, ['a'])).to.deep.equal(['b'])
    clock.advance(MIN_REST_MS)
    expect(await askedBy(failover, [])).to.deep.equal(['a'])
  })

  it('rests no longer than the longest time, and asks the resting when nothing else is left', async () => {
    const clock = handClock()
    const failover = new Failover(['a', 'b'], clock)
    for (let i = 0; i < 20; i++) {
      await askedBy(failover, ['a', 'b'])
      clock.advance(MAX_REST_MS)
    }
    await askedBy(failover, ['a', 'b'])
    expect(await askedBy(failover, ['a', 'b'])).to.deep.equal(['a', 'b'])
    clock.advance(MAX_REST_MS)
    expect(await askedBy(failover, [])).to.deep.equal(['a'])
  })

  it('counts failures that come together as one', async () => {
    const clock = handClock()
    const failover = new Failover(['a', 'b'], clock)
    await Promise.all(Array.from({ length: 10 }, () => askedBy(failover, ['a'])))
    clock.advance(MIN_REST_MS)
    expect(await askedBy(failover, [])).to.deep.equal(['a'])
  })

  it('rests as long whatever the wall clock is set to', async () => {
    for (const stepNs of [-86_400_000_000_000n, 86_400_000_000_000n]) {
      const clock = handClock()
      const failover = new Failover(['a', 'b'], clock)
      await askedBy(failover, ['a'])
      clock.set(clock.nowNs() + stepNs)
      clock.advance(MIN_REST_MS - 1)
      expect(await askedBy(failover, [])).to.deep.equal(['b'])
      clock.advance(1)
      expect(await askedBy(failover, [])).to.deep.equal(['a'])
    }
  })

  it('leaves what is nobody’s fault to whoever asked', async () => {
    const failover = new Failover(['a', 'b'], handClock())
    const asked: string[] = []
    const task = async (name: string): Promise<void> => {
      asked.push(name)
      throw ANSWER
    }
    let thrown: unknown
    await failover.run(task, isFailure).catch((error: unknown) => (thrown = error))
    expect(thrown).to.equal(ANSWER)
    expect(asked).to.deep.equal(['a'])
    expect(failover.endpoints).to.deep.equal(['a', 'b'])
  })

  it('asks nobody else once its caller gave up', async () => {
    const failover = new Failover(['a', 'b'], handClock())
    const abort = new AbortController()
    const task = async (): Promise<void> => {
      abort.abort()
      throw FAILURE
    }
    expect(await codeOf(failover.run(task, isFailure, abort.signal))).to.equal('ABORTED')
    expect(failover.endpoints, 'nothing failed').to.deep.equal(['a', 'b'])
  })
})
