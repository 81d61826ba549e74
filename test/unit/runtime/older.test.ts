import { expect } from 'chai'
import { generateSigningKey } from '../../../src/node/crypto/sign.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { readAccess } from '../../../src/node/runtime/artifact/access.ts'
import {
  type Action,
  actionTime,
  type Layout,
  LAYOUTS,
  type Upsert,
} from '../../../src/node/runtime/artifact/layout.ts'
import { signArtifact } from '../../../src/node/runtime/artifact/signing.ts'
import type { GuestOutcome } from '../../../src/node/runtime/engine.ts'
import type { LoadedModule } from '../../../src/node/runtime/wasm/loaded.ts'
import { thrownCode } from '../../support/error-code.ts'
import { Replica, seeded, sha256 } from '../../support/guest.ts'
import { loadOlder, type OlderEra, RELEASES } from '../../support/older-app.ts'
import { START_NS } from '../../support/trace-world.ts'

const LAYOUT_OF: Readonly<Record<OlderEra, Layout>> = LAYOUTS

function copy(module: LoadedModule, name: string, lane: number): Replica {
  const signer = generateSigningKey(sha256(name))
  const init = { module, name, lane, signer, wallNs: () => START_NS, random: seeded(name).bytes }
  return new Replica(init)
}

function take(replica: Replica, { artifact, lastNs }: GuestOutcome): GuestOutcome {
  return replica.apply(artifact, lastNs)
}

/** Two copies of one context. */
function pair(module: LoadedModule): [Replica, Replica] {
  const [one, two] = [copy(module, 'one', 1), copy(module, 'two', 2)]
  take(two, one.call('init'))
  return [one, two]
}

function expectEqual(...replicas: readonly Replica[]): void {
  expect(new Set(replicas.map(({ root }) => toHex(root ?? sha256('')))).size).to.equal(1)
  const shown = replicas.map((replica) =>
    JSON.stringify(['items', 'len', 'tags', 'pushed', 'hits', 'title'].map((q) => replica.view(q))),
  )
  expect(new Set(shown).size).to.equal(1)
}

for (const era of Object.keys(RELEASES) as OlderEra[]) {
  describe(`an application of ${RELEASES[era]}`, () => {
    it('has a removed key again once it is set again, everywhere', async () => {
      const [one, two] = pair(await loadOlder(era))
      take(two, one.call('set', { key: 'k', value: '1' }))
      take(two, one.call('remove', { key: 'k' }))
      for (const replica of [one, two]) {
        expect(replica.view('get', { key: 'k' })).to.equal(null)
        expect(replica.view('len')).to.equal(0)
      }
      expectEqual(one, two)
      take(one, two.call('set', { key: 'k', value: '2' }))
      for (const replica of [one, two]) expect(replica.view('get', { key: 'k' })).to.equal('2')
      expectEqual(one, two)
    })

    it('keeps the later one of a removal and a write at once', async () => {
      const [one, two] = pair(await loadOlder(era))
      take(two, one.call('set', { key: 'k', value: '1' }))
      take(two, one.call('set', { key: 'l', value: '1' }))
      const removed = one.call('remove', { key: 'k' })
      two.see(removed.lastNs)
      const written = two.call('set', { key: 'k', value: 'later' })
      const earlier = one.call('set', { key: 'l', value: 'earlier' })
      two.see(earlier.lastNs)
      const later = two.call('remove', { key: 'l' })
      for (const outcome of [written, later]) take(one, outcome)
      for (const outcome of [removed, earlier]) take(two, outcome)
      for (const replica of [one, two]) {
        expect(replica.view('items')).to.deep.equal({ k: 'later' })
      }
      expectEqual(one, two)
    })

    // battery, older 0.8.0, causal, seed 19
    it('remembers a removal that changes nothing when it comes', async () => {
      const module = await loadOlder(era)
      const [one, two] = pair(module)
      const three = copy(module, 'three', 3)
      const set = one.call('set', { key: 'k', value: '1' })
      take(two, set)
      three.copyFrom(two)
      const removed = one.call('remove', { key: 'k' })
      const again = one.call('set', { key: 'k', value: '2' })
      two.see(again.lastNs)
      const last = two.call('remove', { key: 'k' })
      three.see(last.lastNs)
      const own = three.call('push', { value: 'later' })
      for (const outcome of [removed, last, again]) take(three, outcome)
      for (const outcome of [removed, again, own]) take(two, outcome)
      for (const outcome of [last, own]) take(one, outcome)
      expect(three.view('items')).to.deep.equal({})
      expectEqual(one, two, three)
    })

    it('is read strictly: every artefact and record gives the same bytes again', async () => {
      const layout = LAYOUT_OF[era]
      const [one] = pair(await loadOlder(era))
      for (const [method, params] of [
        ['set', { key: 'k', value: '1' }],
        ['push', { value: '1' }],
        ['own', { value: '1' }],
        ['remove', { key: 'k' }],
      ] as const) {
        const { artifact } = one.call(method, params)
        const actions = layout.decodeArtifact(artifact)
        expect(toHex(layout.encodeArtifact(actions))).to.equal(toHex(artifact))
        expect(thrownCode(() => layout.decodeArtifact(artifact.subarray(0, -1)))).to.equal(
          'RUNTIME_ARTIFACT_INVALID',
        )
        for (const { id } of actions) {
          const row = one.rows.shared.get(toHex(sha256(Uint8Array.of(0), id)))
          if (row === undefined) continue
          expect(toHex(layout.encodeIndex(layout.decodeIndex(row)))).to.equal(toHex(row))
        }
      }
    })

    it("takes a user's own entry of that user alone, signed for its time", async () => {
      if (era === 'E1') return // there are none
      const [one, two] = pair(await loadOlder(era))
      const three = copy(await loadOlder(era), 'three', 3)
      const first = one.call('own', { value: 'first' })
      take(two, first)
      take(two, one.call('own', { value: 'second' }))
      expectEqual(one, two)
      const layout = LAYOUT_OF[era]
      const isOwn = ({ metadata }: Action): boolean => readAccess(metadata.storage).kind === 'user'
      const owned = layout.decodeArtifact(first.artifact).filter(isOwn)
      const before = two.rows.dump()
      // once more, it changes nothing
      two.apply(layout.encodeArtifact(owned))
      expect(two.rows.dump()).to.equal(before)
      const forged = owned.map((action) => {
        const metadata = { ...action.metadata, updatedAt: actionTime(action) + 1_000_000n }
        return { ...action, metadata }
      })
      const stranger = owned.map((action) => {
        const blank = { ...action.metadata, storage: action.metadata.storage.slice() }
        blank.storage.fill(0, 34, 98)
        return { ...action, metadata: blank } as Upsert // only upserts are its own
      })
      const open = owned.map((action) => ({
        ...action,
        metadata: { ...action.metadata, storage: Uint8Array.of(0) },
      }))
      const key = generateSigningKey(sha256('three'))
      for (const artifact of [
        layout.encodeArtifact(forged),
        layout.encodeArtifact(stranger),
        signArtifact(
          layout.encodeArtifact(stranger),
          generateSigningKey(sha256('one')).publicKey,
          (digest) => key.sign(digest),
        ),
        layout.encodeArtifact(open),
      ]) {
        expect(thrownCode(() => two.apply(artifact))).to.equal('RUNTIME_ARTIFACT_INVALID')
      }
      expect(two.rows.dump()).to.equal(before)
      expect(three.root).to.equal(undefined)
    })
  })
}

describe('a module that is taken for another era', () => {
  it('is read by its bytes, so that it can be signed for', async () => {
    const module = { ...(await loadOlder('E5a')), era: 'E3' as const }
    const [one, two] = pair(module)
    const outcome = one.call('own', { value: 'mine' })
    take(two, outcome)
    take(one, two.call('own', { value: 'theirs' }))
    take(two, one.call('remove', { key: 'k' }))
    expect(one.view('mine')).to.equal('mine')
    expectEqual(one, two)
  })
})
