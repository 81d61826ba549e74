import { expect } from 'chai'
import { bodyBudget } from '../../../../src/server/bodies/budget.ts'
import {
  MAX_BODY_BYTES,
  MAX_BODY_BYTES_PER_ADDRESS,
  MAX_SMALL_BODY_BYTES,
  SMALL_BODIES_BYTES,
} from '../../../../src/server/limits.ts'
import { thrownCode } from '../../../support/error-code.ts'

describe('room for bodies', () => {
  it('is bounded for each address, those of this machine aside', () => {
    const budget = bodyBudget()
    const give = budget.take('192.0.2.1', MAX_BODY_BYTES_PER_ADDRESS, 'large')
    const one = (address: string): string => thrownCode(() => budget.take(address, 1, 'small'))
    expect(one('192.0.2.1')).to.equal('SERVER_TOO_MANY')
    expect(one('192.0.2.2')).to.equal('none')
    give()
    expect(one('192.0.2.1')).to.equal('none')
    budget.take('127.0.0.1', MAX_BODY_BYTES_PER_ADDRESS + 1, 'large')
  })

  it('is bounded in all, and large bodies leave room for small ones', () => {
    const budget = bodyBudget()
    const gives = [1, 2, 3, 4].map((n) => budget.take(`192.0.2.${n}`, MAX_BODY_BYTES / 4, 'large'))
    const next = (bytes: number, size: 'small' | 'large'): string =>
      thrownCode(() => budget.take('::1', bytes, size))
    expect(next(1, 'large')).to.equal('SERVER_BUSY')
    for (let left = SMALL_BODIES_BYTES; left > 0; left -= MAX_SMALL_BODY_BYTES) {
      expect(next(MAX_SMALL_BODY_BYTES, 'small')).to.equal('none')
    }
    expect(next(1, 'small')).to.equal('SERVER_BUSY')
    for (const give of gives) give()
    expect(next(1, 'large')).to.equal('none')
  })
})
