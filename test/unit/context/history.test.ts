import { expect } from 'chai'
import fc from 'fast-check'
import {
  type HistoryRequest,
  readHistory,
  readRanges,
} from '../../../src/node/context/replica/history.ts'
import { MAX_WALK_DELTAS } from '../../../src/node/context/limits.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { DeltaId, idKey, ZERO_ID } from '../../../src/node/primitives/ids.ts'
import { utf8 } from '../../../src/node/primitives/bytes.ts'
import { deltaRows, type DeltaRows } from '../../../src/node/store/repositories/deltas.ts'
import type { AuthorRange } from '../../../src/node/sync/replica.ts'
import { bytesOf } from '../../support/craft-delta.ts'
import { memoryStore } from '../../support/memory-store.ts'

const CONTEXT = 1
const idOf = (n: number): DeltaId => DeltaId.from(sha256(utf8(`delta ${n}`)))

/** Stores a history in which delta n has the given earlier deltas as parents; each envelope is the number as text. */
async function stored(parents: readonly (readonly number[])[]): Promise<DeltaRows> {
  const store = memoryStore()
  const rows = deltaRows(store)
  for (const [n, of] of parents.entries()) {
    const hlc = new Uint8Array(24)
    const row = {
      status: 0,
      reason: 0,
      position: BigInt(n + 1),
      author: ZERO_ID,
      sequence: BigInt(n + 1),
      kind: 0,
      member: ZERO_ID,
      parents: of.length === 0 ? [ZERO_ID] : of.map(idOf),
      hlc,
      size: 1,
    }
    await store.batch([
      ...rows.putApplied(CONTEXT, idOf(n), row),
      rows.putEnvelope(CONTEXT, idOf(n), utf8(String(n))),
    ])
  }
  return rows
}

async function read(
  rows: DeltaRows,
  request: Partial<HistoryRequest>,
): Promise<{ sent: number[]; more: boolean; unknown: readonly DeltaId[] }> {
  const sent: number[] = []
  const all = { want: [], have: [], maxBytes: 1 << 20, ...request }
  for await (const part of readHistory(rows, CONTEXT, all)) {
    if ('end' in part) return { sent, more: part.end.more, unknown: part.end.unknown }
    sent.push(Number(Buffer.from(part.envelope).toString()))
  }
  throw new RangeError('expected an end')
}

function ancestors(parents: readonly (readonly number[])[], of: readonly number[]): Set<number> {
  const found = new Set<number>()
  const visit = (n: number): void => {
    if (found.has(n)) return
    found.add(n)
    for (const parent of parents[n] ?? []) visit(parent)
  }
  for (const n of of) visit(n)
  return found
}

/** Up to 24 deltas, each with one to three earlier parents. */
const histories = fc
  .array(fc.array(fc.nat(1000), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 24 })
  .map((raw) => raw.map((of, n) => (n === 0 ? [] : [...new Set(of.map((one) => one % n))])))

describe('the history another copy lacks', () => {
  it('is complete, in causal order, and nothing the other side has', async () => {
    await fc.assert(
      fc.asyncProperty(
        histories,
        fc.array(fc.nat(1000), { maxLength: 3 }),
        async (parents, pick) => {
          const rows = await stored(parents)
          const named = new Set(parents.flat())
          const heads = parents.map((_, n) => n).filter((n) => !named.has(n))
          const have = [...new Set(pick.map((one) => one % parents.length))]
          const had = ancestors(parents, have)
          const request = { want: heads.map(idOf), have: have.map(idOf) }
          const { sent, more } = await read(rows, request)
          expect(more).to.equal(false)
          expect(new Set(sent)).to.deep.equal(
            new Set(parents.map((_, n) => n).filter((n) => !had.has(n))),
          )
          const known = new Set(had)
          for (const n of sent) {
            expect((parents[n] ?? []).every((parent) => known.has(parent))).to.equal(true)
            known.add(n)
          }
        },
      ),
      { numRuns: 200 },
    )
  })

  it('stops at the bytes asked for and goes on from newer heads', async () => {
    const parents = Array.from({ length: 40 }, (_, n) => (n === 0 ? [] : [n - 1]))
    const rows = await stored(parents)
    const first = await read(rows, { want: [idOf(39)], maxBytes: 10 })
    expect(first).to.deep.include({ more: true })
    expect(first.sent).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    const next = await read(rows, { want: [idOf(39)], have: [idOf(9)] })
    expect(next.sent).to.deep.equal(Array.from({ length: 30 }, (_, i) => i + 10))
  })

  it('names what it does not know', async () => {
    const rows = await stored([[]])
    const { unknown, sent } = await read(rows, { want: [idOf(7)], have: [idOf(0)] })
    expect(unknown.map(idKey)).to.deep.equal([idKey(idOf(7))])
    expect(sent).to.deep.equal([])
  })
})

/** Numbers of authors in an order of application; some numbers come twice, as a forked author gives them. */
const numbered = fc.array(fc.record({ author: fc.nat(2), again: fc.nat(9) }), { maxLength: 40 })
const authorOf = (n: number): Uint8Array => bytesOf(`author ${n}`)

describe('the deltas in ranges of authors’ numbers', () => {
  async function store(picks: readonly { author: number; again: number }[]): Promise<{
    rows: DeltaRows
    all: readonly { author: number; sequence: bigint }[]
  }> {
    const last = new Map<number, bigint>()
    const all = picks.map(({ author, again }) => {
      const before = last.get(author) ?? 0n
      const sequence = again === 0 && before > 0n ? before : before + 1n
      last.set(author, sequence)
      return { author, sequence }
    })
    const memory = memoryStore()
    const rows = deltaRows(memory)
    for (const [n, { author, sequence }] of all.entries()) {
      await memory.batch([
        ...rows.putApplied(CONTEXT, idOf(n), {
          ...{ status: 0, reason: 0, position: BigInt(n + 1), author: authorOf(author), sequence },
          ...{ kind: 0, member: ZERO_ID, parents: [ZERO_ID], hlc: new Uint8Array(24), size: 1 },
        }),
        rows.putEnvelope(CONTEXT, idOf(n), utf8(String(n))),
      ])
    }
    return { rows, all }
  }

  async function send(
    rows: DeltaRows,
    ranges: readonly AuthorRange[],
    maxBytes = 1 << 20,
  ): Promise<{ sent: number[]; more: boolean }> {
    const sent: number[] = []
    for await (const part of readRanges(rows, CONTEXT, { ranges, maxBytes })) {
      if ('end' in part) return { sent, more: part.end.more }
      sent.push(Number(Buffer.from(part.envelope).toString()))
    }
    throw new RangeError('expected an end')
  }

  it('are exactly those, in the order of application', async () => {
    const range = fc.record({ author: fc.nat(3), from: fc.nat(20), length: fc.nat(20) })
    await fc.assert(
      fc.asyncProperty(
        numbered,
        fc.uniqueArray(range, { maxLength: 4, selector: ({ author }) => author }),
        async (picks, asked) => {
          const { rows, all } = await store(picks)
          const ranges = asked.map(({ author, from, length }) => ({
            ...{ author: authorOf(author), from: BigInt(from), to: BigInt(from + length) },
          }))
          const expected = all.flatMap(({ author, sequence }, n) =>
            asked.some(
              (of) =>
                of.author === author && of.from <= sequence && sequence <= of.from + of.length,
            )
              ? [n]
              : [],
          )
          expect(await send(rows, ranges)).to.deep.equal({ sent: expected, more: false })
        },
      ),
      { numRuns: 100 },
    )
  })

  it('are as many as the bytes asked for take, at least one, and there is more then', async () => {
    const { rows } = await store(Array.from({ length: 9 }, () => ({ author: 0, again: 1 })))
    const ranges = [{ author: authorOf(0), from: 3n, to: (1n << 64n) - 1n }]
    expect(await send(rows, ranges, 4)).to.deep.equal({ sent: [2, 3, 4, 5], more: true })
    expect(await send(rows, ranges, 0)).to.deep.equal({ sent: [2], more: true })
    expect(await send(rows, ranges)).to.deep.include({ more: false })
  })

  it('are no more than one answer may look at', async () => {
    const many = Array.from({ length: MAX_WALK_DELTAS + 1 }, () => ({ author: 0, again: 1 }))
    const { rows } = await store(many)
    const range = { author: authorOf(0), from: 1n, to: BigInt(MAX_WALK_DELTAS) }
    expect((await send(rows, [range])).more).to.equal(false)
    const { sent, more } = await send(rows, [{ ...range, to: 1n << 40n }])
    expect([sent.length, more]).to.deep.equal([MAX_WALK_DELTAS, true])
  })

  it('are none when the range is upside down, or nobody’s', async () => {
    const { rows } = await store([{ author: 0, again: 1 }])
    const none = { sent: [], more: false }
    expect(await send(rows, [{ author: authorOf(0), from: 2n, to: 1n }])).to.deep.equal(none)
    expect(await send(rows, [{ author: authorOf(9), from: 1n, to: 2n }])).to.deep.equal(none)
    expect(await send(rows, [])).to.deep.equal(none)
  })
})
