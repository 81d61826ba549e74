/** The rules in Rust against the reference model: by themselves, or as the committed contracts on a local chain. Needs no Rust. */
import { expect } from 'chai'
import fc from 'fast-check'
import { PACKAGE_OPERATION_ORDINALS } from '../../../src/node/anchor/packages/operations.ts'
import { ED25519_SCHEME } from '../../../src/node/anchor/ticket.ts'
import { creation } from '../../compliance/anchor-support.ts'
import type { Rules } from '../core/core-module.ts'
import { CorePackagePair, CorePair } from '../core/core-pair.ts'
import { damage, eachOperation, spoil } from './damage.ts'
import { beginPackages, PACKAGE_REFUSALS, packageStepBy, takePackage } from './package-steps.ts'
import { count, told } from './pair.ts'
import { A, FIRST, REFUSALS, stepBy, take, WEIGHTS } from './steps.ts'

/** Random sequences, and mutated envelopes, in a long run: `npm run differential`. */
const LONG = process.env['MEROGATE_TEST_SEQUENCES']
const MUTATIONS = process.env['MEROGATE_TEST_MUTATIONS']
/** Requests of a sequence. */
const STEPS = 25
/** Run again with the seed that a failure names. */
const SEED = Number(process.env['MEROGATE_TEST_SEED'] ?? 0x6d65726f)

/** What is compared. */
export interface Compared {
  /** Deploys a contract on a chain: what gives it as if nothing had been asked. @default the committed module of the core, without a chain */
  readonly open?: (name: 'contexts' | 'packages') => () => Rules
  /** Where groups move to. */
  readonly successor?: Uint8Array
  /** Damaged envelopes, outside of a long run. @default 500 */
  readonly damages?: number
  /** Random sequences, outside of a long run. From 100 on they have to meet every operation and every refusal. @default 25, of rules that the core has met all of already */
  readonly sequences?: number
}

/** So many sequences meet everything that there is. */
const ENOUGH = 100

/** Declares the tests. */
export function describeDifferences(
  title: string,
  { open, successor, damages: usual = 500, sequences: few = 25 }: Compared = {},
): void {
  const mutations = Number(MUTATIONS ?? usual)
  const sequences = Number(LONG ?? few)

  describe(title, function () {
    this.timeout(sequences * 5_000 + 120_000)

    it(`agrees in ${sequences} random sequences of ${STEPS} requests, in every record too`, async () => {
      const outcomes = new Map<string, number>()
      const applied = new Map<string, number>()
      const begin = open?.('contexts')
      const steps = fc.noBias(fc.array(stepBy(['ed25519']), { minLength: STEPS, maxLength: STEPS }))
      for (const [number, list] of fc.sample(steps, { numRuns: sequences, seed: SEED }).entries()) {
        const pair = new CorePair({ rules: begin?.(), successor })
        const first = { subject: FIRST, signer: A.publicKey, nonce: 0n, validUntil: pair.now + 60n }
        await pair.submit({ ...first, operation: creation() }, { door: 'ed25519', signWith: A })
        for (const [position, s] of list.entries()) {
          const label = `sequence ${number}, request ${position} of seed ${SEED}`
          const [name] = await told(label, take(pair, s))
          count(outcomes, name)
          if (name === 'accepted') count(applied, s.kind)
        }
      }
      // chance must have met everything: otherwise the sequences prove little
      if (sequences >= ENOUGH) {
        expect([...applied.keys()], 'applied').to.have.members(Object.keys(WEIGHTS))
        for (const name of REFUSALS) expect(outcomes.get(name) ?? 0, name).to.be.greaterThan(0)
      }
      expect(outcomes.get('accepted'), 'accepted').to.be.greaterThan((sequences * STEPS) / 5)
    })

    it(`refuses ${mutations} damaged envelopes for the same reason`, async () => {
      const pair = new CorePair({ rules: open?.('contexts')(), successor })
      const originals = await eachOperation(pair)
      const random = fc.array(damage, { minLength: 1, maxLength: 2 })
      const pairs = fc.noBias(fc.tuple(fc.nat({ max: originals.length - 1 }), random))
      const outcomes = new Map<string, number>()
      for (const [position, damages] of fc.sample(pairs, { numRuns: mutations, seed: SEED })) {
        const [original = new Uint8Array(0), signer = A] = originals[position] ?? []
        const envelope = damages.reduce(spoil, original)
        const { signature } = await ED25519_SCHEME.signEnvelope(envelope, signer)
        const label = Buffer.from(envelope).toString('hex')
        const [name] = await told(label, Promise.resolve(pair.judge(envelope, signature)))
        count(outcomes, name)
      }
      for (const name of ['Malformed', 'LimitExceeded', 'WrongDomain', 'BadSignature', 'Expired']) {
        expect(outcomes.get(name) ?? 0, name).to.be.greaterThan(0)
      }
    })

    it(`agrees in ${sequences} random sequences about packages, in every record too`, async () => {
      const outcomes = new Map<string, number>()
      const applied = new Set<string>()
      const begin = open?.('packages')
      const door = packageStepBy(['ed25519'])
      const steps = fc.noBias(fc.array(door, { minLength: STEPS, maxLength: STEPS }))
      for (const [number, list] of fc.sample(steps, { numRuns: sequences, seed: SEED }).entries()) {
        const pair = new CorePackagePair(begin?.())
        const [first] = list
        if (first !== undefined) await beginPackages(pair, first, number % 4 === 0)
        for (const [position, s] of list.entries()) {
          const label = `sequence ${number}, request ${position} of seed ${SEED}`
          const [name] = await told(label, takePackage(pair, s))
          count(outcomes, name)
          if (name === 'accepted') applied.add(s.kind)
        }
      }
      if (sequences >= ENOUGH) {
        const changes = Object.keys(PACKAGE_OPERATION_ORDINALS)
        expect([...applied], 'applied').to.include.members(
          changes.filter((kind) => kind !== 'createPackage'),
        )
        for (const name of PACKAGE_REFUSALS)
          expect(outcomes.get(name) ?? 0, name).to.be.greaterThan(0)
      }
      expect(outcomes.get('accepted'), 'accepted').to.be.greaterThan((sequences * STEPS) / 5)
    })
  })
}
