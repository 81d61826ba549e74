import { expect } from 'chai'
import { LAYOUTS } from '../../../src/node/runtime/artifact/layout.ts'
import { thrownCode } from '../../support/error-code.ts'
import { loadKv, Replica, seeded, sha256 } from '../../support/guest.ts'
import { kvOutput } from '../../support/kv-app.ts'
import { loadWat, WatData, watModule } from '../../support/wat.ts'
import { EMPTY } from '../../../src/node/primitives/bytes.ts'

/** Two copies of one context, both with `init` applied, on a wall clock that stands still. */
async function pair(options: { reuse?: boolean } = {}): Promise<[Replica, Replica]> {
  const module = await loadKv()
  const init = { module, wallNs: () => 1_790_000_000_000_000_000n, ...options }
  const one = new Replica({ ...init, name: 'one', lane: 1, random: seeded('one').bytes })
  const two = new Replica({ ...init, name: 'two', lane: 2, random: seeded('two').bytes })
  two.apply(one.call('init').artifact)
  return [one, two]
}

describe('the rules of the host', () => {
  it('keep strays of init out of its artefact', async () => {
    const [one] = await pair()
    const outcome = new Replica({
      module: await loadKv(),
      name: 'x',
      wallNs: () => 1n,
      random: seeded('x').bytes,
    }).call('init')
    const ids = LAYOUTS.E5.decodeArtifact(outcome.artifact).map((action) =>
      sha256(Uint8Array.of(0), action.id),
    )
    const keys = new Set(outcome.writes.map((row) => Buffer.from(row.key).toString('hex')))
    expect(ids.every((id) => keys.has(Buffer.from(id).toString('hex')))).to.equal(true)
    expect(one.view('len')).to.equal(0)
  })

  it('make a key that was removed and set again visible everywhere', async () => {
    const [one, two] = await pair()
    for (const [method, params] of [
      ['set', { key: 'a', value: '1' }],
      ['remove', { key: 'a' }],
      ['set', { key: 'a', value: '2' }],
    ] as const) {
      two.apply(one.call(method, params).artifact, one.seenNs)
    }
    expect([one.view('get', { key: 'a' }), two.view('get', { key: 'a' })]).to.deep.equal(['2', '2'])
    expect(one.root).to.deep.equal(two.root)
  })

  it('join concurrent writes of a register in the state entry', async () => {
    const [one, two] = await pair()
    const first = one.call('rename', { title: 'first' })
    const second = two.call('rename', { title: 'second' })
    one.apply(second.artifact, second.lastNs)
    two.apply(first.artifact, first.lastNs)
    expect(one.view('title')).to.equal('second')
    expect(two.view('title')).to.equal('second')
    expect(one.root).to.deep.equal(two.root)
  })

  it('refuse an artefact that is newer than its delta says, or that cannot be read', async () => {
    const [one, two] = await pair()
    const outcome = one.call('set', { key: 'a', value: '1' })
    const before = two.rows.dump()
    expect(thrownCode(() => two.apply(outcome.artifact, outcome.lastNs - 1_000_000n))).to.equal(
      'RUNTIME_ARTIFACT_INVALID',
    )
    expect(thrownCode(() => two.apply(outcome.artifact.subarray(0, -1)))).to.equal(
      'RUNTIME_ARTIFACT_INVALID',
    )
    // a list of comparisons, which the guest would take
    expect(thrownCode(() => two.apply(Uint8Array.of(1, 0, 0, 0, 0)))).to.equal(
      'RUNTIME_ARTIFACT_INVALID',
    )
    expect(two.rows.dump()).to.equal(before)
    expect(two.apply(outcome.artifact, outcome.lastNs).root).to.deep.equal(one.root)
  })

  it('raise the clock above what is applied before it is applied', async () => {
    const module = await loadKv()
    const early = new Replica({
      module,
      name: 'early',
      wallNs: () => 1_000_000_000n,
      random: seeded('e').bytes,
    })
    const late = new Replica({
      module,
      name: 'late',
      wallNs: () => 900_000_000_000n,
      random: seeded('l').bytes,
    })
    early.apply(late.call('init').artifact)
    early.apply(late.call('set', { key: 'a', value: '1' }).artifact)
    expect(early.view('get', { key: 'a' })).to.equal('1')
    const answer = early.call('set', { key: 'a', value: '2' })
    late.apply(answer.artifact)
    expect(late.view('get', { key: 'a' })).to.equal('2')
  })

  it('refuse state of another era that cannot be signed', async () => {
    const data = new WatData()
    const unsigned = Uint8Array.from([...sha256('executor a'), 1, ...new Uint8Array(64)])
    const commit = `(call $commit (i64.const ${data.buffer(new Uint8Array(32))}) (i64.const ${data.buffer(unsigned)}))`
    const module = await loadWat(watModule(['commit'], data, `(func (export "f") ${commit})`))
    const replica = new Replica({
      module,
      name: 'a',
      wallNs: () => 1n,
      random: (n) => new Uint8Array(n),
    })
    expect(thrownCode(() => replica.callBytes('f', EMPTY))).to.equal('RUNTIME_ARTIFACT_UNSIGNABLE')
  })
})

describe('instances', () => {
  it('give the same bytes whether they are reused or not', async () => {
    const random = seeded('calls')
    const calls = Array.from({ length: 60 }, (_, i) => {
      const key = `k${random.int(5)}`
      return random.pick([
        ['set', { key, value: `v${i}` }],
        ['set_notify', { key, value: `v${i}` }],
        ['remove', { key }],
        ['get', { key }],
        ['entries', {}],
        ['incr', {}],
        ['push', { value: `p${i}` }],
        ['rename', { title: `t${i}` }],
        ['set_then_fail', { key, value: 'x' }],
        ['get_or_fail', { key: 'none' }],
        ['fail_panic', {}],
        ['fail_unreachable', {}],
      ] as const)
    })
    const run = async (reuse: boolean): Promise<string[]> => {
      const [one, two] = await pair({ reuse })
      return calls.map(([method, params]) => {
        let text: string
        try {
          const outcome = one.call(method, params)
          text = JSON.stringify([
            kvOutput(outcome.output),
            Buffer.from(outcome.artifact).toString('hex'),
          ])
          if (outcome.root !== undefined) two.apply(outcome.artifact, outcome.lastNs)
        } catch (error) {
          text = String(error)
        }
        const roots = [one.root, two.root].map((root) => Buffer.from(root ?? []).toString('hex'))
        expect(roots[0]).to.equal(roots[1])
        return `${method} ${text} ${roots[0]} ${sha256(one.rows.dump()).join()} ${sha256(two.rows.dump()).join()}`
      })
    }
    expect(await run(true)).to.deep.equal(await run(false))
  })
})
