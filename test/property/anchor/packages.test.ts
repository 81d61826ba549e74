import { expect } from 'chai'
import fc from 'fast-check'
import {
  decidePackages,
  type PackageDecision,
} from '../../../src/chains/local/model/packages/decide.ts'
import {
  derivePackageId,
  packageEnvelopeCodec,
} from '../../../src/node/anchor/packages/envelope.ts'
import {
  addMajor,
  highestMajor,
  removeMajor,
} from '../../../src/chains/local/model/packages/majors.ts'
import type { PackageOperation } from '../../../src/node/anchor/packages/operations.ts'
import * as queries from '../../../src/chains/local/model/packages/queries.ts'
import { compareVersions, parseVersion } from '../../../src/node/anchor/packages/semver.ts'
import {
  packageKey,
  type PackageEffect,
  type PackageState,
  type PackageTables,
  type PackageView,
} from '../../../src/chains/local/model/packages/state.ts'
import { MAX_PACKAGE_REVISION, MAX_RELEASES } from '../../../src/node/anchor/limits.ts'
import { MemoryTables, TableDraft } from '../../../src/chains/local/model/tables.ts'
import type { Domain } from '../../../src/node/anchor/operations.ts'
import { toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { PublicKey } from '../../../src/node/primitives/ids.ts'
import { latestOf, PackageProjection } from '../../compliance/package-projection.ts'
import {
  accepting,
  creationOf,
  NAME,
  publishing,
  yanking,
} from '../../compliance/package-support.ts'

const DOMAIN: Domain = { chain: 0, network: new Uint8Array(32), contract: utf8('test') }
const NOW = 1_800_000_000n
const PEOPLE = Array.from({ length: 4 }, (_, index) => PublicKey.from(sha256(utf8(`p${index}`))))
const [FIRST = PublicKey.from(new Uint8Array(32))] = PEOPLE
const ID = derivePackageId(FIRST, NAME)

/** The registry under test, with everything that is checked after each step. */
class World {
  readonly state = new MemoryTables<PackageTables>()
  readonly projection = new PackageProjection()

  /** What the model says, which changes nothing. */
  decide(
    who: PublicKey,
    operation: PackageOperation,
    nonceShift: bigint = 0n,
    view: PackageView = this.state,
  ): PackageDecision {
    const shifted = queries.readNonce(this.state, who) + nonceShift
    const nonce = shifted < 0n ? 0n : shifted
    const envelope = packageEnvelopeCodec.encode({
      ...{ domain: DOMAIN, subject: ID, signer: who, validUntil: NOW, operation },
      nonce,
    })
    const before = this.describe()
    const signed = { envelope, signature: new Uint8Array(64) }
    const keys = { isStrong: () => true, verify: () => true }
    const decision = decidePackages(view, signed, { domain: DOMAIN, now: NOW, keys })
    expect(this.describe(), 'decide changes nothing').to.deep.equal(before)
    return decision
  }

  submit(
    who: PublicKey,
    operation: PackageOperation,
    nonceShift: bigint = 0n,
    view: PackageView = this.state,
  ): PackageDecision {
    const before = this.describe()
    const nonce = queries.readNonce(this.state, who)
    const decision = this.decide(who, operation, nonceShift, view)
    if (!decision.accepted) return decision
    this.state.apply(decision.effects)
    if (decision.event !== undefined) this.projection.apply(decision.event)
    expect(queries.readNonce(this.state, who)).to.equal(nonce + 1n)
    this.#checkRevision(before.record?.revision ?? 0n, decision)
    return decision
  }

  /** Everything that can be asked, as plain values. */
  describe(): {
    record: ReturnType<typeof queries.readPackage>
    page: ReturnType<typeof queries.readReleasePage>
    latest: ReturnType<typeof queries.readLatest>
  } {
    return {
      record: queries.readPackage(this.state, ID),
      page: queries.readReleasePage(this.state, ID, 0, 32),
      latest: queries.readLatest(this.state, ID),
    }
  }

  /** What the events tell is what is stored, and the latest releases are those that a look at all of them finds. */
  check(): void {
    const { record, page, latest } = this.describe()
    const releases = this.projection.releases(ID)
    expect(this.projection.records()).to.deep.equal([record])
    expect(page?.items).to.deep.equal(releases.slice(-32).reverse())
    expect(latest).to.deep.equal({
      stable: latestOf(releases, true),
      preRelease: latestOf(releases, false),
    })
    expect(record?.owners.length).to.be.at.least(1)
    const people = [...(record?.owners ?? []), ...(record?.offered ?? [])].map(toHex)
    expect(people.length).to.be.at.most(8)
    expect(new Set(people).size, 'nobody is there twice').to.equal(people.length)
    for (const { version } of releases) {
      expect(queries.readRelease(this.state, ID, version)?.version).to.equal(version)
    }
    this.#checkLines()
  }

  #checkRevision(before: bigint, { event }: Extract<PackageDecision, { accepted: true }>): void {
    const after = queries.readPackage(this.state, ID)?.revision ?? 0n
    expect(after).to.equal(event === undefined ? before : before + 1n)
    if (event !== undefined) expect(event.revision).to.equal(after)
  }

  /** Versions of a major number that are on offer were published in rising order, and none was there twice. */
  #checkLines(): void {
    const releases = this.projection.releases(ID)
    expect(new Set(releases.map(({ version }) => version)).size).to.equal(releases.length)
    const offered = releases.filter(({ yanked }) => !yanked)
    expect(this.state.get('packages', packageKey(ID))?.available).to.equal(offered.length)
    const versions = offered.map(({ version }) => parseVersion(version))
    for (const [index, version] of versions.entries()) {
      const earlier = versions.slice(0, index).filter((other) => other?.major === version?.major)
      for (const other of earlier) {
        if (version === undefined || other === undefined) throw new RangeError('no version')
        expect(compareVersions(version, other)).to.be.greaterThan(0)
      }
    }
  }

  /** Whether a version may be published: the slow and simple way. */
  mayPublish(text: string): boolean {
    const version = parseVersion(text)
    return this.projection.releases(ID).every((release) => {
      const other = parseVersion(release.version)
      if (version === undefined || other === undefined) throw new RangeError('no version')
      if (release.version === text) return false
      return release.yanked || other.major !== version.major || compareVersions(version, other) > 0
    })
  }
}

const who = fc.nat({ max: PEOPLE.length - 1 }).map((index) => PEOPLE[index] ?? FIRST)
const version = fc
  .tuple(fc.constantFrom(0, 1, 2, 300), fc.nat({ max: 4 }), fc.constantFrom('', '-a', '-b.1'))
  .map(([major, minor, tail]) => `${major}.${minor}.0${tail}`)
const operation: fc.Arbitrary<PackageOperation> = fc.oneof(
  { weight: 8, arbitrary: version.map((text) => publishing(text)) },
  { weight: 6, arbitrary: version.map((text) => yanking(text)) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('addOwner' as const, 'addOwner' as const, 'removeOwner' as const),
      owner: who,
    }),
  },
  { weight: 3, arbitrary: fc.constant(accepting()) },
  { weight: 1, arbitrary: fc.constant(creationOf()) },
)
const step = fc.record({
  signer: fc.oneof({ weight: 4, arbitrary: fc.constant(FIRST) }, { weight: 1, arbitrary: who }),
  operation,
  nonceShift: fc.oneof(
    { weight: 9, arbitrary: fc.constant(0n) },
    { weight: 1, arbitrary: fc.constantFrom(-1n, 1n) },
  ),
})

/** A package with something else in the books. */
function packageWith(changes: Partial<PackageState>): World {
  const world = new World()
  world.submit(FIRST, creationOf())
  const known = world.state.get('packages', packageKey(ID))
  if (known === undefined) throw new RangeError('expected a package')
  world.state.apply([{ table: 'packages', key: packageKey(ID), value: { ...known, ...changes } }])
  return world
}

describe('package registry model', () => {
  it('keeps its promises whatever is sent to it', () => {
    let accepted = 0
    let sent = 0
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 50 }), (steps) => {
        const world = new World()
        expect(world.submit(FIRST, creationOf()).accepted).to.equal(true)
        for (const { signer, operation: wanted, nonceShift } of steps) {
          sent++
          const isNext =
            wanted.kind !== 'publishRelease' || world.mayPublish(wanted.release.version)
          const decision = world.submit(signer, wanted, nonceShift)
          if (decision.accepted) accepted++
          const isLow = !decision.accepted && decision.refusal.name === 'VersionTooLow'
          if (isLow || decision.accepted) expect(isNext).to.equal(!isLow)
          world.check()
        }
      }),
    )
    expect(accepted / sent, 'many steps are accepted').to.be.greaterThan(0.15)
  })

  it('offers so many releases at once and not one more, however many there were', () => {
    const limit = { accepted: false, refusal: { name: 'LimitExceeded', number: 2 } }
    // releases are found by key, so those before need not exist
    const world = packageWith({ available: MAX_RELEASES - 1, releases: 100_000 })
    expect(world.submit(FIRST, publishing('1.0.0')).accepted).to.equal(true)
    for (let minor = 1; minor < 4; minor++) {
      expect(world.submit(FIRST, publishing(`1.${minor}.0`))).to.deep.equal(limit)
      expect(world.submit(FIRST, yanking(`1.${minor - 1}.0`)).accepted).to.equal(true)
      expect(world.submit(FIRST, publishing(`1.${minor}.0`)).accepted).to.equal(true)
    }
    // 100 000, and those four
    expect(queries.readRelease(world.state, ID, '1.3.0')?.slot).to.equal(100_003)
  })

  it('takes the last change that a package can have, and refuses one more', () => {
    const limit = { accepted: false, refusal: { name: 'LimitExceeded', number: 2 } }
    const world = packageWith({ revision: MAX_PACKAGE_REVISION - 1n })
    expect(world.decide(FIRST, publishing('1.0.0')).accepted).to.equal(true)
    const last = packageWith({ revision: MAX_PACKAGE_REVISION })
    expect(last.submit(FIRST, publishing('1.0.0'))).to.deep.equal(limit)
  })

  it('reads and writes as many records with hundreds of releases as with a few', () => {
    const world = new World()
    world.submit(FIRST, creationOf())
    const weigh = (wanted: PackageOperation): number => {
      let reads = 0
      const view: PackageView = {
        get(table, key) {
          reads++
          return world.state.get(table, key)
        },
      }
      const decision = world.submit(FIRST, wanted, 0n, view)
      if (!decision.accepted) throw new RangeError(decision.refusal.name)
      return reads + decision.effects.length
    }
    const costs: number[][] = []
    for (let minor = 0; minor < 300; minor++) {
      costs.push(['0', '1'].map((major) => weigh(publishing(`${major}.${minor}.0`))))
    }
    const yanks = [10, 290].map((minor) => weigh(yanking(`1.${minor}.0`)))
    expect(costs.at(-1)).to.deep.equal(costs[3])
    expect(yanks[1]).to.equal(yanks[0])
    expect(Math.max(...yanks, ...(costs[3] ?? []))).to.be.lessThan(30)
  })

  it('finds the greatest of a set of major numbers', () => {
    const major = fc.oneof(
      fc.nat({ max: 600 }),
      fc.constantFrom(255, 256, 65_535, 65_536, 16_777_215, 16_777_216, 4_294_967_295),
      fc.integer({ min: 0, max: 0xffff_ffff }),
    )
    const steps = fc.array(fc.record({ major, isIn: fc.boolean() }), { maxLength: 40 })
    fc.assert(
      fc.property(steps, (list) => {
        const tables = new TableDraft<PackageTables>(new MemoryTables<PackageTables>())
        const known = new Set<number>()
        for (const { major: number, isIn } of list) {
          // what is taken out was put in before, as with releases
          if (isIn) known.add(number)
          else if (!known.delete(number)) continue
          const change = isIn ? addMajor : removeMajor
          change(tables, ID, 'stable', number)
          const expected = known.size === 0 ? undefined : Math.max(...known)
          expect(highestMajor(tables, ID, 'stable')).to.equal(expected)
          expect(highestMajor(tables, ID, 'preRelease')).to.equal(undefined)
        }
        for (const number of known) removeMajor(tables, ID, 'stable', number)
        const left = tables.effects().filter((effect: PackageEffect) => effect.value !== undefined)
        expect(left, 'an empty set leaves nothing behind').to.deep.equal([])
      }),
    )
  })
})
