import { expect } from 'chai'
import { CrossCalls } from '../../../src/node/context/cross-calls/cross-calls.ts'
import { checkEntry } from '../../../src/node/context/cross-calls/entry.ts'
import { type CrossOrigin, owedCalls } from '../../../src/node/context/cross-calls/owed-calls.ts'
import { Intents } from '../../../src/node/context/intents/intents.ts'
import { MAX_CROSS_CALL_DEPTH, MAX_CROSS_CALL_TRIES } from '../../../src/node/context/limits.ts'
import { contextError } from '../../../src/node/context/errors.ts'
import { isMerogateError } from '../../../src/node/errors.ts'
import { Background } from '../../../src/node/primitives/background.ts'
import { EMPTY, utf8 } from '../../../src/node/primitives/bytes.ts'
import { ContextId } from '../../../src/node/primitives/ids.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { entryPointsOf, entryPointsOnly } from '../../../src/node/runtime/entry-points.ts'
import { INTENT_KIND, intentRows } from '../../../src/node/store/repositories/intents.ts'
import { APPLICATION, bytesOf, CONTEXT, keyOf } from '../../support/craft-delta.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { seededRandom } from '../../support/hand-clock.ts'
import { type ReplicaKit, replicaKit } from '../../support/replica-kit.ts'

const me = keyOf('me')
const INIT = { own: [me], members: [[me, 'writer'] as const] }

async function started(): Promise<ReplicaKit> {
  const kit = await replicaKit(INIT)
  await kit.replica.initialize({ method: 'init', input: utf8('genesis'), executor: me }, [])
  return kit
}

async function owed(kit: ReplicaKit): Promise<number> {
  return (await intentRows(kit.store).list(INTENT_KIND.call)).length
}

interface Calling {
  readonly intents: Intents
  readonly calls: CrossCalls
  done(): Promise<void>
}

/** What makes the calls, as a process that was just started. */
async function calling(kit: ReplicaKit): Promise<Calling> {
  const working = new Background(silentLogger)
  const intents = new Intents({
    store: kit.store,
    rows: intentRows(kit.store),
    clock: kit.clock,
    random: seededRandom('calls'),
    logger: silentLogger,
    metrics: kit.metrics,
    background: (work) => working.add(work),
  })
  const calls = new CrossCalls({
    intents,
    clock: kit.clock,
    logger: silentLogger,
    contexts: { replica: () => kit.replica },
    followUp: (replica, result) => calls.begin(replica, result),
  })
  await intents.load()
  return { intents, calls, done: () => working.settled() }
}

describe('calls that a call asked for', () => {
  it('are stored with it and made by the next process, in order and once, whether it changed something or not', async () => {
    for (const method of ['ask', 'addAndAsk']) {
      const kit = await started()
      const { owed: row, crossCalls } = await kit.call(method, 'me')
      expect(crossCalls).to.have.lengthOf(2)
      expect(row?.body.calls).to.have.lengthOf(2)
      expect(await owed(kit)).to.equal(1)
      const again = await kit.reopen()
      const { intents, done } = await calling(again)
      expect(intents.list(CONTEXT)).to.have.lengthOf(1)
      intents.begin()
      again.clock.advance(1)
      await done()
      expect(again.model.calls).to.deep.equal([
        { method: 'add', input: 'for me' },
        { method: 'look', input: 'for me' },
      ])
      expect(await again.items()).to.include('for me')
      expect(await owed(again)).to.equal(0)
      expect(intents.list(CONTEXT)).to.deep.equal([])
    }
  })

  it('are not owed when the disk refused the call itself', async () => {
    const kit = await started()
    kit.store.failAt = 1
    expect(await rejectionCode(kit.call('addAndAsk', 'me'))).to.equal('STORE_FAILED')
    expect(await owed(kit)).to.equal(0)
  })

  it('go on behind the ones that are made: what is left is stored with what each changed', async () => {
    const kit = await started()
    const { intents, calls, done } = await calling(kit)
    const result = await kit.call('ask', 'me')
    const journal = intents.journal(INTENT_KIND.call, owedCalls)
    const left: string[][] = []
    const { execute } = kit.model
    kit.model.execute = async (call, sign) => {
      const [kept] = await journal.load()
      left.push(kept?.body.calls.map(({ method }) => method) ?? [])
      return execute(call, sign)
    }
    kit.model.failing.set('look', 1)
    intents.begin()
    calls.begin(kit.replica, result)
    await done()
    expect(left).to.deep.equal([['add', 'look'], ['look']])
    expect(kit.replica.failures.last).to.include({ what: 'call', method: 'look', tries: 1 })
    expect(await owed(kit)).to.equal(0)
  })

  it('are tried again while the context cannot take them, and given up after as many tries as the limit says', async () => {
    const kit = await started()
    const { intents, calls, done } = await calling(kit)
    const result = await kit.call('ask', 'me')
    const { execute } = kit.model
    let tries = 0
    kit.model.execute = (call, sign) => {
      if (call.method !== 'add') return execute(call, sign)
      tries++
      throw contextError('CONTEXT_BUSY', 'too many calls wait')
    }
    intents.begin()
    calls.begin(kit.replica, result)
    await done()
    expect(kit.replica.failures.last).to.include({ what: 'call', code: 'CONTEXT_BUSY', tries: 1 })
    expect(kit.replica.failures.last).to.have.property('nextTryMs')
    for (let i = 0; i < 2 * MAX_CROSS_CALL_TRIES; i++) {
      kit.clock.advance(60_000)
      await done()
    }
    expect(tries).to.equal(MAX_CROSS_CALL_TRIES)
    expect(kit.replica.failures.last).not.to.have.property('nextTryMs')
    expect(await owed(kit)).to.equal(0)
    // what was asked for behind it is made all the same
    expect(kit.model.calls.at(-1)).to.deep.equal({ method: 'look', input: 'for me' })
  })

  it('end after as many in a row as the limit says', async () => {
    const kit = await started()
    const { intents, calls, done } = await calling(kit)
    intents.begin()
    const from = (hops: number): CrossOrigin => ({
      ...{ context: CONTEXT, application: APPLICATION, isSameGroup: true, hops, depth: 0 },
    })
    const ask = { method: 'ask', input: EMPTY, executor: me }
    const below = await kit.replica.execute({ ...ask, from: from(MAX_CROSS_CALL_DEPTH - 1) })
    expect(below.owed?.body.hops).to.equal(MAX_CROSS_CALL_DEPTH - 1)
    const last = await kit.replica.execute({ ...ask, from: from(MAX_CROSS_CALL_DEPTH) })
    expect(last.owed).to.equal(undefined)
    calls.begin(kit.replica, last)
    expect(kit.replica.failures.last).to.include({ what: 'call', code: 'CALL_TOO_DEEP' })
    await done()
  })
})

describe('entry points of an application', () => {
  const abi = {
    schema_version: 'wasm-abi/1',
    methods: [
      { name: 'open', params: [], xcall_callable: true },
      { name: 'narrow', params: [], xcall_callable: true, xcall_callers: 'same_app' },
      { name: 'newer', params: [], xcall_callable: true, xcall_callers: 'friends' },
      { name: 'wide', params: [], xcall_callable: true, xcall_callers: 'any_in_namespace' },
      { name: 'closed', params: [], xcall_callable: false },
      { name: 'plain', params: [] },
      { name: 'odd', xcall_callable: 'yes' },
      'none',
    ],
  }

  it('are those that its description marks, for whom it says', () => {
    expect([...(entryPointsOf(abi) ?? [])]).to.deep.equal([
      ['open', 'any'],
      ['narrow', 'sameApplication'],
      ['newer', 'sameApplication'],
      ['wide', 'any'],
    ])
    expect(entryPointsOf(entryPointsOnly(abi))).to.deep.equal(entryPointsOf(abi))
    for (const none of [undefined, null, 'x', [], {}, { methods: [{ name: 'plain' }] }]) {
      expect(entryPointsOf(none)).to.equal(undefined)
      expect(entryPointsOnly(none)).to.equal(undefined)
    }
  })

  it('are open to whom the declaration lets in, and without one to the group, but never init', () => {
    const target = { context: CONTEXT, application: APPLICATION }
    const code = (
      description: unknown,
      method: string,
      over: Partial<CrossOrigin> = {},
    ): string => {
      const from: CrossOrigin = {
        ...{ context: ContextId.from(bytesOf('other')), application: APPLICATION },
        ...{ isSameGroup: false, hops: 1, depth: 0, ...over },
      }
      try {
        checkEntry(target, { abi: description }, method, from)
        return 'none'
      } catch (error) {
        return isMerogateError(error) ? error.code : String(error)
      }
    }
    const other = { application: bytesOf('another') }
    expect(code(abi, 'open', other)).to.equal('none')
    expect(code(abi, 'narrow')).to.equal('none')
    expect(code(abi, 'narrow', other)).to.equal('CALL_OTHER_APPLICATION')
    for (const method of ['plain', 'closed', 'odd', 'absent', 'init']) {
      expect(code(abi, method, { isSameGroup: true })).to.equal('CALL_NOT_DECLARED')
    }
    expect(code(undefined, 'plain', { isSameGroup: true })).to.equal('none')
    expect(code(undefined, 'plain')).to.equal('CALL_OTHER_GROUP')
    expect(code(undefined, 'init', { isSameGroup: true })).to.equal('CALL_NOT_DECLARED')
  })
})
