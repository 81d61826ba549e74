import { expect } from 'chai'
import { noMetrics } from '../../../src/node/metrics.ts'
import { systemClock } from '../../../src/node/primitives/clock.ts'
import type { Clock } from '../../../src/node/primitives/clock.ts'
import { LOAD_LOOK_MS, LOAD_WINDOW_MS } from '../../../src/server/limits.ts'
import { load, type Asker, type Load } from '../../../src/server/load.ts'
import { thrownCode } from '../../support/error-code.ts'

/** A load whose looks come as late as a test says. */
function scene(): { watched: Load; look(lateMs?: number): void } {
  let now = 0
  let look = (): void => {}
  const clock: Clock = {
    ...systemClock,
    monotonicMs: () => now,
    every: (_ms, call) => {
      look = call
      return { cancel() {} }
    },
  }
  const watched = load(clock, noMetrics)
  watched.start()
  return {
    watched,
    look(lateMs = 0) {
      now += LOAD_LOOK_MS + lateMs
      look()
    },
  }
}

/** Who is refused. */
function refused(watched: Load): Asker[] {
  const all: Asker[] = ['stranger', 'reader', 'writer']
  return all.filter((asker) => thrownCode(() => watched.admit(asker)) === 'SERVER_BUSY')
}

describe('the load of a server', () => {
  it('is what comes waits for on average', () => {
    const { watched, look } = scene()
    expect(watched.delayMs).to.equal(0)
    for (let i = 0; i < 100; i++) look()
    expect(watched.delayMs).to.equal(0)
    // whoever comes within 1 s waits for half of it, and every fifth comes then
    look(1_000)
    expect(watched.delayMs).to.equal(100)
    for (let i = 0; i < LOAD_WINDOW_MS / LOAD_LOOK_MS; i++) look()
    expect(watched.delayMs, 'it is over').to.equal(0)
  })

  it('lets everybody in while the loop stands for a second now and then', () => {
    const { watched, look } = scene()
    look(1_300)
    expect(refused(watched)).to.deep.equal([])
  })

  it('sends strangers away first, then who reads, then all, and takes them back', () => {
    const { watched, look } = scene()
    const steps: (readonly [number, readonly Asker[]])[] = [
      [1_500, ['stranger']],
      [1_800, ['stranger', 'reader']],
    ]
    for (const [lateMs, expected] of steps) {
      look(lateMs)
      expect(refused(watched)).to.deep.equal(expected)
    }
    look(4_000)
    expect(refused(watched)).to.deep.equal(['stranger', 'reader', 'writer'])
    for (let i = 0; i < LOAD_WINDOW_MS / LOAD_LOOK_MS; i++) look()
    expect(refused(watched)).to.deep.equal([])
  })
})
