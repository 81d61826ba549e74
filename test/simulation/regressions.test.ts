import { expect } from 'chai'
import { simulate } from './child.ts'

/** A run that once failed. */
interface Regression {
  readonly seed: number
  /** What had been wrong. */
  readonly was: string
}

/** All with the faults there were when they were found. */
const SAME: readonly string[] = ['--without', 'step']

const REGRESSIONS: readonly Regression[] = [
  {
    seed: 11,
    was: 'a member who came back under another key left what had been parked meanwhile parked',
  },
  {
    seed: 323,
    was: 'a claim made again by the same identity while the anchor lagged was told that the ticket is used',
  },
  {
    seed: 1024,
    was: 'a call that waited for a key left its timer behind when the node stopped',
  },
  {
    seed: 1047,
    was: 'who claimed a ticket and was removed before it saw itself in the list waited for the anchor for half an hour',
  },
  {
    seed: 1085,
    was: 'a node left as an identity that had been removed before, was refused, and stayed a member as another',
  },
]

describe('simulated runs that once failed', function () {
  this.timeout(300_000)
  const verdicts = new Map<unknown, unknown>()

  before(async () => {
    const seeds = REGRESSIONS.map(({ seed }) => seed).join()
    const { lines } = await simulate('--seed', seeds, '--json', ...SAME)
    for (const line of lines.filter((one) => one.startsWith('{'))) {
      const { seed, verdict, findings } = JSON.parse(line) as Record<string, unknown> // a run's line
      verdicts.set(seed, verdict === undefined ? 'fine' : findings)
    }
  })

  for (const { seed, was } of REGRESSIONS) {
    it(`${seed}: ${was}`, () => {
      expect(verdicts.get(seed)).to.equal('fine')
    })
  }
})
