import { expect } from 'chai'
import fc from 'fast-check'
import { EMPTY, utf8 } from '../../../src/node/primitives/bytes.ts'
import { idKey } from '../../../src/node/primitives/ids.ts'
import {
  FETCH_PATIENCE_MS,
  LOOKAHEAD_PER_AUTHOR,
  MAX_FETCHES_PER_CONTEXT,
  MAX_PULL_RECEIVING,
  SECOND_OPINION_MS,
} from '../../../src/node/sync/limits.ts'
import type { HistoryPart } from '../../../src/node/sync/replica.ts'
import { bytesOf } from '../../support/craft-delta.ts'
import { envelopesOf, PullWorld, sendAll, type StubPeer } from '../../support/pull-world.ts'
import { newContext } from '../../support/stub-replica.ts'

const never = (): Promise<never> => new Promise(() => {})

function world(): PullWorld {
  return new PullWorld(newContext())
}

/** Ends an answer without a delta. */
const nothing: StubPeer['send'] = async () => ({ more: false, unknown: [], pruned: [] })

describe('fetcher', () => {
  it('computes what it lacks and asks for it once: no delta twice, one question for the frontier', async () => {
    const w = world()
    const envelopes = envelopesOf('plain', 600, 4, w.us)
    const a = await w.peer('a', envelopes)
    for (const envelope of envelopes.slice(0, 200)) await w.us.receive(w.context, envelope)
    w.heads('a')
    await w.until(() => w.has(a.replica))
    expect(w.us.counts.duplicates).to.equal(0)
    expect(w.us.counts.received).to.equal(600)
    expect(w.asked('frontier')).to.have.length(1)
    expect(w.asked('ids')).to.have.length(0)
  })

  it('asks for nothing when nothing is missing, and comes to rest', async () => {
    const w = world()
    const envelopes = envelopesOf('equal', 20, 2, w.us)
    const a = await w.peer('a', envelopes)
    for (const envelope of envelopes) await w.us.receive(w.context, envelope)
    w.fetcher.heard(w.context, 'a', a.replica.frontier(w.context)?.heads ?? [])
    expect(w.fetcher.isFetching(w.context)).to.equal(true)
    let isAtRest = false
    void w.fetcher.settled(w.context).then(() => (isAtRest = true))
    await w.until(() => isAtRest)
    expect(w.fetcher.isFetching(w.context)).to.equal(false)
    expect(w.questions.map(({ kind }) => kind)).to.deep.equal(['frontier'])
    expect(w.clock.pending).to.equal(0)
  })

  it('does not ask for what waits for its parents', async () => {
    const w = world()
    const envelopes = envelopesOf('waiting', 100, 1, w.us)
    const a = await w.peer('a', envelopes)
    for (const envelope of envelopes.slice(40, 80)) await w.us.receive(w.context, envelope)
    w.heads('a')
    await w.until(() => w.has(a.replica))
    expect(w.us.counts).to.include({ received: 100, duplicates: 0 })
  })

  it('asks several members at once for numbers that differ', async () => {
    const w = world()
    const envelopes = envelopesOf('many', 1_500, 3, w.us)
    const peers: StubPeer[] = []
    for (const name of ['a', 'b', 'c', 'd']) {
      peers.push(await w.peer(name, envelopes, { latencyMs: 20 }))
      w.heads(name)
    }
    await w.until(() => peers.every((peer) => w.has(peer.replica)))
    const asked = w.asked('ranges')
    expect(new Set(asked.map(({ peer }) => peer)).size).to.be.at.least(MAX_FETCHES_PER_CONTEXT)
    const numbers = asked.flatMap((question) => question.numbers)
    expect(new Set(numbers).size).to.equal(numbers.length)
    expect(w.us.counts).to.include({ received: 1_500, duplicates: 0 })
  })

  describe('while what a peer sent is looked at', () => {
    const LATENCY_MS = 50

    /** Looks at one delta a millisecond. */
    async function slowly(length: number): Promise<{ w: PullWorld; ms: number; most: number }> {
      const w = world()
      const a = await w.peer('a', envelopesOf('slow', length, 2, w.us), { latencyMs: LATENCY_MS })
      const receive = w.us.receive.bind(w.us)
      const turns: (() => void)[] = []
      let most = 0
      w.us.receive = async (context, envelope) => {
        const turn = new Promise<void>((resolve) => turns.push(resolve))
        most = Math.max(most, turns.length)
        await turn
        return receive(context, envelope)
      }
      w.clock.every(10, () => {
        for (const turn of turns.splice(0, 10)) turn()
      })
      w.heads('a')
      return { w, ms: await w.until(() => w.has(a.replica)), most }
    }

    it('asks it for the next, so that neither waits for the other', async () => {
      const { w, ms } = await slowly(1_000)
      expect(ms).to.be.below(1_000 + 3 * LATENCY_MS)
      expect(w.asked('ranges').length).to.be.within(3, 12)
      expect(w.us.counts).to.include({ received: 1_000, duplicates: 0 })
    })

    it('takes no more of two answers than may be looked at of each', async () => {
      const { most } = await slowly(1_000)
      expect(most).to.be.within(MAX_PULL_RECEIVING + 1, 2 * MAX_PULL_RECEIVING)
    })
  })

  it('asks for no more above what is applied than may wait', async () => {
    const w = world()
    const envelopes = envelopesOf('far', LOOKAHEAD_PER_AUTHOR + 500, 1, w.us)
    // all but the first, so that everything must wait
    await w.peer('a', envelopes, {
      send: async (parts, take, signal) =>
        sendAll(without(parts, envelopes.slice(0, 1)), take, signal),
    })
    w.heads('a')
    await w.until(() => w.asked('ids').length > 0)
    const numbers = new Set(w.asked('ranges').flatMap((question) => question.numbers))
    expect(numbers.size).to.equal(LOOKAHEAD_PER_AUTHOR)
  })

  it('goes on where it was after a restart', async () => {
    const w = world()
    const envelopes = envelopesOf('restart', 900, 2, w.us)
    const a = await w.peer('a', envelopes, {
      send: (parts, take, signal) =>
        sendAll(
          parts,
          async (envelope) => {
            await take(envelope)
            await new Promise<void>((resolve) => w.clock.after(1, resolve))
          },
          signal,
        ),
    })
    w.heads('a')
    await w.until(() => w.us.counts.received >= 300)
    w.fetcher.stop()
    const before = w.us.counts.received
    w.fetcher.start()
    w.heads('a')
    await w.until(() => w.has(a.replica))
    expect(before).to.be.below(320)
    expect(w.us.counts.received).to.be.at.most(901)
  })

  describe('is not held up by a peer that', () => {
    const others: readonly [
      string,
      (w: PullWorld, envelopes: readonly Uint8Array[]) => Partial<StubPeer>,
    ][] = [
      ['never answers', () => ({ send: never })],
      ['does not even tell its frontier', () => ({ frontier: never, send: never })],
      [
        'sends what is here already, again and again',
        (w, envelopes) => ({
          send: async (_parts, take, signal) => {
            for (let i = 0; i < 10; i++) {
              await take(envelopes[0] ?? EMPTY)
              await new Promise<void>((resolve) => {
                w.clock.after(100, resolve)
                signal.addEventListener('abort', () => resolve())
              })
            }
            return { more: true, unknown: [], pruned: [] }
          },
        }),
      ],
      ['claims what it cannot send', () => ({ send: nothing })],
      [
        'claims more than there is',
        (w) => ({
          frontier: () => [
            ...envelopesHeights(w, 'bad').map((entry) => ({ ...entry, height: 1n << 60n })),
          ],
          send: nothing,
        }),
      ],
      [
        'sends half of what it was asked for',
        (_w, envelopes) => ({
          send: async (parts, take, signal) =>
            sendAll(
              without(
                parts,
                envelopes.filter((_, i) => i % 2 === 1),
              ),
              take,
              signal,
            ),
        }),
      ],
      ['breaks the protocol', () => ({ send: () => Promise.reject(new TypeError('broken')) })],
      [
        'sends one delta a second',
        (w) => ({
          send: async (parts, take, signal) => {
            for await (const part of parts) {
              if ('end' in part) return part.end
              await new Promise<void>((resolve) => w.clock.after(1_000, resolve))
              signal.throwIfAborted()
              await take(part.envelope)
            }
            throw new TypeError('no end')
          },
        }),
      ],
    ]
    for (const [name, make] of others) {
      it(name, async () => {
        const w = world()
        const envelopes = envelopesOf(name, 800, 3, w.us)
        for (const envelope of envelopes.slice(0, 100)) await w.us.receive(w.context, envelope)
        await w.peer('bad', envelopes, make(w, envelopes))
        w.heads('bad')
        await w.until(() => w.questions.length > 0)
        const good = await w.peer('good', envelopes, { latencyMs: 5 })
        w.heads('good')
        const ms = await w.until(() => w.has(good.replica))
        expect(ms).to.be.below(4_000)
        // what is sent twice is at most what a peer that fell silent was asked for
        expect(w.us.counts.duplicates).to.be.below(300)
      })
    }

    it('claims more of all authors than there is, even when it comes as three', async () => {
      const w = world()
      const envelopes = envelopesOf('three', 600, 3, w.us)
      for (const name of ['x', 'y', 'z']) {
        await w.peer(name, envelopes, { send: never })
        w.heads(name)
      }
      await w.until(() => w.asked('ranges').length === MAX_FETCHES_PER_CONTEXT)
      const good = await w.peer('good', envelopes)
      w.heads('good')
      expect(await w.until(() => w.has(good.replica))).to.be.below(2 * SECOND_OPINION_MS)
      expect(w.us.counts.duplicates).to.equal(0)
    })
  })

  for (const step of [-3_600_000, 3_600_000]) {
    it(`asks another member in time when the wall clock moves by ${step} ms meanwhile`, async () => {
      const w = world()
      const envelopes = envelopesOf('step', 50, 1, w.us)
      await w.peer('silent', envelopes, { send: never })
      w.heads('silent')
      await w.until(() => w.asked('ranges').length === 1)
      w.clock.step(step)
      const good = await w.peer('good', envelopes)
      w.heads('good')
      const ms = await w.until(() => w.has(good.replica))
      expect(ms).to.be.within(SECOND_OPINION_MS - 10, SECOND_OPINION_MS + 100)
    })
  }

  it('gives up a request that brings nothing of use, and leaves the peer alone for a while', async () => {
    const w = world()
    const envelopes = envelopesOf('patience', 100, 1, w.us)
    await w.peer('a', envelopes, { send: never })
    w.heads('a')
    await w.until(() => w.clock.monotonicMs() >= 60_000)
    const times = w.asked('ranges').map(({ at }) => at)
    expect(times.length).to.be.within(6, 10)
    expect((times[1] ?? 0) - (times[0] ?? 0)).to.be.at.least(FETCH_PATIENCE_MS)
  })

  it('tries again when the only peer could not be reached for a while', async () => {
    const w = world()
    const envelopes = envelopesOf('again', 100, 2, w.us)
    let isDown = true
    const a = await w.peer('a', envelopes, {
      send: (parts, take, signal) =>
        isDown ? Promise.reject(new TypeError('down')) : sendAll(parts, take, signal),
    })
    w.heads('a')
    await w.until(() => w.clock.monotonicMs() >= 5_000)
    isDown = false
    expect(await w.until(() => w.has(a.replica))).to.be.below(15_000)
  })

  it('asks nobody a second time for what was not there, until that peer says something new', async () => {
    const w = world()
    const envelopes = envelopesOf('gap', 50, 1, w.us)
    await w.peer('a', envelopes, { send: nothing })
    w.heads('a')
    await w.until(() => w.clock.monotonicMs() >= 30_000)
    expect(w.asked('ranges')).to.have.length(1)
    // ids are asked for now and then, for nothing else says that the delta exists
    expect(w.asked('ids').length).to.be.within(2, 12)
  })

  describe('an author who gave one number to two deltas', () => {
    it('does not keep anything back: what no range covers is asked for by id', async () => {
      const w = world()
      const author = bytesOf('forked')
      const chain = (name: string, from: readonly Uint8Array[], count: number): Uint8Array[] => {
        const made = [...from]
        for (let i = 0; i < count; i++) {
          const last = made.at(-1)
          const parents = last === undefined ? [] : [w.us.idOf(last)]
          const sequence = BigInt(made.length + 1)
          made.push(w.us.envelope(parents, utf8(`${name} ${i}`), { author, sequence }))
        }
        return made
      }
      const common = chain('common', [], 400)
      const [ours, theirs] = [chain('ours', common, 30), chain('theirs', common, 30)]
      for (const envelope of ours) await w.us.receive(w.context, envelope)
      const a = await w.peer('a', theirs)
      w.heads('a')
      const heads = a.replica.frontier(w.context)?.heads ?? []
      await w.until(() => heads.every((id) => w.us.isApplied(w.context, id)))
      expect(w.asked('ids')).to.have.length(1)
      // the landmarks show where the branches part, to about twice the distance
      expect(w.us.counts.duplicates).to.be.below(64)
    })

    it('comes whole to a copy that has neither', async () => {
      const w = world()
      const author = bytesOf('forked')
      const first = w.us.envelope([], utf8('first'), { author, sequence: 1n })
      const parents = [w.us.idOf(first)]
      const second = ['one', 'other'].map((name) =>
        w.us.envelope(parents, utf8(name), { author, sequence: 2n }),
      )
      const a = await w.peer('a', [first, ...second])
      w.heads('a')
      await w.until(() => w.has(a.replica))
      expect(w.us.counts.duplicates).to.equal(0)
    })
  })

  it('fetches a delta that was pushed without its parent', async () => {
    const w = world()
    const envelopes = envelopesOf('lost', 10, 1, w.us)
    const a = await w.peer('a', envelopes)
    for (const envelope of envelopes.slice(0, 7)) await w.us.receive(w.context, envelope)
    const { missing } = await w.us.receive(w.context, envelopes[9] ?? EMPTY)
    w.fetcher.want(w.context, missing, 'a')
    expect(await w.until(() => w.has(a.replica))).to.be.below(100)
    expect(w.us.counts).to.include({ received: 10, duplicates: 0 })
  })

  it('ends with equal frontiers, whatever the history, who has which part of it, and who lies', async () => {
    const part = fc.record({
      upTo: fc.nat(120),
      latencyMs: fc.integer({ min: 1, max: 40 }),
      kind: fc.constantFrom('honest', 'honest', 'silent', 'empty', 'half'),
    })
    const scenario = fc.record({
      seed: fc.nat(1_000_000),
      length: fc.integer({ min: 1, max: 120 }),
      authors: fc.integer({ min: 1, max: 6 }),
      ours: fc.nat(120),
      parts: fc.array(part, { minLength: 1, maxLength: 5 }),
    })
    await fc.assert(
      fc.asyncProperty(scenario, async ({ seed, length, authors, ours, parts }) => {
        const w = world()
        const envelopes = envelopesOf(`scenario ${seed}`, length, authors, w.us)
        for (const envelope of envelopes.slice(0, ours)) await w.us.receive(w.context, envelope)
        const whole = await w.peer('whole', envelopes)
        for (const [i, { upTo, latencyMs, kind }] of parts.entries()) {
          const kinds: Record<string, Partial<StubPeer>> = {
            ...{ honest: {}, silent: { send: never }, empty: { send: nothing } },
            half: {
              send: (all, take, signal) =>
                sendAll(
                  without(
                    all,
                    envelopes.filter((_, n) => n % 2 === 0),
                  ),
                  take,
                  signal,
                ),
            },
          }
          await w.peer(`p${i}`, envelopes.slice(0, upTo), { latencyMs, ...kinds[kind] })
          w.heads(`p${i}`)
        }
        w.heads('whole')
        await w.until(() => w.has(whole.replica), 20_000)
        expect(w.us.heights(w.context)).to.deep.equal(whole.replica.heights(w.context))
        w.fetcher.stop()
      }),
      { numRuns: 60 },
    )
  })
})

/** The parts of an answer without some envelopes. */
async function* without(
  parts: AsyncIterable<HistoryPart>,
  envelopes: readonly Uint8Array[],
): AsyncGenerator<HistoryPart> {
  const left = new Set(envelopes.map(idKey))
  for await (const part of parts) {
    if ('end' in part || !left.has(idKey(part.envelope))) yield part
  }
}

function envelopesHeights(w: PullWorld, name: string): ReturnType<StubPeer['replica']['heights']> {
  return w.stub(name).replica.heights(w.context)
}
