import { expect } from 'chai'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { type Action, LAYOUTS } from '../../../src/node/runtime/artifact/layout.ts'
import type { GuestOutcome } from '../../../src/node/runtime/engine.ts'
import { GuestClock } from '../../../src/node/runtime/wasm/guest-clock.ts'
import { generateSigningKey } from '../../../src/node/crypto/sign.ts'
import { loadCollections, place, SHAPES } from '../../support/collections-app.ts'
import { Replica, seeded, sha256 } from '../../support/guest.ts'
import { START_NS } from '../../support/trace-world.ts'
import { thrownCode } from '../../support/error-code.ts'

const layout = LAYOUTS.E5

/** Two copies of the context behind `init`. */
async function pair(): Promise<[Replica, Replica]> {
  const { module, origin } = await loadCollections()
  let ns = START_NS
  const replica = (name: string, lane: number): Replica => {
    const wallNs = (): bigint => (ns += 1_000_000n)
    const random = seeded(name).bytes
    const signer = generateSigningKey(sha256(name))
    return new Replica({ module, name, signer, wallNs, random, lane, time: new GuestClock(wallNs) })
  }
  const [one, two] = [replica('one', 1), replica('two', 2)]
  one.copyFrom(origin.author)
  two.copyFrom(origin.receiver)
  await Promise.all([one.prepare(), two.prepare()])
  return [one, two]
}

function edit(replica: Replica, shape: string, op: string, path: string[] = [], value = 'v') {
  return replica.call('edit', { shape, path, op, value })
}

/** Entities that are alive in a state, with the hash of their own bytes. */
class Alive {
  readonly hashes: ReadonlyMap<string, string>
  /** Entities whose tombstone was written last. */
  readonly dead: readonly string[]
  readonly #byKey: ReadonlyMap<string, string>

  constructor(
    byKey: ReadonlyMap<string, string> = new Map(),
    hashes: ReadonlyMap<string, string> = new Map(),
    dead: readonly string[] = [],
  ) {
    this.#byKey = byKey
    this.hashes = hashes
    this.dead = dead
  }

  /** The same with some rows written. */
  after(writes: Iterable<readonly [string, Uint8Array | undefined]>): Alive {
    const [byKey, hashes] = [new Map(this.#byKey), new Map(this.hashes)]
    const dead: string[] = []
    for (const [key, value] of writes) {
      const known = byKey.get(key)
      if (known !== undefined) hashes.delete(known)
      if (value === undefined || value.length < 32) continue
      const id = value.subarray(0, 32)
      if (toHex(sha256(Uint8Array.of(0), id)) !== key) continue // not an index record
      byKey.set(key, toHex(id))
      const record = layout.decodeIndex(value)
      if (record.deletedAt === undefined) hashes.set(toHex(id), toHex(record.ownHash))
      else dead.push(toHex(id))
    }
    return new Alive(byKey, hashes, dead)
  }
}

/** Where an artefact says something else than the rows before and after its call. */
function complaints(from: Alive, to: Alive, actions: readonly Action[]): string[] {
  const [before, after] = [from.hashes, to.hashes]
  const out = to.dead.filter((id) => !before.has(id)).map((id) => `${id} never lived`)
  const sent = new Map(actions.map((action) => [toHex(action.id), action]))
  if (sent.size !== actions.length) out.push('an entity stands twice')
  for (const [id, hash] of after) {
    const action = sent.get(id)
    if (before.get(id) !== hash && action === undefined) out.push(`${id} changed`)
    if (action?.kind === 'remove') out.push(`${id} is removed, but there`)
    if (action?.kind === 'add' && before.has(id)) out.push(`${id} is added, but was there`)
  }
  for (const id of before.keys()) {
    if (!after.has(id) && sent.get(id)?.kind !== 'remove') out.push(`${id} is gone`)
  }
  for (const [id, { kind }] of sent) {
    if (kind === 'remove' ? !before.has(id) : !after.has(id)) out.push(`${id} never was`)
  }
  const placed = new Set<string>(before.keys())
  for (const action of actions) {
    if (action.kind === 'remove') continue
    if (!action.ancestors.every(({ id }) => placed.has(toHex(id)))) out.push('a child comes first')
    placed.add(toHex(action.id))
  }
  return out
}

describe('the net effect of a call', () => {
  it('is what differs between the rows before and after it, for every collection', async function () {
    this.timeout(60_000)
    const [one] = await pair()
    const random = seeded('net effect')
    let alive = new Alive().after(one.rows.shared)
    for (const [shape, { grow, other }] of Object.entries(SHAPES)) {
      for (const change of [...grow, ...other]) {
        const { op, path } = place(change, random, 2)
        const outcome = edit(one, shape, op, [...path], op === 'move' ? 'k7' : 'v')
        const actions = layout.decodeArtifact(outcome.artifact)
        const before = alive
        alive = before.after(outcome.writes.map(({ key, value }) => [toHex(key), value]))
        const found = complaints(before, alive, actions)
        expect(found, `${shape} ${op} ${path.join('/')}`).to.deep.equal([])
      }
    }
  })

  it('takes an inner collection to its place, empty or filled', async () => {
    const [one, two] = await pair()
    const apply = ({ artifact, lastNs }: GuestOutcome): void => void two.apply(artifact, lastNs)
    apply(edit(one, 'map_map', 'set', ['a', 'b']))
    apply(edit(one, 'map_map', 'insert', ['whole']))
    apply(edit(one, 'map_list_map', 'insert', ['whole']))
    apply(edit(one, 'map_list_map', 'set', ['whole', '0', 'k']))
    apply(edit(one, 'map_record', 'insert', ['whole']))
    apply(edit(one, 'map_map', 'move', ['whole'], 'elsewhere'))
    expect(two.view('show')).to.deep.equal(one.view('show'))
    expect(two.root).to.deep.equal(one.root)
  })

  it('leaves the collections that `init` filled alike', async () => {
    const { origin } = await loadCollections()
    expect(origin.receiver.root).to.deep.equal(origin.author.root)
    expect(origin.receiver.view('show')).to.deep.equal(origin.author.view('show'))
  })

  it('lets a key that was removed be entered anew', async () => {
    const [one, two] = await pair()
    for (const op of ['increment', 'remove', 'increment', 'increment']) {
      const { artifact, lastNs } = edit(one, 'map_balance', op, ['a'])
      two.apply(artifact, lastNs)
    }
    const shown = (replica: Replica) =>
      (replica.view('show') as Record<string, unknown>)['map_balance']
    // what was counted before lies below the key, and comes back with it
    expect(shown(two)).to.deep.equal([['a', 3]])
    expect(shown(one)).to.deep.equal(shown(two))
    expect(two.root).to.deep.equal(one.root)
  })

  it('removes what its author knew of, and no more', async () => {
    const [one, two] = await pair()
    const [theirs, ours] = [edit(two, 'map', 'set', ['k']), edit(one, 'map', 'clear')]
    two.apply(ours.artifact, ours.lastNs)
    one.apply(theirs.artifact, theirs.lastNs)
    expect(two.root).to.deep.equal(one.root)
    expect(two.view('show')).to.deep.equal(one.view('show'))
  })
})

describe('an ordered index', () => {
  it('holds what was applied, also within the next call that writes', async () => {
    const [one, two] = await pair()
    for (const shape of ['sorted', 'map_sorted', 'sorted_bytes']) {
      const path = shape === 'map_sorted' ? ['m', 'a'] : ['a']
      const op = shape === 'sorted_bytes' ? 'put' : 'set'
      const first = edit(one, shape, op, path)
      two.apply(first.artifact, first.lastNs)
      // fails by itself when its pages lack what was applied
      const second = edit(two, shape, op, [...path.slice(0, -1), 'b'])
      one.apply(second.artifact, second.lastNs)
    }
    const shown = two.view('show') as Record<string, { all: unknown; paged: unknown }>
    expect(shown['sorted']?.paged).to.deep.equal(shown['sorted']?.all)
    expect(shown['sorted_bytes']?.paged).to.deep.equal(shown['sorted_bytes']?.all)
    expect(one.view('show')).to.deep.equal(shown)
  })
})

describe('a signature of long ago', () => {
  it('does not bring back what its owner removed', async () => {
    const [one, two] = await pair()
    const [set, removed] = [edit(one, 'own', 'set'), edit(one, 'own', 'remove')]
    two.apply(set.artifact, set.lastNs)
    two.apply(removed.artifact, removed.lastNs)
    const later = removed.lastNs + 1_000_000n
    const replayed = layout
      .decodeArtifact(set.artifact)
      .map((action) =>
        action.kind === 'remove'
          ? action
          : { ...action, metadata: { ...action.metadata, updatedAt: later } },
      )
    expect(thrownCode(() => two.apply(layout.encodeArtifact(replayed), later))).to.equal(
      'RUNTIME_ARTIFACT_INVALID',
    )
    two.apply(layout.encodeArtifact(layout.decodeArtifact(set.artifact)), set.lastNs)
    expect(two.view('show')).to.deep.equal(one.view('show'))
  })
})
