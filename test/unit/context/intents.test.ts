import { expect } from 'chai'
import { bytes, codec } from '../../../src/node/codec/codec.ts'
import type { Intent, Run, Work } from '../../../src/node/context/intents/intent.ts'
import { Intents } from '../../../src/node/context/intents/intents.ts'
import type { Queue } from '../../../src/node/context/intents/queue.ts'
import {
  INTENT_CALM_MS,
  INTENT_MEMORY_MS,
  INTENT_WAIT_MIN_MS,
  MAX_REFUSED_INTENTS,
} from '../../../src/node/context/limits.ts'
import { contextMetrics } from '../../../src/node/context/metrics.ts'
import { MerogateError } from '../../../src/node/errors.ts'
import { noMetrics } from '../../../src/node/metrics.ts'
import { ContextId } from '../../../src/node/primitives/ids.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { INTENT_KIND, intentRows } from '../../../src/node/store/repositories/intents.ts'
import { bytesOf } from '../../support/craft-delta.ts'
import { failure, rejectionCode } from '../../support/error-code.ts'
import { type FailingStore, failingStore } from '../../support/failing-store.ts'
import { type HandClock, handClock, seededRandom } from '../../support/hand-clock.ts'
import { memoryStore } from '../../support/memory-store.ts'

const CONTEXT = ContextId.from(bytesOf('context'))
const MAX_WAIT_MS = 60_000

const unreachable = new MerogateError('ANCHOR_UNREACHABLE', 'transport', 'not there')
const refused = new MerogateError('ANCHOR_REJECTED', 'chain', 'no')

type Body = Uint8Array

interface Kit {
  readonly intents: Intents
  readonly queue: Queue<Body, string>
  readonly store: FailingStore
  readonly clock: HandClock
  /** Tries so far, as the work saw them. */
  readonly tries: Intent<Body>[]
  /** What the work does from now on. */
  outcome: (intent: Intent<Body>, run: Run<string>) => Promise<string>
  /** All that was started has come to its next wait. */
  idle(): Promise<void>
  /** The same database as another process would find it. */
  restart(): Promise<Kit>
}

async function kit(
  over: Partial<Work<Body, string>> = {},
  { store = failingStore(memoryStore()), clock = handClock() } = {},
): Promise<Kit> {
  const running = new Set<Promise<void>>()
  const intents = new Intents({
    store,
    rows: intentRows(store),
    clock,
    random: seededRandom('intents'),
    logger: silentLogger,
    metrics: contextMetrics(noMetrics, {
      waiting: () => [],
      intents: () => [],
      rotating: () => [],
      doubtful: () => [],
      moving: () => [],
      divergences: () => [],
    }),
    background: (work) => {
      running.add(work)
      void work.finally(() => running.delete(work))
    },
  })
  const made: Kit = {
    intents,
    queue: intents.queue<Body, string>(
      {
        kind: 'join',
        maxWaitMs: MAX_WAIT_MS,
        maxRunning: 2,
        run: (intent, run) => {
          made.tries.push(intent)
          return made.outcome(intent, run)
        },
        ...over,
      },
      INTENT_KIND.join,
      codec('a body', bytes, 64),
    ),
    store,
    clock,
    tries: [],
    outcome: async () => 'done',
    async idle() {
      while (running.size > 0) await Promise.all(running)
    },
    async restart() {
      await intents.stop()
      return kit(over, { store, clock })
    },
  }
  await intents.load()
  intents.begin()
  return made
}

/** Resolves when the condition holds; what it waits for is under way. */
async function until(check: () => boolean): Promise<void> {
  while (!check()) await new Promise((resolve) => setImmediate(resolve))
}

const part = (name: string): Uint8Array => bytesOf(name)

describe('an intent', () => {
  it('is stored before it is tried, and gone when it is done', async () => {
    let atTry = 0
    const world = await kit({
      run: async () => {
        atTry = (await intentRows(world.store).list(0)).length
        return 'done'
      },
    })
    await world.queue.open(CONTEXT, part('a'), part('body'))
    await world.idle()
    expect(atTry).to.equal(1)
    expect(await intentRows(world.store).list(0)).to.deep.equal([])
    expect(world.intents.list()).to.deep.equal([])
  })

  it('is begun by nobody when it cannot be stored', async () => {
    const world = await kit()
    world.store.failAt = 1
    expect(await rejectionCode(world.queue.open(CONTEXT, part('a'), part('body')))).to.equal(
      'STORE_FAILED',
    )
    await world.idle()
    expect(world.tries).to.deep.equal([])
    expect(world.intents.list()).to.deep.equal([])
  })

  it('is tried again ever more slowly, up to its bound', async () => {
    const world = await kit()
    world.outcome = () => Promise.reject(unreachable)
    await world.queue.open(CONTEXT, part('a'), part('body'))
    await world.idle()
    const waits: number[] = []
    for (let i = 0; i < 14; i++) {
      const before = world.clock.monotonicMs()
      const { length } = world.tries
      while (world.tries.length === length) {
        world.clock.advance(10)
        await world.idle()
      }
      waits.push(world.clock.monotonicMs() - before)
    }
    for (const [i, wait] of waits.entries()) {
      const whole = Math.min(INTENT_WAIT_MIN_MS * 2 ** i, MAX_WAIT_MS)
      expect(wait, `wait ${i}`).to.be.within(whole * 0.5 - 20, whole * 1.01 + 20)
    }
    expect(world.clock.timers).to.equal(1)
  })

  it('goes on after a restart with the tries it had, at the latest after the wait they mean', async () => {
    const world = await kit()
    world.outcome = () => Promise.reject(unreachable)
    await world.queue.open(CONTEXT, part('a'), part('body'))
    await world.idle()
    const [before] = world.intents.list()
    expect(before).to.include({ kind: 'join', tries: 1, state: 'waiting' })
    expect(before?.reason).to.deep.equal({ code: 'ANCHOR_UNREACHABLE', message: 'not there' })
    // a clock that was set back in between must not make it wait for as long
    world.clock.set(world.clock.nowNs() - 86_400_000_000_000n)
    const again = await world.restart()
    expect(again.intents.list()).to.deep.equal([before])
    again.clock.advance(INTENT_WAIT_MIN_MS)
    await again.idle()
    expect(again.tries.map(({ isFresh }) => isFresh)).to.deep.equal([false])
    expect(again.intents.list()).to.deep.equal([])
  })

  it('is kept with its reason when it is refused and nobody waits, and not tried again', async () => {
    const world = await kit()
    world.outcome = () => Promise.reject(refused)
    await world.queue.open(CONTEXT, part('a'), part('body'))
    await world.idle()
    world.clock.advance(MAX_WAIT_MS * 10)
    world.queue.wake()
    await world.idle()
    expect(world.tries).to.have.lengthOf(1)
    const again = await world.restart()
    again.clock.advance(MAX_WAIT_MS)
    await again.idle()
    expect(again.tries).to.deep.equal([])
    expect(again.intents.list()[0]).to.deep.include({
      state: 'refused',
      reason: { code: 'ANCHOR_REJECTED', message: 'no' },
    })
    // asked for again, it begins anew
    await again.queue.open(CONTEXT, part('a'), part('body'))
    await again.idle()
    expect(again.intents.list()).to.deep.equal([])
  })

  it('is forgotten as refused one past the bound, the oldest first', async () => {
    const world = await kit()
    world.outcome = () => Promise.reject(refused)
    for (let i = 0; i <= MAX_REFUSED_INTENTS; i++) {
      await world.queue.open(CONTEXT, part(`p${i}`), part('body'))
      await world.idle()
    }
    expect(world.intents.list()).to.have.lengthOf(MAX_REFUSED_INTENTS)
    expect(world.queue.get(CONTEXT, part('p0'))).to.equal(undefined)
    expect(await intentRows(world.store).list(0)).to.have.lengthOf(MAX_REFUSED_INTENTS)
  })

  it('is tried at once when something happens, but not all the time', async () => {
    const world = await kit()
    world.outcome = () => Promise.reject(unreachable)
    await world.queue.open(CONTEXT, part('a'), part('body'))
    await world.idle()
    for (let i = 0; i < 2_000; i++) {
      world.queue.wakeContext(CONTEXT)
      world.clock.advance(5)
      await world.idle()
    }
    // 10 s of it
    expect(world.tries.length).to.be.within(10, 10 + 10_000 / INTENT_CALM_MS)
  })

  it('is tried once more when something happened while it was tried', async () => {
    const world = await kit()
    world.outcome = async () => {
      world.queue.wake()
      world.outcome = async () => 'done'
      throw unreachable
    }
    await world.queue.open(CONTEXT, part('a'), part('body'))
    await world.idle()
    world.clock.advance(64)
    await world.idle()
    expect(world.intents.list()).to.deep.equal([])
  })

  it('runs no more at once than its kind allows, and all in the end', async () => {
    const world = await kit()
    let running = 0
    let most = 0
    world.outcome = async () => {
      most = Math.max(most, ++running)
      await Promise.resolve()
      running--
      return 'done'
    }
    await Promise.all(
      Array.from({ length: 9 }, (_, i) => world.queue.open(CONTEXT, part(`p${i}`), part('body'))),
    )
    await world.idle()
    expect({ most, tries: world.tries.length }).to.deep.equal({ most: 2, tries: 9 })
    expect(world.intents.list()).to.deep.equal([])
  })

  it('goes on although the disk refuses to note its tries or its end', async () => {
    const world = await kit()
    world.outcome = () => Promise.reject(unreachable)
    await world.queue.open(CONTEXT, part('a'), part('body'))
    await world.idle()
    world.store.failAt = 1 // its end
    world.outcome = async () => 'done'
    world.clock.advance(INTENT_WAIT_MIN_MS)
    await world.idle()
    expect(world.intents.list()[0]?.reason?.code).to.equal('STORE_FAILED')
    world.clock.advance(INTENT_WAIT_MIN_MS * 2)
    await world.idle()
    expect(world.intents.list()).to.deep.equal([])
    expect(world.tries).to.have.lengthOf(3)
  })
})

describe('who waits for an intent', () => {
  it('is told of a failure what goes on, and of the end nothing but the end', async () => {
    const world = await kit()
    world.outcome = () => Promise.reject(unreachable)
    const { code, details } = await failure(world.queue.ask(CONTEXT, part('a'), part('body')))
    expect({ code, kind: (details['pending'] as { kind: string }).kind }).to.deep.equal({
      code: 'ANCHOR_UNREACHABLE',
      kind: 'join',
    })
    world.outcome = async () => 'done'
    expect(await world.queue.ask(CONTEXT, part('a'), part('body'))).to.equal('done')
  })

  it('is told that it is refused, and then no row is kept of it', async () => {
    const world = await kit()
    world.outcome = () => Promise.reject(refused)
    const { details } = await failure(world.queue.ask(CONTEXT, part('a'), part('body')))
    expect(details).to.deep.equal({})
    expect(world.intents.list()).to.deep.equal([])
  })

  it('may go before it ends, and is told what goes on', async () => {
    const world = await kit()
    const end = Promise.withResolvers<string>()
    world.outcome = () => end.promise
    const { signal } = new AbortController()
    const caller = new AbortController()
    const waiting = [caller.signal, signal].map((each) =>
      world.queue.ask(CONTEXT, part('a'), part('body'), { signal: each }),
    )
    await until(() => world.tries[0]?.isAttended === true)
    caller.abort()
    const { code, details } = await failure(waiting[0])
    expect(code).to.equal('ABORTED')
    expect(details['pending']).to.include({ intent: world.tries[0]?.id })
    end.resolve('done')
    expect(await waiting[1]).to.equal('done')
    await world.idle()
    expect(world.tries).to.have.lengthOf(1)
    expect(world.intents.list()).to.deep.equal([])
  })

  it('has what it waits for before the rest is done', async () => {
    const world = await kit()
    world.outcome = async (_intent, { reached }) => {
      reached('enough')
      throw unreachable
    }
    expect(await world.queue.ask(CONTEXT, part('a'), part('body'))).to.equal('enough')
    await world.idle()
    expect(world.intents.list()).to.have.lengthOf(1)
    expect(await world.queue.ask(CONTEXT, part('a'), part('body'))).to.equal('enough')
  })

  it('finds the outcome of one that was done meanwhile, once, and not for ever', async () => {
    const outcome = ({ body }: Intent<Body>): string => `made ${body.length}`
    const world = await kit({ outcome })
    for (const name of ['a', 'b']) await world.queue.open(CONTEXT, part(name), part('body'))
    await world.idle()
    const again = await world.restart()
    expect(again.intents.list().map(({ state }) => state)).to.deep.equal(['done', 'done'])
    const intent = again.queue.get(CONTEXT, part('a'))
    if (intent === undefined) return expect.fail('expected an intent')
    expect(await again.queue.attend(intent)).to.equal('made 32')
    expect(again.queue.get(CONTEXT, part('a'))).to.equal(undefined)
    again.clock.advance(INTENT_MEMORY_MS)
    await again.idle()
    expect(again.intents.list()).to.deep.equal([])
    expect(await intentRows(again.store).list(0)).to.deep.equal([])
  })
})

describe('an intent that is withdrawn', () => {
  it('is stopped and gone, and who waits is told', async () => {
    const world = await kit()
    world.outcome = (_intent, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(unreachable)))
    const waiting = rejectionCode(world.queue.ask(CONTEXT, part('a'), part('body')))
    await until(() => world.tries.length > 0)
    const id = world.tries[0]?.id ?? ''
    expect(await world.intents.withdraw(id)).to.equal(true)
    expect(await waiting).to.equal('ABORTED')
    expect(world.intents.list()).to.deep.equal([])
    expect(await intentRows(world.store).list(0)).to.deep.equal([])
    expect(await world.intents.withdraw(id)).to.equal(false)
  })

  it('stays when its kind of work says that it cannot be taken back', async () => {
    const world = await kit({ release: () => Promise.reject(refused) })
    world.outcome = () => Promise.reject(unreachable)
    await world.queue.open(CONTEXT, part('a'), part('body'))
    await world.idle()
    const id = world.tries[0]?.id ?? ''
    expect(await rejectionCode(world.intents.withdraw(id))).to.equal('ANCHOR_REJECTED')
    expect(world.intents.list()).to.have.lengthOf(1)
  })
})
