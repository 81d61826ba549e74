import { expect } from 'chai'
import { simulate } from './child.ts'

/** A run that once failed. */
interface Regression {
  readonly seed: number
  /** The faults and actions it was found with. */
  readonly same: readonly string[]
  /** What had been wrong. */
  readonly was: string
}

const ALL: readonly string[] = []
const MOST: readonly string[] = ['--without', 'step']
const COMERS: readonly string[] = [
  ...['--faults', 'crash,restart,split'],
  ...['--actions', 'remove,leave,invite'],
]

const REGRESSIONS: readonly Regression[] = [
  {
    seed: 11,
    same: MOST,
    was: 'a member who came back under another key left what had been parked meanwhile parked',
  },
  {
    seed: 323,
    same: MOST,
    was: 'a claim made again by the same identity while the anchor lagged was told that the ticket is used',
  },
  {
    seed: 1024,
    same: MOST,
    was: 'a call that waited for a key left its timer behind when the node stopped',
  },
  {
    seed: 1047,
    same: MOST,
    was: 'who claimed a ticket and was removed before it saw itself in the list waited for the anchor for half an hour',
  },
  {
    seed: 1085,
    same: MOST,
    was: 'a node left as an identity that had been removed before, was refused, and stayed a member as another',
  },
  {
    seed: 12,
    same: COMERS,
    was: 'a join ended with an old connection for a member met, and with it went all that was known of where members are',
  },
  {
    seed: 110054,
    same: ALL,
    was: 'an inviter that had moved came by for the sake of another context, and the join that looked for it took no notice',
  },
  {
    seed: 110183,
    same: ALL,
    was: 'a request stream on which nothing was heard any more was asked again and again',
  },
  {
    seed: 10424,
    same: ALL,
    was: 'news of an application, told while a context was being joined, went by unheard, and the one before was asked for again and again',
  },
  {
    seed: 10507,
    same: ALL,
    was: 'a join ended while the list of the members did not show the member yet, and the node never read it again',
  },
  {
    seed: 20395,
    same: ALL,
    was: 'the database was closed to be looked at while a guest read from it, and that was told as a failure of the application',
  },
  {
    seed: 20540,
    same: ALL,
    was: 'a node that was told of another application stopped before it had read so, and took the word of an endpoint that lagged at its next start',
  },
  {
    seed: 20403,
    same: ALL,
    was: 'who came back with its ticket, and was removed then, waited for the anchor for half an hour',
  },
  {
    seed: 20511,
    same: ALL,
    was: 'a member forgot whom it had refused while its list was old, and when their connection was gone neither knew the other',
  },
  {
    seed: 41115,
    same: ALL,
    was: 'a join under way made a context anew that was being deleted, and its rows went with those of the old one',
  },
  {
    seed: 51062,
    same: ALL,
    was: 'an update was refused, for an endpoint that lags did not know the context yet',
  },
  {
    seed: 50965,
    same: ALL,
    was: 'an inviter that had moved was met for the sake of another context only, and counted as known',
  },
  {
    seed: 82356,
    same: ALL,
    was: 'what the anchor had been asked before a context was deleted became the wish of the one made in its place, which could not fetch it',
  },
  {
    seed: 100474,
    same: ALL,
    was: 'a delta named an application while the anchor was away, and nobody asked the anchor about it once it was back',
  },
]

describe('simulated runs that once failed', function () {
  this.timeout(300_000)
  const verdicts = new Map<unknown, unknown>()

  before(async () => {
    for (const same of new Set(REGRESSIONS.map((one) => one.same))) {
      const alike = REGRESSIONS.filter((one) => one.same === same)
      const seeds = alike.map(({ seed }) => seed).join()
      const { lines } = await simulate('--seed', seeds, '--json', ...same)
      for (const line of lines.filter((one) => one.startsWith('{'))) {
        const { seed, verdict, findings } = JSON.parse(line) as Record<string, unknown> // a run's line
        verdicts.set(seed, verdict === undefined ? 'fine' : findings)
      }
    }
  })

  for (const { seed, was } of REGRESSIONS) {
    it(`${seed}: ${was}`, () => {
      expect(verdicts.get(seed)).to.equal('fine')
    })
  }
})
