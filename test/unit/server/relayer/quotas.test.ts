import { expect } from 'chai'
import { Quotas } from '../../../../src/server/relayer/quotas.ts'
import { thrownCode } from '../../../support/error-code.ts'
import { shiftedClock } from '../../../compliance/anchor-support.ts'

const HOUR = 3600
const RULES = {
  signerPerHour: 2,
  signerPerDay: 3,
  groupPerHour: 3,
  groupPerDay: 4,
  gasPerDay: 100n,
}

describe('quotas of a relayer', () => {
  const payee = (signer: string, group: string = signer) => ({ signer, group })
  const isTaken = (quotas: Quotas, signer: string, group?: string, gas = 1n): boolean =>
    thrownCode(() => quotas.take(payee(signer, group), gas)) === 'none'

  it('slide with the clock, by the hour and by the day', () => {
    const clock = shiftedClock()
    const quotas = new Quotas(RULES, clock)
    expect([1, 2, 3].map(() => isTaken(quotas, 'a'))).to.deep.equal([true, true, false])
    clock.advance(HOUR + 1)
    expect([1, 2].map(() => isTaken(quotas, 'a'))).to.deep.equal([true, false])
    clock.advance(HOUR + 1)
    expect(isTaken(quotas, 'a')).to.equal(false) // three within the day
    clock.advance(22 * HOUR)
    expect(isTaken(quotas, 'a')).to.equal(true)
  })

  it('count a group over all its signers', () => {
    const quotas = new Quotas(RULES, shiftedClock())
    expect(['a', 'b', 'c', 'd'].map((signer) => isTaken(quotas, signer, 'g'))).to.deep.equal([
      ...[true, true, true, false],
    ])
  })

  it('hold all together to the gas of a day', () => {
    const clock = shiftedClock()
    const quotas = new Quotas(RULES, clock)
    expect(isTaken(quotas, 'a', 'a', 60n)).to.equal(true)
    expect(isTaken(quotas, 'b', 'b', 41n)).to.equal(false)
    expect(isTaken(quotas, 'c', 'c', 40n)).to.equal(true)
    expect(thrownCode(() => quotas.check(payee('d')))).to.equal('RELAYER_QUOTA')
    clock.advance(24 * HOUR + 1)
    expect(isTaken(quotas, 'd', 'd', 100n)).to.equal(true)
  })

  it('take back what was not sent', () => {
    const quotas = new Quotas({ ...RULES, gasPerDay: 3n }, shiftedClock())
    for (let i = 0; i < 10; i++) quotas.take(payee('a'), 3n)()
    expect(isTaken(quotas, 'a', 'a', 3n)).to.equal(true)
  })
})
