import { expect } from 'chai'
import { rejectionCode } from '../../support/error-code.ts'
import { call, infoOf, newContext, nodeWorld, set } from '../../support/real-node.ts'

const FAILURES: readonly [method: string, params: Record<string, unknown>, code: string][] = [
  ['get_or_fail', { key: 'none' }, 'RUNTIME_RETURNED_ERROR'],
  ['set_then_fail', { key: 'k', value: 'v' }, 'RUNTIME_RETURNED_ERROR'],
  ['fail_panic', {}, 'RUNTIME_PANIC'],
  ['fail_unreachable', {}, 'RUNTIME_TRAP'],
  ['fail_loop', {}, 'RUNTIME_FUEL'],
  ['fail_memory', {}, 'RUNTIME_TRAP'],
  ['fail_stack', { depth: 1_000_000 }, 'RUNTIME_TRAP'],
  ['no_such_method', {}, 'RUNTIME_METHOD_NOT_FOUND'],
]

/** Fuel lasts seconds on a machine that has nothing else to do, and counts here whatever else it has. */
const PATIENT = { deadlineMs: 120_000 }

describe('calls that fail in the guest', () => {
  it('end in a typed error and leave the state as it was', async function () {
    this.timeout(120_000)
    await using world = await nodeWorld()
    const node = await world.node('a', { runtime: PATIENT })
    const { context } = await newContext(node)
    await set(node, context, 'k', 'before')
    const before = await infoOf(node, context)
    for (const [method, params, code] of FAILURES) {
      expect(await rejectionCode(call(node, context, method, params)), method).to.equal(code)
      const after = await infoOf(node, context)
      expect({ root: after.root, applied: after.deltas.applied }, method).to.deep.equal({
        root: before.root,
        applied: before.deltas.applied,
      })
      expect(await call(node, context, 'get', { key: 'k' }), method).to.equal('before')
    }
    await set(node, context, 'k', 'after')
    expect(await call(node, context, 'entries')).to.deep.equal({ k: 'after' })
  })

  it('leave another context answering while one loops', async function () {
    this.timeout(120_000)
    await using world = await nodeWorld()
    const node = await world.node('a', { runtime: { ...PATIENT, workers: 2 } })
    const [loops, other] = [await newContext(node), await newContext(node)]
    let isOver = false
    const looping = rejectionCode(call(node, loops.context, 'fail_loop')).finally(() => {
      isOver = true
    })
    let during = 0
    for (let i = 0; i < 20; i++) {
      await set(node, other.context, `k${i}`)
      if (!isOver) during++
    }
    expect(await looping).to.equal('RUNTIME_FUEL')
    expect(during).to.equal(20)
    expect(await call(node, other.context, 'len')).to.equal(20)
    await set(node, loops.context, 'still', 'here')
  })

  it('end at the wall clock when the fuel would last longer', async () => {
    await using world = await nodeWorld()
    const runtime = { workers: 1, fuel: 1n << 60n, deadlineMs: 3_000 }
    const node = await world.node('a', { runtime })
    const { context } = await newContext(node)
    await set(node, context, 'k')
    expect(await rejectionCode(call(node, context, 'fail_loop'))).to.equal('RUNTIME_DEADLINE')
    expect(await call(node, context, 'get', { key: 'k' })).to.equal('k')
  })
})
