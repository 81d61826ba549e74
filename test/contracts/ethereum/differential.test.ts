import { expect } from 'chai'
import fc from 'fast-check'
import { ED25519_SCHEME } from '../../../src/node/anchor/ticket.ts'
import { creation } from '../../compliance/anchor-support.ts'
import { ContractBench } from '../../support/ethereum-contracts.ts'
import { bind, delivery, DOORS } from '../../support/ethereum-proofs.ts'
import { damage, eachOperation, spoil } from '../shared/damage.ts'
import { count, told, verdictOf } from '../shared/pair.ts'
import { A, EVERYBODY, FIRST, PEOPLE, REFUSALS, stepBy, take, WEIGHTS } from '../shared/steps.ts'
import { Twin, verdictOfContract } from './twin.ts'

/** Random sequences, and mutated envelopes; more in a long run, `npm run differential`. */
const SEQUENCES = Number(process.env['MEROGATE_TEST_SEQUENCES'] ?? 100)
const MUTATIONS = Number(process.env['MEROGATE_TEST_MUTATIONS'] ?? 800)
/** Requests of a sequence. */
const STEPS = 25
/** Run again with the seed that a failure names. */
const SEED = Number(process.env['MEROGATE_TEST_SEED'] ?? 0x6d65726f)
describe('ethereum contracts against the model', function () {
  this.timeout(SEQUENCES * 2_000 + 60_000)
  let bench: ContractBench
  let back: () => Promise<void>

  before(async () => {
    bench = await ContractBench.start()
    await bind(bench, ...PEOPLE)
  })
  after(async () => bench[Symbol.asyncDispose]())
  beforeEach(async () => {
    back = await bench.snapshot()
  })
  afterEach(async () => back())

  it(`agrees in ${SEQUENCES} random sequences of ${STEPS} requests, whose logs tell all that is stored`, async () => {
    const outcomes = new Map<string, number>()
    const applied = new Map<string, number>()
    const steps = fc.noBias(fc.array(stepBy(DOORS), { minLength: STEPS, maxLength: STEPS }))
    const sequences = fc.sample(steps, { numRuns: SEQUENCES, seed: SEED })
    for (const [number, list] of sequences.entries()) {
      const restore = await bench.snapshot()
      const twin = new Twin(bench, PEOPLE)
      const first = { subject: FIRST, signer: A.publicKey, nonce: 0n, validUntil: twin.now + 60n }
      await twin.submit({ ...first, operation: creation() }, { door: 'ed25519', signWith: A })
      for (const [position, s] of list.entries()) {
        const label = `sequence ${number}, request ${position} of seed ${SEED}`
        const [name] = await told(label, take(twin, s))
        count(outcomes, name)
        if (name === 'accepted') count(applied, s.kind)
      }
      await told(`the log of sequence ${number} of seed ${SEED}`, twin.compareLog(EVERYBODY))
      await restore()
    }
    // chance must have met everything: otherwise the sequences prove little
    expect([...applied.keys()], 'applied').to.have.members(Object.keys(WEIGHTS))
    for (const name of [...REFUSALS, 'NotBound']) {
      expect(outcomes.get(name) ?? 0, name).to.be.greaterThan(0)
    }
    expect(outcomes.get('accepted'), 'accepted').to.be.greaterThan((SEQUENCES * STEPS) / 5)
  })

  it(`refuses ${MUTATIONS} damaged envelopes for the same reason`, async () => {
    const twin = new Twin(bench, PEOPLE)
    const originals = await eachOperation(twin)
    const random = fc.array(damage, { minLength: 1, maxLength: 2 })
    const pair = fc.noBias(fc.tuple(fc.nat({ max: originals.length - 1 }), random))
    const cases = fc.sample(pair, { numRuns: MUTATIONS, seed: SEED })
    const outcomes = new Map<string, number>()
    for (const [position, damages] of cases) {
      const [original = new Uint8Array(0), signer = A] = originals[position] ?? []
      const envelope = damages.reduce(spoil, original)
      const signed = ED25519_SCHEME.signEnvelope(envelope, signer)
      const { signature } = await signed
      const outcome = await bench.call(delivery(bench.anchor, { envelope, signature }, 'ed25519'))
      const verdict = verdictOf(twin.judge(envelope, signature))
      const label = Buffer.from(envelope).toString('hex')
      expect(verdictOfContract(outcome), label).to.deep.equal(verdict)
      count(outcomes, verdict[0])
    }
    for (const name of ['Malformed', 'LimitExceeded', 'WrongDomain', 'BadSignature', 'Expired']) {
      expect(outcomes.get(name) ?? 0, name).to.be.greaterThan(0)
    }
  })
})
