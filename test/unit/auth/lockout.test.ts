/** How often sign-in may fail, and that a stranger locks nobody else out. */
import { expect } from 'chai'
import {
  MAX_ADDRESS_FAILURES,
  MAX_CHALLENGE_RATE,
  MAX_COUNTED,
  MAX_SLOWED,
  MAX_SUBJECT_FAILURES,
  SLOW_SUBJECT_FAILURES,
} from '../../../src/auth/limits.ts'
import { Lockout, prefixOf } from '../../../src/auth/sign-in/lockout.ts'
import { authKit, LOOPBACK, STRANGER } from '../../support/auth-kit.ts'
import { failure, rejectionCode } from '../../support/error-code.ts'
import { type HandClock, handClock } from '../../support/hand-clock.ts'

const ADDRESS = '203.0.113.7'

describe('lockout', () => {
  let clock: HandClock
  let lockout: Lockout

  beforeEach(() => {
    clock = handClock()
    lockout = new Lockout(clock)
  })

  async function fail(account: string, address: string, times: number): Promise<void> {
    for (let count = 0; count < times; count++) await lockout.begin(account, address)
  }
  const codeOf = (account: string, address: string): Promise<string> =>
    rejectionCode(lockout.begin(account, address))

  it('locks an account for the address that failed too often, and for no other', async () => {
    await fail('alice', ADDRESS, MAX_SUBJECT_FAILURES)
    expect(await codeOf('alice', ADDRESS)).to.equal('AUTH_LOCKED')
    expect(await codeOf('bob', ADDRESS)).to.equal('none')
    expect(await codeOf('alice', '198.51.100.1')).to.equal('none')
  })

  it('says for how long, and ends then, whatever the wall clock does', async () => {
    await fail('alice', ADDRESS, 1)
    clock.advance(10_000)
    await fail('alice', ADDRESS, MAX_SUBJECT_FAILURES - 1)
    const { details } = await failure(lockout.begin('alice', ADDRESS))
    expect(details['retryAfterMs']).to.equal(50_000)
    clock.set(clock.nowNs() + 3_600_000_000_000n)
    clock.advance(49_999)
    expect(await codeOf('alice', ADDRESS)).to.equal('AUTH_LOCKED')
    clock.advance(1)
    expect(await codeOf('alice', ADDRESS)).to.equal('none')
  })

  it('counts attempts that are under way, and takes back those that succeed', async () => {
    const attempts = []
    for (let count = 0; count < MAX_SUBJECT_FAILURES; count++) {
      attempts.push(await lockout.begin('alice', ADDRESS))
    }
    expect(await codeOf('alice', ADDRESS)).to.equal('AUTH_LOCKED')
    attempts[0]?.succeeded()
    expect(await codeOf('alice', ADDRESS)).to.equal('none')
  })

  it('locks an address that fails with many accounts, all 64 bits of an IPv6 network', async () => {
    for (let count = 0; count < MAX_ADDRESS_FAILURES; count++) {
      await fail(`account ${count}`, `2001:db8:1:2::${count}`, 1)
    }
    expect(await codeOf('another', '2001:db8:1:2:ffff::1')).to.equal('AUTH_LOCKED')
    expect(await codeOf('another', '2001:db8:1:3::1')).to.equal('none')
  })

  it('counts nothing against an address whose attempts succeed', async () => {
    for (let count = 0; count < 2 * MAX_ADDRESS_FAILURES; count++) {
      const attempt = await lockout.begin(`account ${count}`, ADDRESS)
      attempt.succeeded()
    }
    expect(await codeOf('alice', ADDRESS)).to.equal('none')
  })

  it('slows down what comes to an account from many addresses, but not from a known one', async () => {
    const known = await lockout.begin('alice', '192.0.2.1')
    known.succeeded()
    for (let count = 0; count < SLOW_SUBJECT_FAILURES; count++) {
      await fail('alice', `198.51.100.${count}`, 1)
    }
    let isThrough = false
    const slow = lockout.begin('alice', '198.51.100.200').then(() => (isThrough = true))
    await lockout.begin('alice', '192.0.2.1')
    await Promise.resolve()
    expect(isThrough).to.equal(false)
    clock.advance(2_000)
    await slow
  })

  it('lets no more than so many wait', async () => {
    for (let count = 0; count < SLOW_SUBJECT_FAILURES; count++) {
      await fail('alice', `198.51.100.${count}`, 1)
    }
    const waiting = Array.from({ length: MAX_SLOWED }, (_, count) =>
      lockout.begin('alice', `192.0.2.${count}`),
    )
    expect(await codeOf('alice', '203.0.113.200')).to.equal('AUTH_LOCKED')
    clock.advance(2_000)
    await Promise.all(waiting)
    const next = lockout.begin('alice', '203.0.113.201')
    clock.advance(2_000)
    await next
  })

  it('keeps count of so many and no more: those not seen for longest are forgotten', async () => {
    await fail('alice', ADDRESS, MAX_SUBJECT_FAILURES)
    // each attempt is counted for the account, the address, and both
    for (let count = 0; count < MAX_COUNTED / 3 - 2; count++) {
      await fail(`account ${count}`, `10.0.${count >> 8}.${count & 255}`, 1)
    }
    expect(await codeOf('alice', ADDRESS)).to.equal('AUTH_LOCKED')
    for (let count = 0; count < MAX_COUNTED / 3 + 2; count++) {
      await fail(`account ${count}`, `10.1.${count >> 8}.${count & 255}`, 1)
    }
    expect(await codeOf('alice', ADDRESS)).to.equal('none')
  })

  it('bounds the challenges of one address', () => {
    for (let count = 0; count < MAX_CHALLENGE_RATE; count++) lockout.challenge(ADDRESS)
    expect(() => lockout.challenge(ADDRESS))
      .to.throw()
      .with.property('code', 'AUTH_LOCKED')
    lockout.challenge('198.51.100.1')
    clock.advance(60_000)
    lockout.challenge(ADDRESS)
  })

  it('is what signing in asks first', async () => {
    const kit = await authKit()
    await kit.login()
    for (let count = 0; count < MAX_SUBJECT_FAILURES; count++) {
      expect(await rejectionCode(kit.login({ password: 'wrong' }, STRANGER))).to.equal(
        'AUTH_REFUSED',
      )
    }
    expect(await rejectionCode(kit.login({}, STRANGER))).to.equal('AUTH_LOCKED')
    await kit.login({}, LOOPBACK)
    kit.clock.advance(60_000)
    await kit.login({}, STRANGER)
  })
})

describe('whose an address is', () => {
  for (const [address, place] of [
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:203.0.113.7', '203.0.113.7'],
    ['0:0:0:0:0:ffff:203.0.113.7', '203.0.113.7'],
    ['::1', '0:0:0:0'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:0db8:0000:0001:0002:0003:0004:0005', '2001:db8:0:1'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['', ''],
  ] as const) {
    it(`is ${place} of ${address}`, () => {
      expect(prefixOf(address)).to.equal(place)
    })
  }
})
