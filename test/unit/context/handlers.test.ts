import { expect } from 'chai'
import { eventsCodec } from '../../../src/node/codec/delta.ts'
import { Handlers } from '../../../src/node/context/handlers.ts'
import { Intents } from '../../../src/node/context/intents/intents.ts'
import {
  HANDLER_TRIES,
  HANDLER_WAIT_MAX_MS,
  HANDLER_WAIT_MIN_MS,
  INTENT_WAIT_MIN_MS,
  MAX_HANDLER_DEPTH,
  MAX_HANDLER_ROUNDS,
} from '../../../src/node/context/limits.ts'
import type { ContextReplica } from '../../../src/node/context/replica/replica.ts'
import { Background } from '../../../src/node/primitives/background.ts'
import { utf8 } from '../../../src/node/primitives/bytes.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { LEDGER_STATUS } from '../../../src/node/store/repositories/events.ts'
import { intentRows } from '../../../src/node/store/repositories/intents.ts'
import { craftDelta, type Crafted, keyOf } from '../../support/craft-delta.ts'
import { seededRandom } from '../../support/hand-clock.ts'
import {
  CONTEXT_NUMBER,
  type KitInit,
  type ReplicaKit,
  replicaKit,
  testKeyring,
} from '../../support/replica-kit.ts'

const alice = keyOf('alice')
const me = keyOf('me')
const reader = keyOf('reader')
const keyring = testKeyring()
const INIT: KitInit = {
  own: [me],
  members: [
    [alice, 'writer'],
    [me, 'writer'],
    [reader, 'reader'],
  ],
}
const genesis = craftDelta({ author: alice, keyring, item: 'genesis' })

async function started(): Promise<ReplicaKit> {
  const kit = await replicaKit(INIT)
  expect((await kit.replica.receive(genesis.bytes)).status).to.equal('applied')
  return kit
}

describe('event handlers', () => {
  /** A delta of Alice's with events for handlers. */
  function emitting(
    handlers: readonly string[],
    over: { depth?: number; step?: number } = {},
  ): Crafted {
    const events = handlers.map((handler) => ({ kind: 'said', data: utf8('hello'), handler }))
    return craftDelta({
      author: alice,
      keyring,
      item: `emits ${handlers.join()}`,
      step: over.step ?? 1,
      parents: [genesis.id],
      payload: { events: eventsCodec.encode(events), depth: over.depth ?? 0 },
    })
  }

  async function handling(
    kit: ReplicaKit,
  ): Promise<{ done: () => Promise<void>; intents: Intents; handlers: Handlers }> {
    const { store, clock, metrics, eventRows: events } = kit
    const working = new Background(silentLogger)
    const background = (work: Promise<void>): void => working.add(work)
    const random = seededRandom('handlers')
    const rows = intentRows(store)
    const shared = { store, clock, random, logger: silentLogger, metrics, background }
    const intents = new Intents({ ...shared, rows })
    const replica = (): ContextReplica => kit.replica
    const handlers = new Handlers({ intents, events, metrics, replica, followUp: () => {} })
    intents.begin()
    await handlers.open(kit.replica)
    return { done: () => working.settled(), intents, handlers }
  }

  async function ledger(kit: ReplicaKit): Promise<number[]> {
    return (await kit.eventRows.ledger(CONTEXT_NUMBER)).map(({ row }) => row.status)
  }

  function runs(kit: ReplicaKit, method: string): number {
    return kit.model.calls.filter((call) => call.method === method).length
  }

  it('run once on a receiving node, and their delta settles the ledger', async () => {
    const kit = await started()
    const { done } = await handling(kit)
    const delta = emitting(['onSaid'])
    for (let i = 0; i < 5; i++) await kit.replica.receive(delta.bytes)
    await done()
    expect(runs(kit, 'onSaid')).to.equal(1)
    expect(await kit.items()).to.deep.equal(['emits onSaid', 'genesis', 'heard hello'])
    expect(await ledger(kit)).to.deep.equal([])
  })

  it('run for no event of our own', async () => {
    const kit = await started()
    const { done } = await handling(kit)
    await kit.call('emit', 'mine')
    await done()
    expect(runs(kit, 'onSaid')).to.equal(0)
    expect(await ledger(kit)).to.deep.equal([])
  })

  it('run after a restart when they could not before it, and never a second time', async () => {
    const kit = await started()
    await kit.replica.receive(emitting(['onSaid', 'look']).bytes)
    expect(await ledger(kit)).to.deep.equal([LEDGER_STATUS.todo, LEDGER_STATUS.todo])
    const again = await kit.reopen()
    await (await handling(again)).done()
    expect(await ledger(again)).to.deep.equal([])
    const third = await again.reopen()
    await (await handling(third)).done()
    expect([runs(again, 'onSaid'), runs(again, 'look')]).to.deep.equal([1, 1])
    expect(third.model.calls).to.deep.equal([])
  })

  it('run again when their delta could not be stored, and leave one delta', async () => {
    const kit = await started()
    await kit.replica.receive(emitting(['onSaid']).bytes)
    kit.store.failAt = 1
    const { done } = await handling(kit)
    await done()
    expect(await ledger(kit)).to.deep.equal([LEDGER_STATUS.todo])
    kit.clock.advance(INTENT_WAIT_MIN_MS)
    await done()
    expect(await ledger(kit)).to.deep.equal([])
    expect(kit.replica.state.meta.applied).to.equal(3n)
    expect(kit.tally.handled).to.deep.equal(['done'])
  })

  it('are tried thrice, then once at a time, ever more slowly, until they succeed', async () => {
    const kit = await started()
    kit.model.failing.set('onSaid', HANDLER_TRIES + 2)
    const { done, intents } = await handling(kit)
    await kit.replica.receive(emitting(['onSaid']).bytes)
    await done()
    expect(runs(kit, 'onSaid')).to.equal(HANDLER_TRIES)
    expect(kit.tally.handled).to.deep.equal(['failed'])
    expect(kit.replica.failures.last).to.include({ what: 'handler', tries: HANDLER_TRIES })
    expect(kit.replica.failures.last?.nextTryMs).to.be.a('number')
    expect(intents.list()[0]).to.deep.include({ kind: 'handler', state: 'waiting', tries: 1 })
    for (let round = 1; round <= 2; round++) {
      kit.clock.advance(HANDLER_WAIT_MIN_MS * 0.4 * 2 ** (round - 1))
      await done()
      expect(runs(kit, 'onSaid')).to.equal(HANDLER_TRIES + round - 1)
      kit.clock.advance(HANDLER_WAIT_MIN_MS * 0.7 * 2 ** (round - 1))
      await done()
      expect(runs(kit, 'onSaid')).to.equal(HANDLER_TRIES + round)
    }
    expect(await ledger(kit)).to.deep.equal([LEDGER_STATUS.todo])
    kit.clock.advance(HANDLER_WAIT_MIN_MS * 4)
    await done()
    expect(await ledger(kit)).to.deep.equal([])
    expect(kit.replica.failures.last).to.equal(undefined)
  })

  it('that failed are tried again after a restart', async () => {
    const kit = await started()
    kit.model.failing.set('onSaid', HANDLER_TRIES)
    const first = await handling(kit)
    await kit.replica.receive(emitting(['onSaid']).bytes)
    await first.done()
    await first.intents.stop()
    const again = await kit.reopen()
    const { done, intents } = await handling(again)
    expect(intents.list()[0]).to.deep.include({ kind: 'handler', tries: 1 })
    again.clock.advance(HANDLER_WAIT_MIN_MS)
    await done()
    expect(await ledger(again)).to.deep.equal([])
    expect(await again.items()).to.include('heard hello')
  })

  it('whose method is not there wait for another application', async () => {
    const kit = await started()
    const { done, intents, handlers } = await handling(kit)
    await kit.replica.receive(emitting(['nowhere']).bytes)
    await done()
    expect(runs(kit, 'nowhere')).to.equal(1)
    expect(await ledger(kit)).to.deep.equal([LEDGER_STATUS.refused])
    expect(kit.tally.handled).to.deep.equal(['failed'])
    kit.clock.advance(HANDLER_WAIT_MAX_MS * 2)
    await done()
    expect(runs(kit, 'nowhere')).to.equal(1)
    handlers.applicationChanged(kit.replica.state.id)
    await done()
    expect(runs(kit, 'nowhere')).to.equal(2)
    // and it may be given up
    expect(await intents.withdraw(intents.list()[0]?.id ?? '')).to.equal(true)
    expect(await ledger(kit)).to.deep.equal([])
  })

  it('are not tried for ever', async () => {
    const kit = await started()
    kit.model.failing.set('onSaid', 1_000)
    const { done } = await handling(kit)
    await kit.replica.receive(emitting(['onSaid']).bytes)
    await done()
    for (let i = 0; i < MAX_HANDLER_ROUNDS * 2; i++) {
      kit.clock.advance(HANDLER_WAIT_MAX_MS)
      await done()
    }
    expect(runs(kit, 'onSaid')).to.equal(HANDLER_TRIES + MAX_HANDLER_ROUNDS - 1)
    expect(await ledger(kit)).to.deep.equal([LEDGER_STATUS.refused])
  })

  it('end at the greatest depth', async () => {
    const kit = await started()
    const { done } = await handling(kit)
    await kit.replica.receive(emitting(['onSaid'], { depth: MAX_HANDLER_DEPTH }).bytes)
    await kit.replica.receive(emitting(['onSaid'], { depth: MAX_HANDLER_DEPTH - 1, step: 2 }).bytes)
    await done()
    expect(runs(kit, 'onSaid')).to.equal(1)
  })

  it('run for nobody who may not write', async () => {
    const kit = await replicaKit({ ...INIT, own: [reader] })
    await kit.replica.receive(genesis.bytes)
    await kit.replica.receive(emitting(['onSaid']).bytes)
    expect(await ledger(kit)).to.deep.equal([])
  })
})
