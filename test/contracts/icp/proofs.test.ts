/** What the canisters prove: all that a query read and nothing else, what is not there too, under a certificate of the chain. */
import { Certificate, lookupResultToBuffer } from '@dfinity/agent'
import { Principal } from '@dfinity/principal'
import { expect } from 'chai'
import * as P from 'micro-packed'
import { groupFields, packageLayout } from '../../../src/chains/shared/core/records.ts'
import { envelopeDigest, invitationDigest } from '../../../src/node/anchor/envelope.ts'
import {
  derivePackageId,
  packageEnvelopeCodec,
} from '../../../src/node/anchor/packages/envelope.ts'
import type { PackageOperation } from '../../../src/node/anchor/packages/operations.ts'
import { ED25519_SCHEME } from '../../../src/node/anchor/ticket.ts'
import { blobOf } from '../../../src/devnet/icp/codec/candid.ts'
import { fromUtf8, toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import { application, contextOf, creation, person } from '../../compliance/anchor-support.ts'
import { creationOf, NAME, publishing, yanking } from '../../compliance/package-support.ts'
import { add, remove } from '../../support/ethereum-scene.ts'
import { IcpBench, type Method, NETWORK } from '../../support/icp-contracts.ts'
import { keyOf, Scene, type Table } from '../../support/icp-scene.ts'
import { ProvenRows, rootOf } from '../../support/icp-witness.ts'

/** Settings and operations so far, which every answer has. */
const ALWAYS = ['80', '81']
const slot = (n: number): Uint8Array => P.U32BE.encode(n)
const place = (n: bigint): Uint8Array => P.U64BE.encode(n)

describe('icp contracts: what they prove', function () {
  this.timeout(60_000)

  /** Keys that an answer has beside those that all have. */
  function shown(scene: Scene, method: Method, ...given: readonly unknown[]): string[] {
    const { keys } = scene.prove(method, ...given)
    expect(keys).to.include.members(ALWAYS)
    return keys.filter((key) => !ALWAYS.includes(key))
  }

  const hex = (...keys: readonly Uint8Array[]): string[] => keys.map((key) => toHex(key))

  describe('of contexts', () => {
    let t: Scene
    before(async () => {
      t = await new Scene().begin(person('B'), person('C'))
      t.must(await t.send(t.a, remove(t.b)))
      t.must(await t.send(t.a, creation(2, t.group), { subject: contextOf(t.a, 2) }))
    })

    it('settings, and operations so far', () => {
      const rows = t.prove('info')
      expect(rows.keys).to.deep.equal(ALWAYS)
      const settings = rows.get(keyOf('settings')) ?? new Uint8Array(0)
      expect(fromUtf8(settings.slice(6, 6 + NETWORK.length))).to.equal(NETWORK)
      expect(P.U16LE.decode(settings.slice(0, 2))).to.equal(2)
      expect(t.place).to.equal(4n)
    })

    it('a context, a group, a member and where somebody stands, or that there is none', () => {
      const { a, b, x, group } = t
      const other = contextOf(x)
      const [header, second] = [keyOf('groups', group), contextOf(a, 2)]
      expect(shown(t, 'context', second)).to.deep.equal(hex(keyOf('contexts', second)))
      expect(shown(t, 'group', group)).to.deep.equal(hex(header))
      const member = keyOf('members', group, a.publicKey)
      for (const method of ['member', 'standing'] as const) {
        expect(shown(t, method, group, a.publicKey)).to.deep.equal(hex(header, member))
        expect(shown(t, method, other, a.publicKey)).to.deep.equal([])
      }
      // who went: no member, and what is kept
      const past = keyOf('past', group, b.publicKey)
      expect(shown(t, 'standing', group, b.publicKey)).to.deep.equal(hex(header, past))
      expect(shown(t, 'member', group, b.publicKey)).to.deep.equal(hex(header))
      for (const [method, ...given] of [
        ['context', other],
        ['group', other],
        ['member', group, x.publicKey],
        ['standing', group, x.publicKey],
        ['invitation', new Uint8Array(32)],
      ] as const) {
        const rows = t.prove(method, ...given)
        const key = keyOf(tableOf(method), ...given)
        expect(rows.get(key), method).to.equal(undefined)
        // of what it did not read it says nothing
        expect(() => rows.get(keyOf('members', group, t.c.publicKey))).to.throw('expected')
      }
    })

    it('pages of members, to the last and beyond', async () => {
      const { group } = t
      const header = keyOf('groups', group)
      const all = shown(t, 'members', group, 0, 100)
      expect(all).to.have.members(
        hex(
          header,
          ...[0, 1].map((n) => keyOf('slots', group, slot(n))),
          ...[t.a, t.c].map(({ publicKey }) => keyOf('members', group, publicKey)),
        ),
      )
      expect(shown(t, 'members', group, 2, 100)).to.deep.equal(hex(header))
      expect(shown(t, 'members', group, 0xffff_ffff, 0xffff_ffff)).to.deep.equal(hex(header))
      expect(shown(t, 'members', contextOf(t.x), 0, 9)).to.deep.equal([])
      const crowded = await new Scene().begin()
      for (let from = 0; from < 112; from += 16) {
        const crowd = Array.from({ length: 16 }, (_, at) => person(`crowd ${from + at}`))
        crowded.must(await crowded.send(crowded.a, add(...crowd)))
      }
      expect(crowded.page(0, 1000)?.items).to.have.length(100)
      expect(crowded.page(100, 100)?.items).to.have.length(13)
    })

    it('an invitation that is remembered', async () => {
      const terms = t.terms({ maxUses: 2 })
      const { x, a } = t
      t.must(await t.send(x, await t.claim(terms, x.publicKey, a), { nonce: 0n }))
      const digest = invitationDigest(terms)
      expect(shown(t, 'invitation', digest)).to.deep.equal(hex(keyOf('invitations', digest)))
    })

    it('what was applied, and what became of a request', async () => {
      const { a, group } = t
      expect(shown(t, 'changes', [1n], 2)).to.deep.equal(
        hex(keyOf('log', place(1n)), keyOf('log', place(2n))),
      )
      expect(shown(t, 'changes', [], 1)).to.deep.equal(hex(keyOf('log', place(0n))))
      expect(shown(t, 'changes', [900n], 9)).to.deep.equal([])
      const before = t.place
      const signed = await t.signed(a, add(person('D')))
      const nonce = t.nonceOf(a)
      const digest = envelopeDigest(signed.envelope)
      const asked = [group, a.publicKey, nonce, digest]
      const context = keyOf('contexts', group)
      const member = keyOf('members', group, a.publicKey)
      const index = keyOf('applied', group, a.publicKey, place(nonce))
      expect(shown(t, 'applied', ...asked)).to.deep.equal(hex(context, member))
      t.must(t.deliver(signed))
      const found = hex(context, keyOf('log', place(before)), index)
      expect(shown(t, 'applied', ...asked)).to.deep.equal(found)
      const [entry] = t.changes(before)
      expect(toHex(entry?.digest ?? digest)).to.equal(toHex(digest))
      // of the message, in nanoseconds
      expect((entry?.time ?? 0n) / 1_000_000_000n).to.equal(t.now)
    })
  })

  it('rows of every length, hashed as everybody does it', async () => {
    const t = await new Scene().begin()
    const { certifiedData } = t.bench.canister(t.id)
    // a block has 64 bytes, and what is behind the last one takes another where it is long
    for (let length = 1; length <= 2 * 64 + 1; length++) {
      const changed = { ...application(7), source: 'x'.repeat(length) }
      const update = { kind: 'updateApplication', application: changed } as const
      t.must(await t.send(t.a, update, { subject: t.context }))
      const { certifiedData: now } = t.bench.canister(t.id)
      expect(toHex(now), String(length)).to.equal(toHex(rootOf(t.stored())))
    }
    expect(certifiedData).to.not.deep.equal(t.bench.canister(t.id).certifiedData)
  })

  it('of packages: each with its releases, the highest of both channels, and nonces', async () => {
    const bench = new IcpBench()
    const scene = new Scene(bench, bench.deploy('packages'))
    const { a, x } = scene
    const id = derivePackageId(a.publicKey, NAME)
    let nonce = 0n
    const send = async (operation: PackageOperation): Promise<void> => {
      const envelope = packageEnvelopeCodec.encode({
        ...{ domain: scene.domain, subject: id, signer: a.publicKey, nonce, operation },
        validUntil: bench.now + 60n,
      })
      const { signature } = await ED25519_SCHEME.signEnvelope(envelope, a)
      scene.must(scene.deliver({ envelope, signature }))
      nonce += 1n
    }
    await send(creationOf())
    expect(shown(scene, 'latest', id)).to.have.length(1)
    const sources = Array.from({ length: 4 }, () => 'u'.repeat(512))
    for (let at = 0; at <= 40; at++) await send(publishing(`1.0.${at}`, { sources }))
    await send(publishing('70000.0.0-rc.1'))
    await send(yanking('1.0.40'))
    const key = (table: number, ...parts: readonly Uint8Array[]): string =>
      toHex(Uint8Array.of(table, ...id, ...parts.flatMap((part) => [...part])))
    const header = key(1)
    const row = scene.prove('package', id).get(Uint8Array.of(1, ...id))
    expect(row && packageLayout.decode(row)).to.include({ name: NAME, releases: 42, available: 41 })
    expect(shown(scene, 'release', id, '1.0.40')).to.have.members([
      ...[key(3, utf8('1.0.40')), key(2, slot(41))],
    ])
    expect(shown(scene, 'release', id, '1.0.4')).to.have.length(2)
    expect(shown(scene, 'release', id, '1.0.41')).to.deep.equal([])
    // words of both channels, lines and releases of both
    const latest = shown(scene, 'latest', id)
    expect(latest).to.include.members([header, key(2, slot(40)), key(2, slot(42))])
    expect(latest).to.include.members([key(4, slot(1)), key(4, slot(70_000))])
    const releases = shown(scene, 'releases', id, 0, 99)
    expect(releases).to.have.members([
      header,
      ...Array.from({ length: 32 }, (_, at) => key(2, slot(42 - at))),
    ])
    expect(shown(scene, 'releases', id, 42, 9)).to.deep.equal([header])
    const own = Uint8Array.of(6, ...a.publicKey)
    expect(shown(scene, 'nonce', a.publicKey)).to.deep.equal(hex(own))
    expect(P.U64LE.decode(scene.prove('nonce', a.publicKey).get(own) ?? own)).to.equal(nonce)
    expect(shown(scene, 'nonce', x.publicKey)).to.deep.equal([])
  })

  it('[W30] under a certificate that the chain’s own key signed, of this canister', async () => {
    const bench = new IcpBench({ isCertified: true })
    const t = await new Scene(bench).begin()
    const answer = bench.query(t.id, 'group', t.group) as Record<string, Uint8Array> // PROVEN
    const canisterId = Principal.fromUint8Array(t.id)
    const options = { rootKey: bench.rootKey, canisterId, disableTimeVerification: true }
    const bytes = blobOf(answer['certificate'] ?? [])
    const certificate = await Certificate.create({ ...options, certificate: bytes })
    const path = [utf8('canister'), t.id, utf8('certified_data')]
    const certified = lookupResultToBuffer(certificate.lookup_path(path))
    const rows = new ProvenRows(blobOf(answer['witness'] ?? []))
    expect(toHex(certified ?? bytes)).to.equal(toHex(rows.root))
    const row = rows.get(keyOf('groups', t.group))
    expect(row && P.struct(groupFields).decode(row).count).to.equal(1)
    const forged = bytes.slice()
    forged[forged.length - 9] = (forged.at(-9) ?? 0) ^ 1
    const tried = Certificate.create({ ...options, certificate: forged })
    expect(
      await tried.then(
        () => 'taken',
        () => 'refused',
      ),
    ).to.equal('refused')
  })
})

/** Where the answer to a question lies. */
function tableOf(method: 'context' | 'group' | 'member' | 'standing' | 'invitation'): Table {
  const tables = { context: 'contexts', group: 'groups', invitation: 'invitations' } as const
  return method === 'member' || method === 'standing' ? 'members' : tables[method]
}
