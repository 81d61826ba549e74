import { expect } from 'chai'
import { lineOf, makeScene, type RunOptions, runScene, type Scene } from './run.ts'
import { SCENARIOS } from './scenarios/index.ts'
import { openStage, type Stage } from './stage.ts'

/** What is told of a minute at `npm run attack` is tried here for a few seconds: enough to see a node stand still. */
const SHORT: RunOptions = {
  ...{ warmMs: 200, beforeMs: 400, attackMs: 2_000, afterMs: 400 },
  ...{ factor: 5, floorMs: 5_000, maxGrownMib: 64 },
}
/** The rest is tried by `npm run attack` only. */
const TRIED: ReadonlySet<string> = new Set([
  'keys-invented-by-a-reader',
  'head-made-up-and-answers-dripped',
  'heads-made-up',
  'parents-withheld',
  'forks',
  'gossip-garbage',
  'gossip-unauthored',
])

describe('a bystander of an attack', () => {
  let stage: Stage
  const scenes = new Map<string, Promise<Scene>>()
  const tried = SCENARIOS.filter(({ name }) => TRIED.has(name))
  before(async () => {
    stage = await openStage()
    // all attackers make ready at the same time, and attack one after the other
    for (const scenario of tried) {
      scenes.set(scenario.name, makeScene(stage, scenario, SHORT.attackMs))
    }
    await Promise.all(scenes.values())
  }).timeout(120_000)
  after(async () => {
    for (const scene of await Promise.allSettled(scenes.values())) {
      if (scene.status === 'fulfilled') scene.value.attacker.kill()
    }
    await stage[Symbol.asyncDispose]()
  }).timeout(60_000)

  for (const scenario of tried) {
    it(`is served while a ${scenario.standing} ${scenario.does}`, async () => {
      const scene = await scenes.get(scenario.name)
      if (scene === undefined) throw new RangeError('expected a scene')
      const outcome = await runScene(scene, SHORT)
      expect(outcome.faults, lineOf(outcome)).to.deep.equal([])
    }).timeout(120_000)
  }
})
