import { expect } from 'chai'
import { generateSigningKey, type SigningKey } from '../../../src/node/crypto/sign.ts'
import { concat, EMPTY, fromHex, toHex } from '../../../src/node/primitives/bytes.ts'
import { readAccess, signatureOf } from '../../../src/node/runtime/artifact/access.ts'
import { type Action, LAYOUTS, type Upsert } from '../../../src/node/runtime/artifact/layout.ts'
import { signArtifact } from '../../../src/node/runtime/artifact/signing.ts'
import type { GuestOutcome } from '../../../src/node/runtime/engine.ts'
import { MAX_VERSIONS, MAX_WRITER_SETS } from '../../../src/node/runtime/limits.ts'
import type { RowAccess } from '../../../src/node/runtime/wasm/entities.ts'
import { keepVersions, versionsOf } from '../../../src/node/runtime/wasm/writers.ts'
import { thrownCode } from '../../support/error-code.ts'
import { Replica, seeded, sha256 } from '../../support/guest.ts'
import { loadShared } from '../../support/shared-app.ts'
import { START_NS } from '../../support/trace-world.ts'

const layout = LAYOUTS.E5

interface Person {
  readonly signer: SigningKey
  readonly key: string
  readonly replica: Replica
}

/** Copies of one context; the first made it and is the one writer of all. */
async function people(...names: readonly string[]): Promise<Person[]> {
  const { module } = await loadShared()
  const made = names.map((name, index) => {
    const signer = generateSigningKey(sha256(name))
    const random = seeded(name).bytes
    const init = { module, name, signer, random, lane: index + 1, wallNs: () => START_NS }
    return { signer, key: toHex(signer.publicKey), replica: new Replica(init) }
  })
  const [first, ...others] = made
  const genesis = first?.replica.call('init')
  for (const { replica } of others) if (genesis !== undefined) take(replica, genesis)
  return made
}

function take(replica: Replica, { artifact, lastNs }: GuestOutcome): GuestOutcome {
  return replica.apply(artifact, lastNs)
}

/** Made by the first, and taken by all others. */
function spread(
  people: readonly Person[],
  method: string,
  params: Readonly<Record<string, unknown>>,
): GuestOutcome {
  const [first, ...others] = people as [Person, ...Person[]] // callers name somebody
  const outcome = first.replica.call(method, params)
  for (const { replica } of others) take(replica, outcome)
  return outcome
}

function mapOf({ replica }: Person): unknown {
  const { map } = replica.view('show') as { readonly map: unknown } // as the app declares it
  return map
}

function expectEqual(people: readonly Person[]): void {
  expect(new Set(people.map(({ replica }) => toHex(replica.root ?? sha256('')))).size).to.equal(1)
  expect(new Set(people.map(({ replica }) => JSON.stringify(replica.view('show')))).size).to.equal(
    1,
  )
}

/** The shared action of an artefact, changed and signed anew, as an artefact of its own. */
function forge(
  artifact: Uint8Array,
  by: Person,
  change: (action: Upsert) => Action = (action) => action,
): Uint8Array {
  const [found] = layout
    .decodeArtifact(artifact)
    .filter(({ metadata }) => signatureOf(readAccess(metadata.storage)) !== undefined)
  const action = change(found as Upsert) // callers give one with an upsert
  const access = readAccess(action.metadata.storage)
  const signature = signatureOf(access)
  if (signature === undefined) return layout.encodeArtifact([action])
  const storage = action.metadata.storage.slice()
  storage.fill(0, signature.at, signature.at + 64)
  storage.set(by.signer.publicKey, storage.length - 32)
  action.metadata.storage = storage
  const blank = layout.encodeArtifact([action])
  return signArtifact(blank, by.signer.publicKey, (digest) => by.signer.sign(digest))
}

const at = (action: Upsert, ns: bigint): Upsert => ({
  ...action,
  metadata: { ...action.metadata, updatedAt: ns },
})
const stored = (action: Upsert, storage: Uint8Array): Upsert => ({
  ...action,
  metadata: { ...action.metadata, storage },
})

describe('entries that have writers', () => {
  it('are signed by who writes them, and end equal everywhere', async () => {
    const [a, b] = (await people('a', 'b')) as [Person, Person]
    spread([a, b], 'open_to', { writers: [a.key, b.key] })
    spread([b, a], 'put', { key: 'k', value: 'of b' })
    spread([a, b], 'put', { key: 'l', value: 'of a' })
    spread([b, a], 'take', { key: 'l' })
    spread([b, a], 'write_note', { value: 'note' })
    spread([b, a], 'grant', { role: 'editor', who: b.key })
    spread([a, b], 'transfer', { to: b.key })
    spread([b, a], 'write_owned', { value: 'owned' })
    expectEqual([a, b])
    expect(a.replica.view('show')).to.deep.include({
      map: [['k', 'of b']],
      note: 'note',
      owned: 'owned',
      owner: b.key,
      editors: [b.key],
    })
  })

  it('are not written by others, neither through the application nor around it', async () => {
    const [a, b, c] = (await people('a', 'b', 'c')) as [Person, Person, Person]
    const { artifact } = spread([a, b, c], 'put', { key: 'k', value: 'v' })
    const call = (): unknown => b.replica.call('put', { key: 'k', value: 'of b' })
    expect(thrownCode(call)).to.equal('RUNTIME_ARTIFACT_UNSIGNABLE')
    const later = (action: Upsert): Upsert => at(action, action.metadata.updatedAt + 512n)
    for (const false_ of [
      forge(artifact, b, later),
      // a false signature, or none at all
      flip(forge(artifact, a, later), -80),
      layout.encodeArtifact(
        layout
          .decodeArtifact(artifact)
          .map((action) => stored(action as Upsert, unsigned(action.metadata.storage))),
      ),
    ]) {
      const before = c.replica.rows.dump()
      expect(thrownCode(() => c.replica.apply(false_))).to.equal('RUNTIME_ARTIFACT_INVALID')
      expect(c.replica.rows.dump()).to.equal(before)
    }
    expectEqual([a, b, c])
  })

  it('stay what they are: not public, nor in a collection of others', async () => {
    const [a, b] = (await people('a', 'b')) as [Person, Person]
    const { artifact } = spread([a, b], 'put', { key: 'k', value: 'v' })
    const open = (action: Upsert): Upsert => stored(action, Uint8Array.of(0))
    const other = (action: Upsert): Upsert => ({ ...open(action), id: sha256('other') })
    for (const change of [open, other]) {
      const forged = forge(artifact, b, change)
      expect(thrownCode(() => a.replica.apply(forged))).to.equal('RUNTIME_ARTIFACT_INVALID')
    }
    // nor when they were removed
    spread([a, b], 'take', { key: 'k' })
    const forged = forge(artifact, b, open)
    expect(thrownCode(() => a.replica.apply(forged))).to.equal('RUNTIME_ARTIFACT_INVALID')
  })

  it('are not set back by what was signed before', async () => {
    const [a, b] = (await people('a', 'b')) as [Person, Person]
    const old = spread([a, b], 'put', { key: 'k', value: 'old' })
    spread([a, b], 'put', { key: 'k', value: 'new' })
    take(b.replica, old)
    expect(mapOf(b)).to.deep.equal([['k', 'new']])
    spread([a, b], 'take', { key: 'k' })
    take(b.replica, old)
    expect(mapOf(b)).to.deep.equal([])
    // with a later time beside the signature
    const later = layout.decodeArtifact(old.artifact).map((action) => {
      return at(action as Upsert, a.replica.seenNs + 1024n)
    })
    const forged = layout.encodeArtifact(later.slice(0, 1))
    expect(thrownCode(() => b.replica.apply(forged))).to.equal('RUNTIME_ARTIFACT_INVALID')
    expectEqual([a, b])
  })

  it('are not written by whom a newer set leaves out', async () => {
    const [a, b, c] = (await people('a', 'b', 'c')) as [Person, Person, Person]
    spread([a, b, c], 'open_to', { writers: [a.key, b.key] })
    const { artifact } = spread([b, a, c], 'put', { key: 'k', value: 'allowed' })
    spread([a, b, c], 'set_writers', { of: 'map', writers: [a.key] })
    expect(thrownCode(() => b.replica.call('put', { key: 'k', value: 'x' }))).to.equal(
      'RUNTIME_ARTIFACT_UNSIGNABLE',
    )
    // around the application, by its key
    const forged = forge(artifact, b, (action) => at(action, c.replica.seenNs + 1024n))
    c.replica.apply(forged)
    expect(mapOf(c)).to.deep.equal([['k', 'allowed']])
    expectEqual([a, b, c])
  })

  it('end equal when a set leaves somebody out who goes on writing meanwhile', async () => {
    const [a, b, c] = (await people('a', 'b', 'c')) as [Person, Person, Person]
    spread([a, b, c], 'open_to', { writers: [a.key, b.key] })
    spread([b, a, c], 'put', { key: 'k', value: 'before' })
    const set = a.replica.call('set_writers', { of: 'map', writers: [a.key] })
    b.replica.see(set.lastNs) // a clock that is ahead
    const made = [
      b.replica.call('put', { key: 'k', value: 'meanwhile' }),
      b.replica.call('put', { key: 'l', value: 'meanwhile' }),
      b.replica.call('take', { key: 'k' }),
      b.replica.call('put', { key: 'm', value: 'meanwhile' }),
    ]
    for (const outcome of [...made, set]) take(c.replica, outcome)
    for (const outcome of made) take(a.replica, outcome)
    take(b.replica, set)
    for (const person of [a, b, c]) expect(mapOf(person)).to.deep.equal([['k', 'before']])
    expectEqual([a, b, c])
  })

  it('have the same writers everywhere when two sets are set at once', async () => {
    const [a, b] = (await people('a', 'b')) as [Person, Person]
    spread([a, b], 'open_to', { writers: [a.key, b.key] })
    const first = a.replica.call('set_writers', { of: 'map', writers: [a.key] })
    b.replica.see(first.lastNs)
    const second = b.replica.call('set_writers', { of: 'map', writers: [b.key] })
    const written = b.replica.call('put', { key: 'k', value: 'of b' })
    for (const outcome of [second, written]) take(a.replica, outcome)
    take(b.replica, first)
    expectEqual([a, b])
    expect(a.replica.view('writers', { of: 'map' })).to.deep.equal([a.key])
    expect(mapOf(a)).to.deep.equal([])
  })

  it('keep a writer: a set that would have none is not taken', async () => {
    const [a, b] = (await people('a', 'b')) as [Person, Person]
    const set = (): unknown => a.replica.call('set_writers', { of: 'map', writers: [] })
    expect(thrownCode(set)).to.equal('RUNTIME_RETURNED_ERROR')
    const { artifact } = spread([a, b], 'set_writers', { of: 'map', writers: [a.key] })
    const forged = forge(artifact, a, (action) => {
      const time = action.metadata.updatedAt + 1024n
      const { storage } = action.metadata
      const nobody = concat(Uint8Array.of(3, 0, 0, 0, 0), storage.subarray(5 + 33))
      return at(stored(action, nobody), time)
    })
    b.replica.apply(forged)
    expect(b.replica.view('writers', { of: 'map' })).to.deep.equal([a.key])
    expectEqual([a, b])
  })

  it('keep so many of their versions, and no more', async () => {
    const [a, b] = (await people('a', 'b')) as [Person, Person]
    spread([a, b], 'open_to', { writers: [a.key, b.key] })
    const puts = Array.from({ length: MAX_VERSIONS + 2 }, (_, i) =>
      spread([a, b], 'put', { key: 'k', value: String(i) }),
    )
    const [action] = layout.decodeArtifact(puts[0]?.artifact ?? EMPTY)
    const key = toHex(sha256(Uint8Array.of(0xfe), action?.id ?? EMPTY))
    for (const { replica } of [a, b]) {
      const kept = layout.decodeArtifact(replica.rows.shared.get(key) ?? EMPTY)
      expect(kept).to.have.length(MAX_VERSIONS)
    }
  })

  it('keep so many sets of their writers, and no more', async () => {
    const [a, b] = (await people('a', 'b')) as [Person, Person]
    const { artifact } = spread([a, b], 'set_writers', { of: 'map', writers: [a.key, b.key] })
    const set = layout.decodeArtifact(artifact)[0] as Upsert // as the app writes it
    const sets = Array.from({ length: MAX_WRITER_SETS + 1 }, (_, i) => at(set, BigInt(i)))
    const rows = memoryRows()
    keepVersions(layout, rows, set.id, sets)
    expect(versionsOf(layout, rows, set.id)).to.have.length(MAX_WRITER_SETS)
  })

  it('have the writers that they were made with, not those of a forged beginning', async () => {
    const [a, b] = (await people('a', 'b')) as [Person, Person]
    const { artifact } = spread([a, b], 'set_writers', { of: 'map', writers: [a.key, b.key] })
    const forged = forge(artifact, b, (action) => {
      const { storage } = action.metadata
      const own = concat(Uint8Array.of(3, 1, 0, 0, 0), fromHex(b.key), Uint8Array.of(7))
      const begun = stored(action, concat(own, storage.subarray(5 + 2 * 33)))
      return at({ ...begun, kind: 'add' }, START_NS - 1_000_000n)
    })
    a.replica.apply(forged)
    expect(a.replica.view('writers', { of: 'map' })).to.have.members([a.key, b.key])
    expectEqual([a, b])
  })

  it('take of a writer only what its mask lets it do', async () => {
    const [a, b, c] = (await people('a', 'b', 'c')) as [Person, Person, Person]
    spread([a, b, c], 'put_scoped', { key: 'k', value: 'v' })
    spread([a, b, c], 'scope', { who: b.key, mask: 1 })
    const { artifact } = spread([b, a, c], 'put_scoped', { key: 'l', value: 'of b' })
    const refused = (method: string, params: object): string | undefined =>
      thrownCode(() => b.replica.call(method, { ...params }))
    expect(refused('take_scoped', { key: 'k' })).to.equal('RUNTIME_ARTIFACT_UNSIGNABLE')
    expect(refused('scope', { who: c.key, mask: 7 })).to.equal('RUNTIME_RETURNED_ERROR')
    const removal = forge(artifact, b, (action) => ({
      kind: 'remove',
      id: action.id,
      deletedAt: a.replica.seenNs + 1024n,
      metadata: action.metadata,
    }))
    a.replica.apply(removal)
    expect(a.replica.view('show')).to.deep.include({
      scoped: [
        ['k', 'v'],
        ['l', 'of b'],
      ],
    })
    expectEqual([a, b, c])
  })
})

function memoryRows(): RowAccess {
  const rows = new Map<string, Uint8Array>()
  return {
    get: (key) => rows.get(key),
    before: () => undefined,
    set: (key, value) => void rows.set(key, value),
    remove: (key) => void rows.delete(key),
  }
}

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const out = bytes.slice()
  out.set([(out.at(at) ?? 0) ^ 1], out.length + at)
  return out
}

/** A storage type of a member or of nobody's, without its signature. */
function unsigned(storage: Uint8Array): Uint8Array {
  return storage[0] === 4 ? concat(storage.subarray(0, 33), Uint8Array.of(0)) : storage
}
