import { expect } from 'chai'
import { MAX_FUNCTIONS, MODULE_TIMEOUT_MS } from '../../../src/node/runtime/limits.ts'
import { ModuleReader } from '../../../src/node/runtime/wasm/module-reader.ts'
import { systemClock } from '../../../src/node/primitives/clock.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { handClock } from '../../support/hand-clock.ts'
import { kvWasm } from '../../support/kv-app.ts'
import { manyFunctions } from '../../support/wat.ts'

/** The longest time that the event loop stood while something went on, ms. */
async function longestHold(work: Promise<unknown>): Promise<number> {
  let longest = 0
  let last = performance.now()
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }, 5)
  await work
  clearInterval(timer)
  return Math.max(longest, performance.now() - last)
}

describe('modules', () => {
  it('with as many functions as there may be hold up nobody while they are read and compiled', async () => {
    const reader = new ModuleReader(systemClock)
    await reader.inspect(kvWasm()) // the thread stands
    const wasm = manyFunctions(MAX_FUNCTIONS)
    let took = performance.now()
    const work = Promise.all([1, 2, 3].map(() => reader.compile(wasm)))
    const hold = await longestHold(work)
    took = performance.now() - took
    expect(hold, `ms at a time, of ${took} ms`).to.be.below(Math.max(100, took / 5))
    await reader.stop()
  })

  it('are refused as they would be here, and the next one is read', async () => {
    const reader = new ModuleReader(systemClock)
    const [bad, many, good] = [
      rejectionCode(reader.inspect(new Uint8Array(100))),
      rejectionCode(reader.compile(manyFunctions(1_000_000))),
      reader.compile(kvWasm()),
    ]
    expect(await bad).to.equal('RUNTIME_MODULE_INVALID')
    expect(await many).to.equal('RUNTIME_LIMIT')
    const { info, module } = await good
    expect(info.era).to.equal('E5b')
    expect(module.functions.get('set')).to.equal(true)
    await reader.stop()
  })

  it('are given up when that takes too long', async () => {
    const clock = handClock()
    const reader = new ModuleReader(clock)
    const slow = rejectionCode(reader.compile(manyFunctions(MAX_FUNCTIONS)))
    const next = reader.inspect(kvWasm())
    await Promise.resolve().then(() => {}) // the first has begun
    clock.advance(MODULE_TIMEOUT_MS)
    expect(await slow).to.equal('RUNTIME_LIMIT')
    expect((await next).era).to.equal('E5b')
    await reader.stop()
  })

  it('are not waited for by an engine that stops', async () => {
    const reader = new ModuleReader(systemClock)
    const pending = rejectionCode(reader.compile(manyFunctions(MAX_FUNCTIONS)))
    await Promise.resolve().then(() => {}) // it has begun
    await reader.stop()
    expect(await pending).to.equal('RUNTIME_STOPPED')
  })
})
