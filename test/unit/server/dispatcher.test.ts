import { expect } from 'chai'
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
import { EVERYTHING } from '../../../src/server/access/guard.ts'
import { RPC_GRACE_MS, RPC_TIMEOUT_MS } from '../../../src/server/limits.ts'
import { ManualClock } from '../../support/stepped-clock.ts'
import { type StubNode, stubNode } from '../../support/stub-node.ts'

describe('the time of a JSON-RPC call', () => {
  let clock: ManualClock
  let node: StubNode
  let contextId: string
  let dispatch: Dispatcher

  beforeEach(() => {
    clock = new ManualClock()
    node = stubNode()
    contextId = toBase58(node.addContext())
    dispatch = dispatcher({
      node,
      reader: jsonReader(),
      clock,
      logger: silentLogger,
      metrics: noMetrics,
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
})
