import { expect } from 'chai'
import type { LocalResult } from '../../../src/node/context/replica/calls.ts'
import { EMPTY, utf8 } from '../../../src/node/primitives/bytes.ts'
import { craftDelta, keyOf } from '../../support/craft-delta.ts'
import { rejectionCode } from '../../support/error-code.ts'
import {
  CONTEXT_NUMBER,
  type Party,
  type ReplicaKit,
  replicaKit,
  testKeyring,
} from '../../support/replica-kit.ts'
import { epochKey, madeAt } from '../../support/test-keyring.ts'

const [alice, me, gone] = [keyOf('alice'), keyOf('me'), keyOf('gone')]
const both: readonly Party[] = [
  [alice, 'writer'],
  [me, 'writer'],
]
const genesis = craftDelta({ author: alice, keyring: testKeyring(), item: 'genesis' })

async function started(own = me): Promise<ReplicaKit> {
  const kit = await replicaKit({ own: [own], members: [...both, [gone, 'writer']] })
  expect((await kit.replica.receive(genesis.bytes)).status).to.equal('applied')
  return kit
}

/** A call that can be given up. */
function callOf(
  kit: ReplicaKit,
  input: string,
  method = 'add',
): { readonly end: Promise<LocalResult>; giveUp(): void } {
  const controller = new AbortController()
  const { signal } = controller
  const end = kit.replica.execute({ method, input: utf8(input), executor: me, signal })
  return { end, giveUp: () => controller.abort() }
}

/** Lets what runs go on as far as it can. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a call whose caller gives up', () => {
  it('before it began is not begun', async () => {
    const kit = await started()
    const input = utf8('late')
    const signal = AbortSignal.abort()
    const call = kit.replica.execute({ method: 'add', input, executor: me, signal })
    expect(await rejectionCode(call)).to.equal('ABORTED')
    expect(kit.model.calls).to.deep.equal([])
  })

  it('while it waits for others is answered at once, frees its place and never runs', async () => {
    const kit = await started()
    const { promise, resolve } = Promise.withResolvers<void>()
    const held = kit.replica.exclusive(() => promise)
    await settle()
    const [waits, stays] = [callOf(kit, 'waits'), callOf(kit, 'stays')]
    waits.giveUp()
    expect(await rejectionCode(waits.end)).to.equal('ABORTED')
    resolve()
    await Promise.all([held, stays.end])
    expect(kit.model.calls.map(({ input }) => input)).to.deep.equal(['stays'])
    expect(await kit.items()).to.deep.equal(['genesis', 'stays'])
  })

  it('while it runs is answered at once and leaves nothing; those behind it run again without it', async () => {
    const kit = await started()
    const { promise, resolve } = Promise.withResolvers<void>()
    kit.model.paused = promise
    const [before, runs, behind] = [
      callOf(kit, 'before'),
      callOf(kit, 'runs'),
      callOf(kit, 'behind'),
    ]
    await settle()
    runs.giveUp()
    expect(await rejectionCode(runs.end)).to.equal('ABORTED')
    resolve()
    const results = await Promise.all([before.end, behind.end])
    expect(await kit.items()).to.deep.equal(['before', 'behind', 'genesis'])
    expect(kit.replica.state.meta.applied).to.equal(3n)
    // others come to the same state: what was given up is nowhere in it
    const other = await started(alice)
    for (const { delta } of results) {
      const bytes = await kit.deltas.envelope(CONTEXT_NUMBER, delta ?? genesis.id)
      expect((await other.replica.receive(bytes ?? EMPTY)).status).to.equal('applied')
    }
    expect(other.replica.state.meta.root).to.deep.equal(kit.replica.state.meta.root)
    expect(kit.replica.state.meta.root).to.deep.equal(
      await kit.model.root(kit.replica.state.ref, 'opaque'),
    )
  })

  it('while it only looks costs those behind it nothing', async () => {
    const kit = await started()
    const { promise, resolve } = Promise.withResolvers<void>()
    kit.model.paused = promise
    const [looks, behind] = [callOf(kit, '', 'look'), callOf(kit, 'behind')]
    await settle()
    looks.giveUp()
    expect(await rejectionCode(looks.end)).to.equal('ABORTED')
    resolve()
    await behind.end
    expect(kit.model.calls.map(({ method }) => method)).to.deep.equal(['look', 'add'])
  })

  it('while its change is being stored gets the result', async () => {
    const kit = await started()
    const { promise, resolve } = Promise.withResolvers<void>()
    kit.store.paused = promise
    const call = callOf(kit, 'stored')
    await settle()
    call.giveUp()
    resolve()
    expect((await call.end).delta).not.to.equal(undefined)
    expect(await kit.items()).to.deep.equal(['genesis', 'stored'])
  })

  it('while it waits for a new key after a removal is answered at once and never runs', async () => {
    const kit = await started()
    kit.anchor.say(both)
    await kit.group.refresh()
    const call = callOf(kit, 'waits')
    await settle()
    call.giveUp()
    expect(await rejectionCode(call.end)).to.equal('ABORTED')
    await kit.group.addKey(1, epochKey(1), madeAt(2n))
    await kit.idle()
    expect(kit.model.calls).to.deep.equal([])
  })
})
