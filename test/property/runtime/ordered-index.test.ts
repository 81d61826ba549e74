import fc from 'fast-check'
import { expect } from 'chai'
import { OrderedIndex } from '../../../src/node/runtime/wasm/rows.ts'

const key = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'ÿ'), maxLength: 3 })
const step = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), key, byte: fc.nat(255) }),
  fc.record({ kind: fc.constantFrom('remove' as const, 'removePrefix' as const), key }),
  fc.record({ kind: fc.constantFrom('commit' as const, 'rollback' as const) }),
)

describe('the ordered index', () => {
  it('behaves as a sorted map with transactions', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 30 }),
        key,
        key,
        fc.nat(3),
        fc.nat(4),
        (steps, from, to, offset, limit) => {
          const index = new OrderedIndex()
          let kept = new Map<string, number>()
          let now = new Map<string, number>()
          for (const one of steps) {
            if (one.kind === 'set') {
              index.set(one.key, Uint8Array.of(one.byte))
              now.set(one.key, one.byte)
            } else if (one.kind === 'remove') {
              index.remove(one.key)
              now.delete(one.key)
            } else if (one.kind === 'removePrefix') {
              index.removePrefix(one.key)
              for (const name of now.keys()) if (name.startsWith(one.key)) now.delete(name)
            } else if (one.kind === 'commit') {
              for (const { key: row, value } of index.commit()) {
                const name = Buffer.from(row).toString('latin1')
                if (value === undefined) kept.delete(name)
                else kept.set(name, value[0] ?? -1)
              }
              expect(new Map(kept)).to.deep.equal(new Map(now))
            } else {
              index.rollback()
              now = new Map(kept)
            }
            if (one.kind === 'commit') kept = new Map(now)
          }
          const all = [...now]
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .filter(([name]) => name >= from && name < to)
          const rows = (list: readonly (readonly [string, Uint8Array])[]): unknown =>
            list.map(([name, value]) => [name, value[0]])
          expect(rows(index.scan(from, to, offset, limit))).to.deep.equal(
            all.slice(offset, offset + limit),
          )
          const last = index.last(from, to)
          expect(last === undefined ? undefined : [last[0], last[1][0]]).to.deep.equal(all.at(-1))
        },
      ),
    )
  })
})
