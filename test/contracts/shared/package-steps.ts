/** Random requests to a package registry, for its comparison with the model, as `steps.ts` has those to groups and contexts. */
import fc from 'fast-check'
import type { Signer } from '../../../src/node/anchor/anchor.ts'
import type { Domain } from '../../../src/node/anchor/operations.ts'
import type { PackageEnvelope } from '../../../src/node/anchor/packages/envelope.ts'
import { derivePackageId } from '../../../src/node/anchor/packages/envelope.ts'
import type {
  PackageOperation,
  PackageOperationKind,
} from '../../../src/node/anchor/packages/operations.ts'
import * as queries from '../../../src/chains/local/model/packages/queries.ts'
import type { PackageView } from '../../../src/chains/local/model/packages/state.ts'
import { equalBytes } from '../../../src/node/primitives/bytes.ts'
import { type PackageId, PublicKey } from '../../../src/node/primitives/ids.ts'
import { person } from '../../compliance/anchor-support.ts'
import { creationOf, NAME, publishing, yanking } from '../../compliance/package-support.ts'
import type { Door } from '../../support/ethereum-proofs.ts'
import type { Proof, Verdict } from './pair.ts'

/** A registry beside its reference model. */
export interface PackagePair {
  /** What the model stores; the registry must answer as if it did. */
  readonly state: PackageView
  now: bigint
  /** The registry's domain, and that of another contract. */
  domains(): { readonly ours: Domain; readonly other: Domain }
  /** Sends a request to both at the same second; fails unless they agree on everything. */
  submit(request: PackageEnvelope, proof: Proof): Promise<Verdict>
  /** Everything that can be asked of a package. */
  compare(id: PackageId, versions: readonly string[]): Promise<void>
}

/** They have accounts. */
export const PACKAGE_PEOPLE: readonly Signer[] = ['A', 'B', 'C', 'X'].map(person)
const [A = person('A'), B = person('B')] = PACKAGE_PEOPLE
/** Has no account. */
const UNBOUND = person('unbound')
/** A key of small order: y = 1. */
const WEAK: Signer = { ...A, publicKey: PublicKey.from(Uint8Array.of(1, ...new Uint8Array(31))) }
const EVERYBODY = [...PACKAGE_PEOPLE, UNBOUND, WEAK]
/** More than may own a package with these. */
const CROWD = Array.from({ length: 6 }, (_, at) => person(`crowd ${at}`))
/** The package that all are about. */
const PACKAGE = derivePackageId(A.publicKey, NAME)

const index = (max: number): fc.Arbitrary<number> => fc.nat({ max: max - 1 })
function mostly<T>(usual: T, ...others: readonly [T, ...T[]]): fc.Arbitrary<T> {
  const [weight, rest] = [14, fc.constantFrom(...others)]
  return fc.oneof({ weight, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: rest })
}

const kinds = (weights: Readonly<Record<PackageOperationKind, number>>): PackageOperationKind[] =>
  (Object.keys(weights) as PackageOperationKind[]) // a record has its keys and no others
    .flatMap((kind) => Array<PackageOperationKind>(weights[kind]).fill(kind))

/** A step as chance made it; what it means depends on what happened before. */
export interface PackageStep {
  readonly kind: PackageOperationKind
  readonly signer: number
  readonly door: Door
  readonly nonceShift: bigint
  readonly proof: 'own' | 'foreign' | 'garbage'
  readonly garbage: Uint8Array
  readonly seconds: number
  readonly validFor: bigint
  readonly ifMembersRevision: bigint | undefined
  readonly isElsewhere: boolean
  readonly isUnknown: boolean
  readonly target: number
  readonly version: string
}

/** Random steps that come in by some doors. */
export function packageStepBy(doors: readonly Door[]): fc.Arbitrary<PackageStep> {
  return fc.record({
    kind: fc.constantFrom(
      ...kinds({
        ...{ createPackage: 1, publishRelease: 8, yankRelease: 6 },
        ...{ addOwner: 7, removeOwner: 4, acceptOwnership: 8 },
      }),
    ),
    signer: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: index(6) }),
    door: fc.constantFrom<Door>(...doors),
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
}

function operationOf(s: PackageStep): PackageOperation {
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
function signerOf(pair: PackagePair, s: PackageStep): Signer {
  const chosen = EVERYBODY[s.signer] ?? A
  if (s.kind !== 'acceptOwnership' || s.signer !== 0) return chosen
  const offered = queries.readPackage(pair.state, PACKAGE)?.offered ?? []
  const known = [...EVERYBODY, ...CROWD].filter(({ publicKey }) =>
    offered.some((one) => equalBytes(one, publicKey)),
  )
  return known[s.target % Math.max(1, known.length)] ?? chosen
}

/** Makes of a step what it means now, and sends it to both. */
export async function takePackage(pair: PackagePair, s: PackageStep): Promise<Verdict> {
  pair.now += BigInt(s.seconds) + 1n
  const { ours, other } = pair.domains()
  const domain = s.isElsewhere ? other : ours
  const subject = s.isUnknown ? derivePackageId(B.publicKey, NAME) : PACKAGE
  const signer = signerOf(pair, s)
  const nonce = queries.readNonce(pair.state, signer.publicKey) + s.nonceShift
  const { ifMembersRevision } = s
  const verdict = await pair.submit(
    {
      ...{ domain, subject, signer: signer.publicKey, operation: operationOf(s) },
      nonce: nonce < 0n ? 0n : nonce,
      validUntil: pair.now + s.validFor,
      ifMembersRevision,
    },
    {
      door: s.door,
      signWith: s.proof === 'foreign' ? (signer === B ? A : B) : signer,
      garbage: s.proof === 'garbage' ? s.garbage : undefined,
    },
  )
  await pair.compare(PACKAGE, [s.version])
  return verdict
}

/** The package that a sequence is about, now and then with nearly as many offers as there may be. */
export async function beginPackages(
  pair: PackagePair,
  first: PackageStep,
  isCrowded: boolean,
): Promise<void> {
  const usual = { ...first, ...USUAL }
  await takePackage(pair, { ...usual, kind: 'createPackage' })
  for (let at = 0; at < CROWD.length && isCrowded; at++) {
    await takePackage(pair, { ...usual, kind: 'addOwner', target: EVERYBODY.length + at })
  }
}

/** What is right, by the creator. */
const USUAL: Partial<PackageStep> = {
  ...{ signer: 0, nonceShift: 0n, proof: 'own', validFor: 600n },
  ...{ ifMembersRevision: undefined, isElsewhere: false, isUnknown: false },
}

/** Refusals that a sequence can meet. */
export const PACKAGE_REFUSALS: readonly string[] = [
  ...['BadNonce', 'BadSignature', 'Expired', 'LastOwner', 'LimitExceeded'],
  ...['PackageExists', 'PackageIdMismatch', 'PackageNotFound', 'ReleaseNotFound'],
  ...['RevisionMismatch', 'Unauthorized', 'VersionTooLow', 'WeakKey', 'WrongDomain'],
]
