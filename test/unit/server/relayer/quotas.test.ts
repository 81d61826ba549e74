import { expect } from 'chai'
import { Quotas } from '../../../../src/server/relayer/quotas.ts'
import { thrownCode } from '../../../support/error-code.ts'
import { shiftedClock } from '../../../compliance/anchor-support.ts'

const HOUR = 3600
const RULES = {
  keyPerHour: 20,
  keyPerDay: 30,
  addressPerHour: 10,
  addressPerDay: 15,
  signerPerHour: 2,
  signerPerDay: 3,
  groupPerHour: 3,
  groupPerDay: 4,
}

describe('quotas of a relayer', () => {
  const paid = (cost: bigint, perDay = 100n, chain = 'ethereum') => ({
    ...{ chain, network: 'local', cost },
    costs: { unit: 'gas', perOperation: perDay, perDay },
  })
  const payee = (signer: string, group: string = signer) => ({ signer, group })
  const isTaken = (quotas: Quotas, signer: string, group?: string, cost = 1n): boolean =>
    thrownCode(() => quotas.take(payee(signer, group), paid(cost))) === 'none'

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

  it('hold all together to what may be paid in a day, each chain for itself', () => {
    const clock = shiftedClock()
    const quotas = new Quotas(RULES, clock)
    expect(isTaken(quotas, 'a', 'a', 60n)).to.equal(true)
    expect(isTaken(quotas, 'b', 'b', 41n)).to.equal(false)
    expect(isTaken(quotas, 'c', 'c', 40n)).to.equal(true)
    expect(thrownCode(() => quotas.check(payee('d'), paid(0n)))).to.equal('RELAYER_QUOTA')
    expect(thrownCode(() => quotas.take(payee('d'), paid(100n, 100n, 'near')))).to.equal('none')
    clock.advance(24 * HOUR + 1)
    expect(isTaken(quotas, 'd', 'd', 100n)).to.equal(true)
  })

  it('count a request before anything is done for it, and one that is refused for more', () => {
    const clock = shiftedClock()
    const quotas = new Quotas(RULES, clock)
    const isLetIn = (key: string | undefined, address: string): boolean =>
      thrownCode(() => quotas.attempt({ key, address })) === 'none'
    for (let i = 0; i < 2; i++) quotas.attempt({ key: 'k', address: '1.2.3.4' }).refuse('s')
    quotas.attempt({ key: 'k', address: '1.2.3.4' })
    expect(isLetIn('k', '1.2.3.4')).to.equal(true)
    expect(isLetIn('k', '1.2.3.4'), 'the address').to.equal(false)
    expect(isLetIn('k', '1.2.3.5'), 'the key from elsewhere').to.equal(true)
    expect(thrownCode(() => quotas.checkSigner('s'))).to.equal('RELAYER_QUOTA')
    expect(thrownCode(() => quotas.check(payee('t', 'g'), paid(0n)))).to.equal('none')
    const before = quotas.attempt({ key: 'k', address: '1.2.3.5' })
    before.refund()
    clock.advance(HOUR + 1)
    expect(isLetIn('k', '1.2.3.4')).to.equal(true)
  })

  it('take a whole network of the sixth version for one address', () => {
    const quotas = new Quotas({ ...RULES, addressPerHour: 1 }, shiftedClock())
    const isLetIn = (address: string): boolean =>
      thrownCode(() => quotas.attempt({ address })) === 'none'
    expect(isLetIn('2001:db8:1:2::1')).to.equal(true)
    expect(isLetIn('2001:db8:1:2:ffff::9')).to.equal(false)
    expect(isLetIn('2001:db8:1:3::1')).to.equal(true)
    expect(isLetIn('::ffff:1.2.3.4')).to.equal(true)
    expect(isLetIn('::ffff:1.2.3.5')).to.equal(true)
    expect(isLetIn('::1')).to.equal(true)
  })

  it('take back what was not sent', () => {
    const quotas = new Quotas(RULES, shiftedClock())
    for (let i = 0; i < 10; i++) quotas.take(payee('a'), paid(100n))()
    expect(isTaken(quotas, 'a', 'a', 100n)).to.equal(true)
  })
})
