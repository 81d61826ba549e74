/** How many challenges are kept, and for whom. */
import { expect } from 'chai'
import { MAX_CHALLENGES, MAX_CHALLENGES_PER_ADDRESS } from '../../../src/auth/limits.ts'
import { Challenges } from '../../../src/auth/sign-in/challenges.ts'
import { authKit, LOOPBACK } from '../../support/auth-kit.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { handClock, seededRandom } from '../../support/hand-clock.ts'

describe('challenges', () => {
  const clock = handClock()
  const random = seededRandom('challenges')
  const rest = { domain: 'node.example', origin: 'https://node.example', permissions: [] }

  function adder(challenges: Challenges): (place: string) => string {
    return (place) => {
      const terms = challenges.terms(rest)
      const challenge = { message: `sign ${terms.nonce}`, parameters: {} }
      challenges.add({ method: 'test', terms, challenge }, place)
      return terms.nonce
    }
  }

  it('of one address are bounded, and its oldest go', () => {
    const challenges = new Challenges(clock, random)
    const add = adder(challenges)
    const other = add('other')
    const first = add('one')
    for (let count = 0; count < MAX_CHALLENGES_PER_ADDRESS; count++) add('one')
    expect(challenges.size).to.equal(MAX_CHALLENGES_PER_ADDRESS + 1)
    expect(challenges.find(first)).to.equal(undefined)
    expect(challenges.find(`sign ${first}`)).to.equal(undefined)
    expect(challenges.find(`sign ${other}`)).to.equal(other)
  })

  it('of all are bounded, and those lose theirs who have most', () => {
    const challenges = new Challenges(clock, random)
    const add = adder(challenges)
    const owner = add('owner')
    const places = Math.ceil(MAX_CHALLENGES / MAX_CHALLENGES_PER_ADDRESS) + 1
    for (let place = 0; place < places; place++) {
      for (let count = 0; count < MAX_CHALLENGES_PER_ADDRESS; count++) add(`flood ${place}`)
    }
    expect(challenges.size).to.equal(MAX_CHALLENGES)
    expect(challenges.take(owner)).not.to.equal(undefined)
  })

  it('are given out once', () => {
    const challenges = new Challenges(clock, random)
    const nonce = adder(challenges)('one')
    expect(challenges.take(nonce)?.terms.nonce).to.equal(nonce)
    expect(challenges.take(nonce)).to.equal(undefined)
    expect(challenges.size).to.equal(0)
  })

  it('are gone from memory when their time is over', () => {
    const challenges = new Challenges(clock, random)
    const add = adder(challenges)
    for (let count = 0; count < 10; count++) add('one')
    clock.advance(300_000)
    add('two')
    expect(challenges.size).to.equal(1)
  })

  it('carry what was asked for, of an origin of this node only', async () => {
    const seen: unknown[] = []
    const { testWallet } = await import('../../support/auth-kit.ts')
    const wallet = testWallet({
      challenge(terms) {
        seen.push(terms)
        return Promise.resolve({ message: terms.nonce, parameters: { network: 'test' } })
      },
    })
    const extraOrigins = ['http://localhost:2528']
    const { auth, clock: now } = await authKit({ verifiers: [wallet], extraOrigins })
    const asked = { method: 'test_wallet', subject: 'alice', network: 'main' }
    const permissions = ['context:list']
    const issued = await auth.challenge(
      { ...asked, origin: 'http://localhost:2528', permissions },
      LOOPBACK,
    )
    expect(seen).to.deep.equal([
      {
        nonce: issued.nonce,
        domain: 'localhost:2528',
        origin: 'http://localhost:2528',
        subject: 'alice',
        network: 'main',
        permissions,
        issuedAtMs: now.nowMs(),
        expiresAtMs: now.nowMs() + 300_000,
      },
    ])
    expect(issued.nonce).to.match(/^[0-9a-f]{64}$/)
    const bad = [
      { ...asked, origin: 'https://evil.example' },
      { ...asked, subject: 'x'.repeat(513) },
      { ...asked, network: 'x'.repeat(513) },
      { ...asked, permissions: ['no such thing'] },
    ]
    for (const request of bad) {
      expect(await rejectionCode(auth.challenge(request, LOOPBACK))).to.equal('AUTH_BAD_REQUEST')
    }
    const unknown = auth.challenge({ method: 'x_wallet' }, LOOPBACK)
    expect(await rejectionCode(unknown)).to.equal('AUTH_METHOD_UNKNOWN')
  })
})
