import { expect } from 'chai'
import { Level } from 'level'
import { join } from 'node:path'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { ContextId, PublicKey } from '../../../src/node/primitives/ids.ts'
import { isMerogateError } from '../../../src/node/errors.ts'
import type { ContextRef, GuestEngine, GuestOutcome } from '../../../src/node/runtime/engine.ts'
import { guestKeptState } from '../../../src/node/runtime/guest-kept-state.ts'
import { MAX_QUEUED_CALLS } from '../../../src/node/runtime/limits.ts'
import { wasmEngine, type WasmEngineInit } from '../../../src/node/runtime/wasm/engine.ts'
import { COLUMN, rowKey, u32be } from '../../../src/node/store/keys.ts'
import { openLevelStore } from '../../../src/node/store/level-store.ts'
import type { Store } from '../../../src/node/store/store.ts'
import { systemClock } from '../../../src/node/primitives/clock.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { sha256 } from '../../support/guest.ts'
import { kvInput, kvOutput, kvWasm } from '../../support/kv-app.ts'
import { tempFolder } from '../../support/temp-folder.ts'
import { WatData, watModule } from '../../support/wat.ts'

/** An engine over a database on disk, and what a node does with outcomes. */
class Bench implements AsyncDisposable {
  readonly engine: GuestEngine
  readonly store: Store
  readonly #folder: AsyncDisposable
  module: Uint8Array = new Uint8Array(0)
  seenNs = 0n

  private constructor(folder: AsyncDisposable, store: Store, engine: GuestEngine) {
    this.#folder = folder
    this.store = store
    this.engine = engine
  }

  static async open(options: Omit<WasmEngineInit, 'location'> = {}): Promise<Bench> {
    const folder = await tempFolder()
    const location = join(folder.path, 'db')
    const store = await openLevelStore(location, { clock: systemClock })
    const engine = wasmEngine({ location, workers: 2, ...options })({})
    await engine.start()
    const bench = new Bench(folder, store, engine)
    bench.module = (await engine.load(kvWasm())).hash
    return bench
  }

  base(number: number) {
    return {
      context: ref(number),
      module: this.module,
      executor: PublicKey.from(sha256(`executor ${number}`)),
      seenNs: this.seenNs,
      lane: number,
    }
  }

  /** A call whose outcome is not stored. */
  run(number: number, method: string, params: Record<string, unknown> = {}): Promise<GuestOutcome> {
    return this.engine.execute({ ...this.base(number), method, input: kvInput(params) })
  }

  async keep(number: number, outcome: GuestOutcome): Promise<GuestOutcome> {
    const { writes, root, lastNs } = outcome
    if (root !== undefined && lastNs > this.seenNs) this.seenNs = lastNs
    await this.store.batch(
      writes.map(({ key, value }) => {
        const row = rowKey(COLUMN.state, u32be(number), key)
        return value === undefined ? { type: 'del', key: row } : { type: 'put', key: row, value }
      }),
    )
    return outcome
  }

  async call(
    number: number,
    method: string,
    params?: Record<string, unknown>,
  ): Promise<GuestOutcome> {
    return this.keep(number, await this.run(number, method, params))
  }

  async view(number: number, method: string, params?: Record<string, unknown>): Promise<unknown> {
    return kvOutput((await this.run(number, method, params)).output)
  }

  async apply(number: number, artifact: Uint8Array): Promise<GuestOutcome> {
    return this.keep(number, await this.engine.apply({ ...this.base(number), artifact }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.stop()
    await this.store.close()
    await this.#folder[Symbol.asyncDispose]()
  }
}

function ref(number: number): ContextRef {
  return { id: ContextId.from(sha256('context')), number }
}

describe('the guest engine over a database on disk', () => {
  it('runs an app on two copies that end with the same root', async () => {
    await using bench = await Bench.open()
    for (const [method, params] of [
      ['init', {}],
      ['set', { key: 'a', value: '1' }],
      ['push', { value: 'p' }],
      ['remove', { key: 'a' }],
      ['set', { key: 'a', value: '2' }],
      ['rename', { title: 't' }],
    ] as const) {
      const outcome = await bench.call(1, method, params)
      const applied = await bench.apply(2, outcome.artifact)
      expect(toHex(applied.root ?? new Uint8Array(0)), method).to.equal(
        toHex(outcome.root ?? new Uint8Array(1)),
      )
      expect(applied.artifact.length).to.equal(0)
    }
    expect(await bench.view(2, 'summary')).to.deep.equal({
      items: { a: '2' },
      hits: 0,
      log: ['p'],
      seen: 0,
      title: 't',
    })
    expect((await bench.call(1, 'set_notify', { key: 'b', value: 'x' })).events).to.have.length(1)
  })

  it('reads what was stored before it was started, and after rows changed from outside', async () => {
    await using bench = await Bench.open()
    await bench.call(1, 'init')
    await bench.call(1, 'set', { key: 'a', value: '1' })
    // context 3 gets a copy of the rows that the engine has not written
    for (const [from, to] of [[1, 3]] as const) {
      const model = guestKeptState()({ engine: bench.engine, store: bench.store })
      const copy: { type: 'put'; key: Uint8Array; value: Uint8Array }[] = []
      for await (const { key, value } of model.rows(ref(from))) {
        copy.push({ type: 'put', key: rowKey(COLUMN.state, u32be(to), key), value })
      }
      await bench.store.batch(copy)
    }
    expect(await bench.view(3, 'get', { key: 'a' })).to.equal('1')
    const rows = {
      type: 'put' as const,
      key: rowKey(COLUMN.state, u32be(3), new Uint8Array(32)),
      value: new Uint8Array(1),
    }
    await bench.store.batch([rows])
    await bench.engine.forget(ref(3))
    expect(await bench.view(3, 'get', { key: 'a' })).to.equal('1')
  })

  it('forgets an outcome that was not stored', async () => {
    await using bench = await Bench.open()
    await bench.call(1, 'init')
    await bench.call(1, 'incr')
    await bench.run(1, 'incr')
    expect(await bench.view(1, 'hits')).to.equal(2)
    await bench.engine.forget(ref(1))
    expect(await bench.view(1, 'hits')).to.equal(1)
  })

  it('writes nothing when it is called read-only, and says so', async () => {
    await using bench = await Bench.open()
    await bench.call(1, 'init')
    const call = { ...bench.base(1), readOnly: true }
    const read = await bench.engine.execute({ ...call, method: 'hits', input: kvInput() })
    expect(kvOutput(read.output)).to.equal(0)
    const write = bench.engine.execute({ ...call, method: 'incr', input: kvInput() })
    expect(await rejectionCode(write)).to.equal('RUNTIME_READ_ONLY')
    expect(await bench.view(1, 'hits')).to.equal(0)
  })

  describe('when a guest fails', () => {
    const FAILURES = [
      [
        'returned error',
        'get_or_fail',
        { key: 'none' },
        'RUNTIME_RETURNED_ERROR',
        'ExecutionError',
      ],
      [
        'error after a write',
        'set_then_fail',
        { key: 'x', value: 'y' },
        'RUNTIME_RETURNED_ERROR',
        'ExecutionError',
      ],
      ['panic', 'fail_panic', {}, 'RUNTIME_PANIC', 'HostError'],
      ['trap', 'fail_unreachable', {}, 'RUNTIME_TRAP', 'WasmTrap'],
      ['endless loop', 'fail_loop', {}, 'RUNTIME_FUEL', 'GasExhausted'],
      ['too much memory', 'fail_memory', {}, 'RUNTIME_TRAP', 'WasmTrap'],
      ['too deep a stack', 'fail_stack', { depth: 10_000_000 }, 'RUNTIME_TRAP', 'WasmTrap'],
      ['wrong parameters', 'set', { key: 1 }, 'RUNTIME_PANIC', 'HostError'],
      ['unknown method', 'missing', {}, 'RUNTIME_METHOD_NOT_FOUND', 'MethodResolutionError'],
      [
        'method for the host only',
        '__calimero_sync_next',
        {},
        'RUNTIME_METHOD_NOT_FOUND',
        'MethodResolutionError',
      ],
    ] as const
    let bench: Bench
    let rowsBefore: string

    const rows = async (): Promise<string> => {
      const out: string[] = []
      const model = guestKeptState()({ engine: bench.engine, store: bench.store })
      for await (const { key, value } of model.rows(ref(1)))
        out.push(`${toHex(key)} ${toHex(value)}`)
      return out.join('\n')
    }

    before(async () => {
      // enough for every honest call; a loop ends in some 100 ms
      bench = await Bench.open({ fuel: 500_000_000n })
      await bench.call(1, 'init')
      await bench.call(1, 'set', { key: 'a', value: '1' })
      await bench.call(2, 'init')
      rowsBefore = await rows()
    })
    after(() => bench[Symbol.asyncDispose]())

    for (const [what, method, params, code, type] of FAILURES) {
      it(`answers ${what} with ${code} and leaves everything as it was`, async () => {
        let turns = 0
        const ticking = systemClock.every(1, () => turns++)
        const failed = bench.run(1, method, params).then(
          () => undefined,
          (error: unknown) => error,
        )
        // another context on another worker goes on meanwhile
        expect(await bench.view(2, 'hits')).to.equal(0)
        const error = await failed
        ticking.cancel()
        if (!isMerogateError(error)) throw error
        expect(error.code).to.equal(code)
        expect(error.kind).to.equal('guest')
        expect(error.details['type']).to.equal(type)
        if (method === 'fail_loop') expect(turns, 'the event loop is alive').to.be.greaterThan(5)
        expect(await rows()).to.equal(rowsBefore)
        expect(await bench.view(1, 'get', { key: 'a' })).to.equal('1')
        expect(await bench.view(1, 'get', { key: 'x' })).to.equal(null)
      })
    }
  })

  it('ends a guest that overruns its time, and runs the other calls again on a new worker', async () => {
    await using bench = await Bench.open({ workers: 1, deadlineMs: 2_000, fuel: 10n ** 15n })
    await bench.call(1, 'init')
    await bench.call(2, 'init')
    const loop = rejectionCode(bench.run(1, 'fail_loop'))
    const others = [bench.run(2, 'incr'), bench.run(2, 'hits'), bench.run(1, 'hits')]
    expect(await loop).to.equal('RUNTIME_DEADLINE')
    const [incr, hits, first] = await Promise.all(others)
    expect(kvOutput(incr?.output)).to.equal(1)
    expect(kvOutput(hits?.output), 'the uncommitted row is cached').to.equal(1)
    expect(kvOutput(first?.output)).to.equal(0)
    await bench.keep(2, incr as GuestOutcome) // awaited above
    expect(await bench.view(2, 'hits')).to.equal(1)
  })

  it('ends a guest soon after it was given up, with those that were given up behind it, and runs the others', async () => {
    await using bench = await Bench.open({ workers: 1, deadlineMs: 600_000, fuel: 10n ** 15n })
    await bench.call(1, 'init')
    const controller = new AbortController()
    const { signal } = controller
    const given = (method: string): Promise<unknown> =>
      rejectionCode(bench.engine.execute({ ...bench.base(1), method, input: kvInput(), signal }))
    const loops = [given('fail_loop'), given('fail_loop'), given('incr')]
    const other = bench.run(1, 'hits')
    controller.abort()
    expect(await Promise.all(loops)).to.deep.equal(['ABORTED', 'ABORTED', 'ABORTED'])
    expect(kvOutput((await other).output), 'what was given up left nothing').to.equal(0)
  })

  it('lets other contexts go on after a slice of a guest that holds them up, which has all of its time elsewhere', async () => {
    await using bench = await Bench.open({ workers: 1, deadlineMs: 3_000, fuel: 10n ** 15n })
    await bench.call(1, 'init')
    await bench.call(2, 'init')
    await bench.call(2, 'incr')
    const startedMs = performance.now()
    const loops = Array.from({ length: 2 }, () => rejectionCode(bench.run(1, 'fail_loop')))
    const behind = bench.view(1, 'hits')
    expect(await bench.view(2, 'hits'), 'what was stored').to.equal(1)
    expect(performance.now() - startedMs, 'ms of the call that waited').to.be.below(2_500)
    loops.push(rejectionCode(bench.run(1, 'fail_loop')))
    const laterMs = performance.now()
    for (let i = 0; i < 20; i++) await bench.call(2, 'incr')
    expect(performance.now() - laterMs, 'ms of calls while it is elsewhere').to.be.below(2_500)
    const ends = await Promise.all(loops)
    expect(ends).to.deep.equal(loops.map(() => 'RUNTIME_DEADLINE'))
    expect(await behind, 'what came behind the loops').to.equal(0)
    expect(await bench.view(2, 'hits')).to.equal(21)
  })

  it('takes as many calls as its queue holds, and not one more', async () => {
    await using bench = await Bench.open({ workers: 1, deadlineMs: 2_000, fuel: 10n ** 15n })
    await bench.call(1, 'init')
    const loop = rejectionCode(bench.run(1, 'fail_loop'))
    const calls = Array.from({ length: MAX_QUEUED_CALLS }, () =>
      rejectionCode(bench.run(1, 'missing')),
    )
    const results = await Promise.all(calls)
    expect(await loop).to.equal('RUNTIME_DEADLINE')
    expect(results.filter((code) => code === 'RUNTIME_QUEUE_FULL')).to.have.length(1)
    expect(results.at(-1)).to.equal('RUNTIME_QUEUE_FULL')
  })

  it('says so when it is not running, or does not know the module', async () => {
    const bench = await Bench.open()
    const unknown = {
      ...bench.base(1),
      module: new Uint8Array(32),
      method: 'get',
      input: kvInput(),
    }
    expect(await rejectionCode(bench.engine.execute(unknown))).to.equal('RUNTIME_NOT_LOADED')
    expect(bench.engine.info(new Uint8Array(32))).to.equal(undefined)
    expect(bench.engine.info(bench.module)?.era).to.equal('E5b')
    await bench.call(1, 'init')
    const running = rejectionCode(bench.run(1, 'fail_loop'))
    await bench.engine.stop()
    expect(await running).to.equal('RUNTIME_STOPPED')
    expect(await rejectionCode(bench.run(1, 'get'))).to.equal('RUNTIME_STOPPED')
    await bench.engine.start()
    expect(await rejectionCode(bench.run(1, 'missing'))).to.equal('RUNTIME_METHOD_NOT_FOUND')
    await bench[Symbol.asyncDispose]()
  })

  it('refuses to start without a database', async () => {
    await using folder = await tempFolder()
    const db = new Level(join(folder.path, 'locked'))
    await db.open() // held without multithreading: workers cannot share it
    const engine = wasmEngine({ location: join(folder.path, 'locked'), workers: 1 })({})
    expect(await rejectionCode(engine.start())).to.equal('RUNTIME_WORKER_LOST')
    await engine.stop()
    await db.close()
  })

  it('keeps the ordered index of a context over restarts of its workers', async () => {
    await using bench = await Bench.open({ workers: 1 })
    const data = new WatData()
    const [key, low, high] = ['k1', 'k', 'l'].map((text) => data.buffer(text)) as [
      number,
      number,
      number,
    ]
    const bytes = watModule(
      ['storage_index_set', 'storage_index_last'],
      data,
      `(func (export "put") (drop (call $storage_index_set (i64.const ${key}) (i64.const ${key}))))
       (func (export "find") (if (i32.eqz (call $storage_index_last (i64.const ${low}) (i64.const ${high}) (i64.const 0))) (then unreachable)))`,
    )
    bench.module = (await bench.engine.load(bytes)).hash
    expect(await rejectionCode(bench.run(1, 'find'))).to.equal('RUNTIME_TRAP')
    const { indexWrites } = await bench.run(1, 'put')
    await bench.store.batch(
      (indexWrites ?? []).map((row) => ({
        type: 'put',
        key: rowKey(COLUMN.indexState, u32be(1), row.key),
        value: row.value ?? new Uint8Array(0),
      })),
    )
    await bench.engine.stop()
    await bench.engine.start()
    expect(await rejectionCode(bench.run(1, 'find'))).to.equal('none')
  })
})
