import { expect } from 'chai'
import fc from 'fast-check'
import { Ledger } from '../../../src/devnet/shared/ledger.ts'

interface Tables {
  numbers: number
  words: string
}

function ledger(keep = 100): Ledger<Tables> {
  return new Ledger<Tables>(['numbers', 'words'], keep)
}

describe('a ledger', () => {
  it('undoes what was written since the last commit', () => {
    const one = ledger()
    one.set('numbers', 'a', 1)
    expect(one.commit()).to.deep.equal([{ table: 'numbers', key: 'a' }])
    one.set('numbers', 'a', 2)
    one.set('numbers', 'a', undefined)
    one.set('words', 'b', 'x')
    one.rollback()
    expect([one.get('numbers', 'a'), one.get('words', 'b')]).to.deep.equal([1, undefined])
    expect(one.commit()).to.deep.equal([])
  })

  it('forgets blocks that are too old, and says so', () => {
    const one = ledger(2)
    for (const height of [0, 1, 2, 3]) {
      one.set('numbers', 'a', height)
      one.commit()
      one.seal(height)
    }
    expect(one.at(0)).to.equal(undefined)
    expect([1, 2, 3].map((height) => one.at(height)?.get('numbers', 'a'))).to.deep.equal([1, 2, 3])
    expect(one.at(4)).to.equal(undefined)
  })

  it('knows at each block what was there, and comes back to a copy', () => {
    const write = fc.record({
      key: fc.constantFrom('a', 'b', 'c/1', 'c/2'),
      value: fc.option(fc.nat(3), { nil: undefined }),
      isUndone: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(fc.array(write, { maxLength: 4 }), { maxLength: 8 }), (blocks) => {
        const one = ledger()
        const states: Map<string, number>[] = []
        const now = new Map<string, number>()
        blocks.forEach((writes, height) => {
          for (const { key, value, isUndone } of writes) {
            one.set('numbers', key, value)
            if (isUndone) {
              one.rollback()
              continue
            }
            one.commit()
            if (value === undefined) now.delete(key)
            else now.set(key, value)
          }
          one.seal(height)
          states.push(new Map(now))
        })
        const check = (): void => {
          states.forEach((state, height) => {
            const reader = one.at(height)
            const keys = reader?.keys('numbers', '') ?? []
            expect(keys).to.deep.equal([...state.keys()].sort())
            for (const key of keys) expect(reader?.get('numbers', key)).to.equal(state.get(key))
            const some = [...state.keys()].filter((key) => key.startsWith('c/')).sort()
            expect(reader?.keys('numbers', 'c/')).to.deep.equal(some)
          })
        }
        check()
        const copy = one.copy()
        one.set('numbers', 'a', 99)
        one.set('words', 'w', 'later')
        one.commit()
        one.seal(blocks.length)
        one.restore(copy)
        expect(one.get('words', 'w')).to.equal(undefined)
        expect(one.at(blocks.length)).to.equal(undefined)
        check()
      }),
    )
  })
})
