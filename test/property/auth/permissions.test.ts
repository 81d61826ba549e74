/** Permission sets against the rules said once more, for all sets and questions of a small world. */
import { expect } from 'chai'
import fc from 'fast-check'
import { parsePermission, PermissionSet, required } from '../../../src/auth/index.ts'
import { QUESTIONS, referenceAllows, TEXTS } from '../../support/permission-reference.ts'

const sets = fc.subarray([...TEXTS], { maxLength: 5 })
const question = fc.constantFrom(...QUESTIONS)
const text = fc.constantFrom(...TEXTS)

describe('permission sets', () => {
  it('allow what the reference allows, and nothing else', () => {
    for (const one of TEXTS) {
      for (const needed of QUESTIONS) {
        const label = `${one} for ${JSON.stringify(needed)}`
        expect(PermissionSet.from([one]).allows(needed), label).to.equal(
          referenceAllows([one], needed),
        )
      }
    }
    fc.assert(
      fc.property(sets, sets, question, (held, above, needed) => {
        const set = PermissionSet.from(held, PermissionSet.from(above))
        const expected = referenceAllows(held, needed) && referenceAllows(above, needed)
        expect(set.allows(needed)).to.equal(expected)
      }),
      { numRuns: 2_000 },
    )
  })

  it('cover only permissions that allow nothing beyond the set', () => {
    fc.assert(
      fc.property(sets, text, (held, given) => {
        const permission = parsePermission(given)
        if (permission === undefined) throw new TypeError(given)
        if (!PermissionSet.from(held).covers(permission)) return
        for (const needed of QUESTIONS) {
          if (referenceAllows([given], needed)) {
            expect(referenceAllows(held, needed), JSON.stringify(needed)).to.equal(true)
          }
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('cover each permission they hold', () => {
    for (const one of TEXTS) {
      const permission = parsePermission(one)
      expect(permission?.text).to.equal(one)
      expect(permission && PermissionSet.from([one]).covers(permission), one).to.equal(true)
    }
  })

  it('leave of a list what is allowed of each row', () => {
    const rows = ['c1', 'c2', 'c3'].map((id) => ({ id, application: id === 'c3' ? 'a2' : 'a1' }))
    fc.assert(
      fc.property(sets, (held) => {
        const set = PermissionSet.from(held)
        const scopeOf = ({ id, application }: (typeof rows)[number]) => ({
          slots: [id],
          applicationId: application,
        })
        const left = set.filter('context:list', rows, scopeOf)
        expect(left).to.deep.equal(
          rows.filter(({ id, application }) =>
            referenceAllows(held, required('context:list', [id], application)),
          ),
        )
        if (left.length > 0) expect(set.allowsSome('context:list')).to.equal(true)
      }),
    )
  })

  it('take no harm from any text', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), question, (texts, needed) => {
        PermissionSet.from(texts).allows(needed)
      }),
    )
  })
})
