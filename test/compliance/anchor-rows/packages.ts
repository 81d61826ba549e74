/** Rows about packages and their releases, on anchors that have a registry. Rows about its signed bytes are in `package-bytes.ts`. */
import { expect } from 'chai'
import { derivePackageId } from '../../../src/node/anchor/packages/envelope.ts'
import { PackageId } from '../../../src/node/primitives/ids.ts'
import { type AnchorBench, crowd } from '../anchor-bench.ts'
import { codeOf, refusalOf } from '../anchor-support.ts'
import {
  accepting,
  creationOf,
  NAME,
  owning,
  PackageBench,
  publishing,
  releaseOf,
  yanking,
} from '../package-support.ts'
import { PackageProjection } from '../package-projection.ts'
import { packageByteRows } from './package-bytes.ts'
import { packageOwnerRows } from './package-owners.ts'

const UNKNOWN = PackageId.from(new Uint8Array(32).fill(9))

/** Registers the tests on a contract. */
export function packageRows(t: AnchorBench): void {
  const { a, b, c, x } = t
  const p = new PackageBench(t)
  const { id, create, submit, outcome, publish, record, release, latestVersions, page } = p

  describe('packages', () => {
    it('is announced by the manifest', () => {
      expect(t.anchor.supports.packages).to.equal(true)
    })

    it('creates a package that its creator owns', async () => {
      const texts = { description: 'Talks. ✓', repository: 'https://example.org/chat' }
      await submit(creationOf(NAME, texts))
      expect(await record()).to.deep.equal({
        id,
        name: NAME,
        ...texts,
        owners: [a.publicKey],
        offered: [],
        revision: 1n,
        releaseCount: 0,
        latestStable: undefined,
        latestPreRelease: undefined,
      })
      expect(await latestVersions()).to.deep.equal([undefined, undefined])
      expect(await page(0, 10)).to.deep.equal({ revision: 1n, total: 0, items: [] })
    })

    it('[45] tells an unknown package from a known one without the release', async () => {
      await create()
      expect(await release('1.0.0')).to.equal(undefined)
      expect(await p.registry.readPackage(UNKNOWN)).to.equal(undefined)
      expect(await p.registry.readReleases(UNKNOWN)).to.equal(undefined)
      for (const read of [
        p.registry.readLatest(UNKNOWN),
        p.registry.readRelease(UNKNOWN, '1.0.0'),
      ]) {
        expect(await refusalOf(read)).to.equal('PackageNotFound')
      }
      for (const operation of [
        ...[publishing('1.0.0'), yanking('1.0.0'), owning('addOwner', b), accepting()],
      ]) {
        expect(await outcome(operation, a, UNKNOWN)).to.equal('PackageNotFound')
      }
    })

    it('gives a name to each creator once', async () => {
      expect(await create()).to.equal('accepted')
      expect(await create()).to.equal('PackageExists')
      expect(await create(NAME, b)).to.equal('accepted')
      expect(await outcome(creationOf(), c)).to.equal('PackageExists')
      const other = derivePackageId(x.publicKey, NAME)
      expect(await outcome(creationOf(), c, other)).to.equal('PackageIdMismatch')
      expect(await outcome(creationOf('org.example.other'), x, other)).to.equal('PackageIdMismatch')
      expect((await record()).owners).to.deep.equal([a.publicKey])
    })

    it('takes names in reverse-DNS style only', async () => {
      for (const name of ['a.b', '0.-', `a.${'b'.repeat(126)}`, 'com.example.my-app.v2']) {
        expect(await create(name), name).to.equal('accepted')
      }
      for (const name of [
        ...[
          '',
          'a',
          'ab',
          'abc',
          '...',
          '.ab',
          'ab.',
          'a..b',
          'A.b',
          'a_b.c',
          'a.b c',
          'a.ü',
          'a.b\0',
        ],
        ...['a/b.c', 'a.b:', 'a.b`', 'a.b{', 'a.b@', 'a.b,'],
      ]) {
        expect(await create(name), JSON.stringify(name)).to.equal('Malformed')
      }
    })

    it('takes texts up to their bounds and sends nothing beyond', async () => {
      const long = 'ü'.repeat(256)
      expect(await outcome(creationOf(NAME, { description: long, repository: long }))).to.equal(
        'accepted',
      )
      const { description, repository } = await record()
      expect([description, repository]).to.deep.equal([long, long])
      for (const operation of [
        creationOf(`a.${'b'.repeat(127)}`),
        creationOf(NAME, { description: `${long}.` }),
        creationOf(NAME, { repository: `${long}.` }),
        publishing(`1.0.0-${'a'.repeat(59)}`),
        publishing('1.0.0', { minRuntime: '1'.repeat(65) }),
        publishing('1.0.0', { sources: ['a', 'b', 'c', 'd', 'e'] }),
        publishing('1.0.0', { sources: ['a', `${long}.`] }),
        yanking('1'.repeat(65)),
        yanking('1.0.0', `${long}.`),
      ]) {
        expect(await codeOf(submit(operation))).to.equal('ANCHOR_LIMIT')
        const message = await p.signed(operation, { nonce: 1n })
        expect(await p.send(message), operation.kind).to.equal('LimitExceeded')
      }
      const version = `1.0.0-${'a'.repeat(58)}`
      const largest = { minRuntime: '1'.repeat(64), sources: [long, long, '', long] }
      expect(await outcome(publishing(version, largest))).to.equal('accepted')
      expect(await outcome(yanking(version, long))).to.equal('accepted')
      expect(await release(version)).to.deep.include({ ...largest, yanked: true, yankReason: long })
    })

    it('[72] publishes versions that rise within their major line', async () => {
      await create()
      const outcomes: unknown[] = []
      for (const version of ['1.0.0', '1.1.0', '2.0.0', '1.2.0', '1.1.5', '1.2.0', 'abc']) {
        outcomes.push(await outcome(publishing(version)))
      }
      expect(outcomes).to.deep.equal([
        ...['accepted', 'accepted', 'accepted', 'accepted'],
        ...['VersionTooLow', 'VersionTooLow', 'Malformed'],
      ])
      expect(await latestVersions()).to.deep.equal(['2.0.0', undefined])
      expect(await record()).to.deep.include({
        releaseCount: 4,
        revision: 5n,
        latestStable: '2.0.0',
      })
    })

    it('[72] publishes nothing below a stable release, nor below a pre-release', async () => {
      await create()
      for (const [version, expected] of [
        ['1.1.0-a', 'accepted'],
        ['1.0.9', 'VersionTooLow'],
        ['1.1.0', 'accepted'],
        ['1.1.0-b', 'VersionTooLow'],
        ['1.2.0-a', 'accepted'],
        ['1.2.0-a.b.1', 'accepted'],
        ['1.2.0-a.b', 'VersionTooLow'],
      ] as const) {
        expect(await outcome(publishing(version)), version).to.equal(expected)
      }
      expect(await latestVersions()).to.deep.equal(['1.1.0', '1.2.0-a.b.1'])
    })

    it('keeps a release as it was published', async () => {
      await create()
      await publish('1.0.0')
      const published = { publisher: a.publicKey, slot: 0, yanked: false, yankReason: '' }
      const expected = { ...releaseOf('1.0.0'), ...published }
      expect(await release('1.0.0')).to.deep.equal(expected)
      expect((await p.latest()).stable).to.deep.equal(expected)
      const none = new Uint8Array(32)
      const bare = { sources: [], size: 0n, minRuntime: '', abi: none, notes: none }
      await submit(publishing('1.0.1', bare))
      expect(await release('1.0.1')).to.deep.include({ ...bare, slot: 1 })
      expect(await outcome(publishing('1.0.0', bare))).to.equal('VersionTooLow')
      expect(await release('1.0.0')).to.deep.equal(expected)
    })

    it('[W32] parses every version strictly, the first one too', async () => {
      await create()
      for (const version of [
        ...['', '1', '1.0', '1.0.0.0', 'v1.0.0', '01.0.0', '1.00.0', '1.0.00', '1.0.0-', '-1.0.0'],
        ...[
          '1.0.0-a..b',
          '1.0.0-01',
          '1.0.0-a.',
          '1.0.0-.a',
          '1.0.0-ä',
          '1.0.0-a_b',
          '1.0.0+build',
        ],
        ...[
          '1.0.0-a+b',
          ' 1.0.0',
          '1.0.0 ',
          '1.0.0\n',
          '4294967296.0.0',
          '0.0.4294967296',
          '1.a.0',
        ],
        ...[
          '1..0',
          '1.0.',
          '.0.0',
          '1,0,0',
          '1.0.0-a b',
          '1.0.0-@',
          '1.0.0-[',
          '1.0.0-`',
          '1.0.0-{',
        ],
      ]) {
        expect(await outcome(publishing(version)), JSON.stringify(version)).to.equal('Malformed')
      }
      for (const version of ['0.0.0', '4294967295.4294967295.4294967295', '1.0.0-0A.-.00a.x-y-z']) {
        expect(await outcome(publishing(version)), version).to.equal('accepted')
      }
      expect((await record()).revision).to.equal(4n)
    })

    it('orders pre-releases as semver 2.0.0 does', async () => {
      await create()
      // item 11.4 of the specification, with more of its kinds between
      const rising = [
        ...['1.0.0-0', '1.0.0-9', '1.0.0-10', '1.0.0--', '1.0.0-alpha', '1.0.0-alpha.1'],
        ...[
          '1.0.0-alpha.beta',
          '1.0.0-beta',
          '1.0.0-beta.2',
          '1.0.0-beta.11',
          '1.0.0-rc.1',
          '1.0.0',
        ],
        ...['1.0.1-a', '1.0.1', '1.1.0'],
      ]
      for (const [index, version] of rising.entries()) {
        expect(await outcome(publishing(version)), version).to.equal('accepted')
        for (const lower of rising.slice(Math.max(0, index - 1), index + 1)) {
          expect(await outcome(publishing(lower)), lower).to.equal('VersionTooLow')
        }
      }
      expect(await latestVersions()).to.deep.equal(['1.1.0', '1.0.1-a'])
    })

    it('[73] skips a yanked release, which stays readable', async () => {
      await create()
      await publish('1.0.0', '1.1.0', '2.0.0', '1.2.0', '2.1.0-beta', '2.1.0-rc', '3.0.0-a')
      const latestAfter = async (version: string): Promise<unknown> => {
        expect(await outcome(yanking(version, `no ${version}`))).to.equal('accepted')
        return latestVersions()
      }
      expect(await latestAfter('2.0.0')).to.deep.equal(['1.2.0', '3.0.0-a'])
      expect(await latestAfter('1.1.0')).to.deep.equal(['1.2.0', '3.0.0-a'])
      expect(await latestAfter('1.2.0')).to.deep.equal(['1.0.0', '3.0.0-a'])
      expect(await latestAfter('3.0.0-a')).to.deep.equal(['1.0.0', '2.1.0-rc'])
      expect(await latestAfter('2.1.0-beta')).to.deep.equal(['1.0.0', '2.1.0-rc'])
      expect(await latestAfter('2.1.0-rc')).to.deep.equal(['1.0.0', undefined])
      expect(await latestAfter('1.0.0')).to.deep.equal([undefined, undefined])
      const yanked = { publisher: a.publicKey, slot: 2, yanked: true, yankReason: 'no 2.0.0' }
      expect(await release('2.0.0')).to.deep.equal({ ...releaseOf('2.0.0'), ...yanked })
      expect((await page(0, 32)).items).to.have.length(7)
      for (const version of ['2.0.0', '1.2.0', '2.1.0-rc']) {
        expect(await outcome(publishing(version)), version).to.equal('VersionTooLow')
      }
      await publish('1.2.1', '2.1.0')
      expect(await latestVersions()).to.deep.equal(['2.1.0', undefined])
    })

    it('closes no line for ever, whatever was published in it', async () => {
      const [last, top] = ['4294967295', '4294967295.4294967295']
      await create()
      await publish('1.4.2')
      await p.admit(b)
      // one who is put out afterwards, as often as it likes, in lines that are there and in others
      const burnt = [`1.${last}.0`, `1.${top}-a`, `1.${top}`, `2.${top}`, `${last}.${top}`]
      for (const version of burnt) await submit(publishing(version), b)
      await submit(owning('removeOwner', b))
      for (const version of ['1.4.3', '2.0.0']) {
        expect(await outcome(publishing(version)), version).to.equal('VersionTooLow')
      }
      // each one is taken back by one operation, in any order
      for (const version of burnt.toReversed()) await submit(yanking(version))
      expect(await latestVersions()).to.deep.equal(['1.4.2', undefined])
      // what is above no more counts; what was there is never there again, nor what is below the rest
      for (const version of [...burnt, '1.4.2', '1.4.1', '1.4.2-a']) {
        expect(await outcome(publishing(version)), version).to.equal('VersionTooLow')
      }
      await publish('1.4.3-a', '1.4.3', '2.0.0', `${last}.0.0`)
      expect(await outcome(publishing('1.4.3-b'))).to.equal('VersionTooLow')
      expect(await latestVersions()).to.deep.equal([`${last}.0.0`, '1.4.3-a'])
      const { publisher, yanked } = (await release(`1.${top}`)) ?? {}
      expect([publisher, yanked]).to.deep.equal([b.publicKey, true])
    })

    it('yanks once, and only what there is', async () => {
      await create()
      await publish('1.0.0')
      expect(await outcome(yanking('1.0.1'))).to.equal('ReleaseNotFound')
      expect(await outcome(yanking('abc'))).to.equal('ReleaseNotFound')
      expect(await outcome(yanking('1.0.0', 'first'))).to.equal('accepted')
      expect(await outcome(yanking('1.0.0', 'second'))).to.equal('accepted')
      expect(await release('1.0.0')).to.include({ yanked: true, yankReason: 'first' })
      expect((await record()).revision).to.equal(3n)
      await publish('1.0.1')
      expect(await outcome(yanking('1.0.1', ''))).to.equal('accepted')
      expect(await release('1.0.1')).to.include({ yanked: true, yankReason: '' })
    })

    it('[W32] finds the latest among lines far apart', async () => {
      await create()
      const majors = [300, 0, 4294967295, 255, 65536, 256, 16777216, 1]
      await publish(...majors.map((major) => `${major}.0.0`))
      for (const major of majors.toSorted((one, other) => other - one)) {
        expect(await latestVersions()).to.deep.equal([`${major}.0.0`, undefined])
        await submit(yanking(`${major}.0.0`))
      }
      expect(await latestVersions()).to.deep.equal([undefined, undefined])
      await publish('256.0.1')
      expect(await latestVersions()).to.deep.equal(['256.0.1', undefined])
    })

    it('pages through releases, newest first', async () => {
      await create()
      const versions = Array.from({ length: 35 }, (_, index) => `1.0.${index}`)
      await publish(...versions)
      const newest = versions.toReversed()
      for (const [offset, length, expected] of [
        [0, 5, newest.slice(0, 5)],
        [5, 100, newest.slice(5, 35)],
        [0, 33, newest.slice(0, 32)],
        [0, Number.MAX_SAFE_INTEGER, newest.slice(0, 32)],
        [34, 5, ['1.0.0']],
        [35, 5, []],
        [Number.MAX_SAFE_INTEGER, 5, []],
        [0, 0, []],
      ] as const) {
        const { revision, total, items } = await page(offset, length)
        expect(items.map(({ version }) => version)).to.deep.equal(expected)
        expect(items.map(({ slot }) => slot)).to.deep.equal(
          expected.map((version) => versions.indexOf(version)),
        )
        expect([revision, total]).to.deep.equal([36n, 35])
      }
      const { value } = (await p.registry.readReleases(id)) ?? {}
      expect(value?.items).to.have.length(32)
    })

    it('[83] announces all that a client needs to know', async () => {
      const events = t.harness.packageEvents
      if (events === undefined) return expect.fail('expected a harness that tells of events')
      await create()
      await create('org.example.other', b)
      await publish('1.0.0', '1.1.0', '2.0.0-a')
      await submit(yanking('1.1.0'))
      await submit(yanking('1.1.0', 'again'))
      for (const who of [b, c]) await p.admit(who)
      await submit(publishing('3.0.0'), b)
      const [stranger = x] = crowd(1)
      for (const who of [x, stranger]) await submit(owning('addOwner', who))
      await submit(owning('removeOwner', x))
      const projection = new PackageProjection()
      for (const event of await events()) projection.apply(event)
      expect(projection.records()[0]?.offered).to.deep.equal([stranger.publicKey])
      await submit(owning('removeOwner', a), c)
      for (const event of (await events()).slice(-1)) projection.apply(event)
      expect(projection.records().map(({ id: known }) => known)).to.have.length(2)
      for (const projected of projection.records()) {
        expect(projected).to.deep.equal(await record(projected.id))
      }
      expect(projection.releases(id)).to.deep.equal((await page(0, 32)).items.toReversed())
    })

    packageOwnerRows(t, p)
    packageByteRows(t, p)
  })
}
