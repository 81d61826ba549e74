import { expect } from 'chai'
import fc from 'fast-check'
import type { Signer } from '../../../src/node/anchor/anchor.ts'
import type { Domain } from '../../../src/node/anchor/operations.ts'
import { derivePackageId } from '../../../src/node/anchor/packages/envelope.ts'
import {
  PACKAGE_OPERATION_ORDINALS,
  type PackageOperation,
  type PackageOperationKind,
} from '../../../src/node/anchor/packages/operations.ts'
import * as queries from '../../../src/chains/local/model/packages/queries.ts'
import { equalBytes } from '../../../src/node/primitives/bytes.ts'
import { type PackageId, PublicKey } from '../../../src/node/primitives/ids.ts'
import { person } from '../../compliance/anchor-support.ts'
import { creationOf, NAME, publishing, yanking } from '../../compliance/package-support.ts'
import { PackageScene } from '../../support/ethereum-packages.ts'
import { type Door, DOORS } from '../../support/ethereum-proofs.ts'
import { PackageTwin } from './package-twin.ts'
import type { Verdict } from './twin.ts'

/** Random sequences; more in a long run. */
const SEQUENCES = Number(process.env['MEROGATE_TEST_SEQUENCES'] ?? 40)
/** Requests of a sequence. */
const STEPS = 30
/** Run again with the seed that a failure names. */
const SEED = Number(process.env['MEROGATE_TEST_SEED'] ?? 0x6d65726f)

/** They have accounts. */
const PEOPLE: readonly Signer[] = ['A', 'B', 'C', 'X'].map(person)
const [A = person('A'), B = person('B')] = PEOPLE
/** Has no account. */
const UNBOUND = person('unbound')
/** A key of small order: y = 1. */
const WEAK: Signer = { ...A, publicKey: PublicKey.from(Uint8Array.of(1, ...new Uint8Array(31))) }
const EVERYBODY = [...PEOPLE, UNBOUND, WEAK]
/** More than may own a package with these. */
const CROWD = Array.from({ length: 6 }, (_, at) => person(`crowd ${at}`))

const index = (max: number): fc.Arbitrary<number> => fc.nat({ max: max - 1 })
function mostly<T>(usual: T, ...others: readonly [T, ...T[]]): fc.Arbitrary<T> {
  const [weight, rest] = [14, fc.constantFrom(...others)]
  return fc.oneof({ weight, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: rest })
}

const kinds = (weights: Readonly<Record<PackageOperationKind, number>>): PackageOperationKind[] =>
  (Object.keys(weights) as PackageOperationKind[]) // a record has its keys and no others
    .flatMap((kind) => Array<PackageOperationKind>(weights[kind]).fill(kind))

const step = fc.record({
  kind: fc.constantFrom(
    ...kinds({
      ...{ createPackage: 1, publishRelease: 8, yankRelease: 6 },
      ...{ addOwner: 7, removeOwner: 4, acceptOwnership: 8 },
    }),
  ),
  signer: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: index(6) }),
  door: fc.constantFrom<Door>(...DOORS),
  nonceShift: mostly(0n, -1n, 1n),
  proof: mostly<'own' | 'foreign' | 'garbage'>('own', 'foreign', 'garbage'),
  garbage: fc.uint8Array({ maxLength: 70 }),
  seconds: fc.nat({ max: 3 }),
  validFor: mostly(600n, -1n, 86_401n),
  ifMembersRevision: mostly<bigint | undefined>(undefined, 1n),
  isElsewhere: mostly(false, true),
  isUnknown: mostly(false, true),
  target: index(EVERYBODY.length + CROWD.length),
  version: fc
    .tuple(
      fc.constantFrom(0, 1, 1, 300),
      fc.constantFrom('0', '1', '2', '3', '4294967295'),
      fc.constantFrom('', '-a', '-b.1'),
    )
    .map(([major, minor, tail]) => `${major}.${minor}.0${tail}`),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function operationOf(s: Step): PackageOperation {
  const owner = ([...EVERYBODY, ...CROWD][s.target] ?? A).publicKey
  switch (s.kind) {
    case 'createPackage':
      return creationOf()
    case 'publishRelease':
      return publishing(s.version)
    case 'yankRelease':
      return yanking(s.version, s.target === 0 ? '' : 'broken')
    case 'addOwner':
    case 'removeOwner':
      return { kind: s.kind, owner }
    case 'acceptOwnership':
      return { kind: s.kind }
  }
}

/** Who asks: mostly one that has been offered ownership accepts it. */
function signerOf(twin: PackageTwin, id: PackageId, s: Step): Signer {
  const chosen = EVERYBODY[s.signer] ?? A
  if (s.kind !== 'acceptOwnership' || s.signer !== 0) return chosen
  const offered = queries.readPackage(twin.state, id)?.offered ?? []
  const known = [...EVERYBODY, ...CROWD].filter(({ publicKey }) =>
    offered.some((one) => equalBytes(one, publicKey)),
  )
  return known[s.target % Math.max(1, known.length)] ?? chosen
}

/** Makes of a step what it means now, and sends it to both. */
async function take(scene: PackageScene, twin: PackageTwin, s: Step): Promise<Verdict> {
  twin.now += BigInt(s.seconds) + 1n
  const ours = scene.bench.domain(scene.address)
  const domain: Domain = s.isElsewhere ? scene.bench.domain() : ours
  const subject = derivePackageId(s.isUnknown ? B.publicKey : A.publicKey, NAME)
  const signer = signerOf(twin, scene.id, s)
  const nonce = queries.readNonce(twin.state, signer.publicKey) + s.nonceShift
  const { ifMembersRevision } = s
  const verdict = await twin.submit(
    {
      ...{ domain, subject, signer: signer.publicKey, operation: operationOf(s) },
      nonce: nonce < 0n ? 0n : nonce,
      validUntil: twin.now + s.validFor,
      ifMembersRevision,
    },
    {
      door: s.door,
      signWith: s.proof === 'foreign' ? (signer === B ? A : B) : signer,
      garbage: s.proof === 'garbage' ? s.garbage : undefined,
    },
  )
  await twin.compare(scene.id, [s.version])
  return verdict
}

/** Refusals that a sequence can meet. */
const REFUSALS: readonly string[] = [
  ...['BadNonce', 'BadSignature', 'Expired', 'LastOwner', 'LimitExceeded', 'NotBound'],
  ...['PackageExists', 'PackageIdMismatch', 'PackageNotFound', 'ReleaseNotFound'],
  ...['RevisionMismatch', 'Unauthorized', 'VersionTooLow', 'WeakKey', 'WrongDomain'],
]

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
    const steps = fc.noBias(fc.array(step, { minLength: STEPS, maxLength: STEPS }))
    for (const [number, list] of fc.sample(steps, { numRuns: SEQUENCES, seed: SEED }).entries()) {
      const back = await scene.bench.snapshot()
      const twin = new PackageTwin(scene, PEOPLE)
      const usual = { ...(list[0] as Step), ...USUAL } // an array of STEPS
      await take(scene, twin, { ...usual, kind: 'createPackage' })
      // now and then nearly as many as there may be
      for (let at = 0; at < CROWD.length && number % 4 === 0; at++) {
        await take(scene, twin, { ...usual, kind: 'addOwner', target: EVERYBODY.length + at })
      }
      for (const [position, s] of list.entries()) {
        const label = `sequence ${number}, request ${position} of seed ${SEED}`
        const [name] = await take(scene, twin, s).catch((cause: unknown) => {
          throw new Error(`${label}: ${String(cause)}`, { cause })
        })
        outcomes.set(name, (outcomes.get(name) ?? 0) + 1)
        if (name === 'accepted') applied.add(s.kind)
      }
      await back()
    }
    // chance must have met everything: otherwise the sequences prove little
    const changes = Object.keys(PACKAGE_OPERATION_ORDINALS)
    expect([...applied], 'applied').to.include.members(
      changes.filter((kind) => kind !== 'createPackage'),
    )
    for (const name of REFUSALS) expect(outcomes.get(name) ?? 0, name).to.be.greaterThan(0)
    expect(outcomes.get('accepted'), 'accepted').to.be.greaterThan((SEQUENCES * STEPS) / 5)
  })
})

/** What is right, by the creator. */
const USUAL: Partial<Step> = {
  ...{ signer: 0, nonceShift: 0n, proof: 'own', validFor: 600n },
  ...{ ifMembersRevision: undefined, isElsewhere: false, isUnknown: false },
}
