import { expect } from 'chai'
import { lineOf, runScenario } from './run.ts'
import { SCENARIOS } from './scenarios/index.ts'
import { openStage, type Stage } from './stage.ts'

/** What is told of a minute at `npm run attack` is tried here for a few seconds: enough to see a node stand still. */
const SHORT = { attackMs: 3_000, beforeMs: 1_000, afterMs: 1_000, factor: 5, floorMs: 5_000 }
/** The rest is tried by `npm run attack` only. */
const TRIED: ReadonlySet<string> = new Set([
  'keys-invented-by-a-reader',
  'head-made-up-and-answers-dripped',
  'heads-made-up',
  'parents-withheld',
  'gossip-garbage',
  'gossip-unauthored',
])

describe('a bystander of an attack', () => {
  let stage: Stage
  before(async () => (stage = await openStage())).timeout(60_000)
  after(() => stage[Symbol.asyncDispose]()).timeout(60_000)

  for (const scenario of SCENARIOS.filter(({ name }) => TRIED.has(name))) {
    it(`is served while a ${scenario.standing} ${scenario.does}`, async () => {
      const outcome = await runScenario(stage, scenario, { ...SHORT, maxGrownMib: 64 })
      expect(outcome.faults, lineOf(outcome)).to.deep.equal([])
    }).timeout(120_000)
  }
})
