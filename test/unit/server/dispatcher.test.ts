import { expect } from 'chai'
import type { Caller } from '../../../src/auth/index.ts'
import { noMetrics } from '../../../src/node/metrics.ts'
import { toBase58 } from '../../../src/node/primitives/bytes.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { jsonReader } from '../../../src/server/bodies/reader.ts'
import {
  type Deadline,
  type Dispatcher,
  dispatcher,
  type Outcome,
} from '../../../src/server/json-rpc/dispatcher.ts'
import { Overruns } from '../../../src/server/json-rpc/overruns.ts'
import { EVERYTHING } from '../../../src/server/access/guard.ts'
import { serverError } from '../../../src/server/errors.ts'
import type { Asker } from '../../../src/server/load.ts'
import {
  MAX_CALLS_PER_KEY,
  MAX_OVERRUNS,
  OVERRUN_REFILL_MS,
  RPC_GRACE_MS,
  RPC_TIMEOUT_MS,
} from '../../../src/server/limits.ts'
import { ManualClock } from '../../support/stepped-clock.ts'
import { type StubNode, stubNode } from '../../support/stub-node.ts'

function expectBusy(): never {
  throw serverError('SERVER_BUSY', 'transport', 'busy', { retryAfterMs: 5_000 })
}

describe('the time of a JSON-RPC call', () => {
  let clock: ManualClock
  let node: StubNode
  let contextId: string
  let dispatch: Dispatcher
  let refused: Set<Asker>

  beforeEach(() => {
    clock = new ManualClock()
    refused = new Set()
    node = stubNode()
    contextId = toBase58(node.addContext())
    dispatch = dispatcher({
      node,
      reader: jsonReader(),
      clock,
      logger: silentLogger,
      metrics: noMetrics,
      load: { admit: (asker) => refused.has(asker) && expectBusy() },
      overruns: new Overruns(clock),
    })
  })

  const call = (method: string, deadline?: Deadline): Promise<Outcome> =>
    dispatch.call(
      'execute',
      { contextId, method, argsJson: { a: 1 } },
      { requestId: 'id', access: EVERYTHING, ...(deadline === undefined ? {} : { deadline }) },
    )
  const shown = (outcome: Outcome): unknown => {
    if ('result' in outcome) return outcome.result
    const { type, details } = outcome.error
    return { type, mayTakeEffect: details?.['mayTakeEffect'] }
  }
  /** Lets answers come as far as they can. */
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

  it('is not spent by one that is answered, and leaves no timer behind', async () => {
    expect(shown(await call('echo'))).to.equal('{"output":{"a":1}}')
    expect(shown(await call('panic'))).to.deep.include({ type: 'FunctionCallError' })
    expect(clock.pending).to.equal(0)
  })

  it('bounds one that can be given up: it has no effect', async () => {
    const answer = call('hang')
    await settle()
    clock.tick(RPC_TIMEOUT_MS)
    expect(shown(await answer)).to.deep.equal({ type: 'Timeout', mayTakeEffect: false })
    expect(clock.pending).to.equal(0)
  })

  it('bounds one that cannot: it may still take effect', async () => {
    let isAnswered = false
    const answer = call('stuck').finally(() => (isAnswered = true))
    await settle()
    clock.tick(RPC_TIMEOUT_MS)
    await settle()
    expect(isAnswered).to.equal(false)
    clock.tick(RPC_GRACE_MS)
    expect(shown(await answer)).to.deep.equal({ type: 'Timeout', mayTakeEffect: true })
    expect(clock.pending).to.equal(0)
  })

  it('is shared by the members of a batch: those that come late are not begun', async () => {
    const deadline = dispatch.deadline()
    const first = call('hang', deadline)
    await settle()
    clock.tick(RPC_TIMEOUT_MS)
    expect(shown(await first)).to.deep.include({ mayTakeEffect: false })
    expect(shown(await call('set', deadline))).to.deep.include({ mayTakeEffect: false })
    deadline.cancel()
    expect(clock.pending).to.equal(0)
  })

  it('is refused to a key that has as many unanswered ones as it may, and to no other', async () => {
    const by = (method: string, keyId: string): Promise<Outcome> => {
      const access = { ...EVERYTHING, caller: { keyId } as Caller } // nothing else is looked at
      return dispatch.call(
        'execute',
        { contextId, method, argsJson: {} },
        {
          ...{ requestId: 'id', access },
        },
      )
    }
    const held = Array.from({ length: MAX_CALLS_PER_KEY }, () => by('hang', 'one'))
    await settle()
    expect(shown(await by('echo', 'one'))).to.deep.include({ type: 'RateLimited' })
    expect(shown(await by('echo', 'two'))).to.equal('{"output":{}}')
    clock.tick(RPC_TIMEOUT_MS)
    await Promise.all(held)
    expect(shown(await by('echo', 'one'))).to.equal('{"output":{}}')
  })

  it('is refused to a caller whose calls into a context used up theirs, for a while, and to nobody else', async () => {
    const by = async (method: string, keyId: string, context = contextId): Promise<unknown> => {
      const access = { ...EVERYTHING, caller: { keyId } as Caller } // nothing else is looked at
      const params = { contextId: context, method, argsJson: {} }
      const outcome = await dispatch.call('execute', params, { requestId: 'id', access })
      if ('result' in outcome) return 'done'
      const { type, data } = outcome.error
      return type === 'RateLimited' ? data : type
    }
    for (let i = 0; i < MAX_OVERRUNS; i++) {
      expect(await by('loop', 'mallory')).to.equal('FunctionCallError')
    }
    expect(await by('echo', 'mallory')).to.deep.equal({ retryAfterMs: OVERRUN_REFILL_MS })
    expect(await by('echo', 'alice')).to.equal('done')
    expect(await by('echo', 'mallory', toBase58(node.addContext()))).to.equal('done')
    clock.tick(OVERRUN_REFILL_MS)
    expect(await by('loop', 'mallory'), 'one more').to.equal('FunctionCallError')
    clock.tick(OVERRUN_REFILL_MS / 2)
    expect(await by('echo', 'mallory')).to.deep.equal({ retryAfterMs: OVERRUN_REFILL_MS / 2 })
  })

  it('is not given to who only reads while there is too much to do, and then to nobody', async () => {
    const type = async (method: string): Promise<unknown> => {
      const params = { contextId, method: 'echo', argsJson: {} }
      const outcome = await dispatch.call(method, params, { requestId: 'id', access: EVERYTHING })
      return 'result' in outcome ? 'done' : [outcome.error.type, outcome.error.data]
    }
    const busy = ['RateLimited', { retryAfterMs: 5_000 }]
    refused.add('reader')
    expect(await type('query')).to.deep.equal(busy)
    expect(await type('execute')).to.equal('done')
    refused.add('writer')
    expect(await type('execute')).to.deep.equal(busy)
  })
})
