import { expect } from 'chai'
import fc from 'fast-check'
import { PACKAGE_OPERATION_ORDINALS } from '../../../src/node/anchor/packages/operations.ts'
import { PackageScene } from '../../support/ethereum-packages.ts'
import { DOORS } from '../../support/ethereum-proofs.ts'
import {
  beginPackages,
  PACKAGE_PEOPLE,
  PACKAGE_REFUSALS,
  packageStepBy,
  takePackage,
} from '../shared/package-steps.ts'
import { count, told } from '../shared/pair.ts'
import { PackageTwin } from './package-twin.ts'

/** Random sequences; more in a long run, `npm run differential`. */
const SEQUENCES = Number(process.env['MEROGATE_TEST_SEQUENCES'] ?? 40)
/** Requests of a sequence. */
const STEPS = 30
/** Run again with the seed that a failure names. */
const SEED = Number(process.env['MEROGATE_TEST_SEED'] ?? 0x6d65726f)

describe('package registry on ethereum against the model', function () {
  this.timeout(SEQUENCES * 2_000 + 60_000)
  let scene: PackageScene

  before(async () => {
    scene = await PackageScene.start()
  })
  after(async () => scene.bench[Symbol.asyncDispose]())

  it(`agrees in ${SEQUENCES} random sequences of ${STEPS} requests`, async () => {
    const outcomes = new Map<string, number>()
    const applied = new Set<string>()
    const steps = fc.noBias(fc.array(packageStepBy(DOORS), { minLength: STEPS, maxLength: STEPS }))
    for (const [number, list] of fc.sample(steps, { numRuns: SEQUENCES, seed: SEED }).entries()) {
      const back = await scene.bench.snapshot()
      const twin = new PackageTwin(scene, PACKAGE_PEOPLE)
      const [first] = list
      if (first !== undefined) await beginPackages(twin, first, number % 4 === 0)
      for (const [position, s] of list.entries()) {
        const label = `sequence ${number}, request ${position} of seed ${SEED}`
        const [name] = await told(label, takePackage(twin, s))
        count(outcomes, name)
        if (name === 'accepted') applied.add(s.kind)
      }
      await back()
    }
    // chance must have met everything: otherwise the sequences prove little
    const changes = Object.keys(PACKAGE_OPERATION_ORDINALS)
    expect([...applied], 'applied').to.include.members(
      changes.filter((kind) => kind !== 'createPackage'),
    )
    for (const name of [...PACKAGE_REFUSALS, 'NotBound']) {
      expect(outcomes.get(name) ?? 0, name).to.be.greaterThan(0)
    }
    expect(outcomes.get('accepted'), 'accepted').to.be.greaterThan((SEQUENCES * STEPS) / 5)
  })
})
