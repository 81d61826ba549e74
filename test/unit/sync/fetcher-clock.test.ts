import { expect } from 'chai'
import { systemRandom } from '../../../src/node/primitives/clock.ts'
import { ContextId, DeltaId } from '../../../src/node/primitives/ids.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { noMetrics } from '../../../src/node/metrics.ts'
import { SECOND_OPINION_MS } from '../../../src/node/sync/limits.ts'
import { syncMetrics } from '../../../src/node/sync/metrics.ts'
import { Misbehaviour } from '../../../src/node/sync/quotas.ts'
import { Fetcher, type FetcherComponents } from '../../../src/node/sync/requests/fetcher.ts'
import { ManualClock } from '../../support/stepped-clock.ts'

const context = ContextId.from(new Uint8Array(32).fill(1))
const missing = DeltaId.from(new Uint8Array(32).fill(2))
const HOUR_MS = 3_600_000

/** A fetcher that knows two members, who are asked and never answer. */
function fetcherOf(clock: ManualClock, asked: string[]): Fetcher {
  const members = ['P', 'Q'].map((peer) => ({ peer, party: { role: 'writer' } }))
  const components = {
    replica: {
      has: () => true,
      knows: () => false,
      frontier: () => undefined,
      missingDeltas: () => [],
      missingEpochs: () => [],
    },
    push: { members: () => members, peerHeads: () => [] },
    requests: {
      deltas: (peer: string) => {
        asked.push(peer)
        return new Promise<never>(() => {})
      },
    },
    misbehaviour: new Misbehaviour(clock),
    clock,
    random: systemRandom,
    logger: silentLogger,
    metrics: syncMetrics(noMetrics),
    background: { run: (_name: string, work: () => Promise<void>) => void work() },
  }
  // of its components a fetcher uses what stands above as long as nobody answers
  return new Fetcher(components as unknown as FetcherComponents)
}

describe('fetcher', () => {
  for (const step of [-HOUR_MS, HOUR_MS]) {
    it(`asks another member in time when the wall clock moves by ${step} ms meanwhile`, () => {
      const clock = new ManualClock()
      const asked: string[] = []
      const fetcher = fetcherOf(clock, asked)
      fetcher.start()
      fetcher.want(context, [missing], 'P')
      const other = DeltaId.from(new Uint8Array(32).fill(3))
      expect(asked).to.deep.equal(['P'])
      clock.step(step)
      fetcher.want(context, [other], 'Q')
      clock.tick(SECOND_OPINION_MS - 1)
      expect(asked).to.deep.equal(['P'])
      clock.tick(1)
      expect(asked).to.deep.equal(['P', 'Q'])
      fetcher.stop()
    })
  }
})
