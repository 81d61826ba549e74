import { expect } from 'chai'
import {
  LOOK_UP_KEPT_MS,
  LOOK_UP_TRIES,
  MAX_LOOK_UPS,
} from '../../../../src/chains/shared/limits.ts'
import { type ChainEndpoint, LookUp } from '../../../../src/chains/shared/look-up.ts'
import { badAnswer, unreachable } from '../../../../src/node/anchor/errors.ts'
import { rejectionCode } from '../../../support/error-code.ts'
import { handClock } from '../../../support/hand-clock.ts'
import { quickClock } from '../../../support/sign-in-attempts.ts'

const ENDPOINTS = ['a', 'b', 'c', 'd'].map((name) => ({ url: `https://${name}.example` }))

describe('a look-up on a chain', () => {
  it('keeps what lets in for a minute by the monotonic clock, and nothing else', async () => {
    const clock = handClock()
    let asked = 0
    const ask = async (_: ChainEndpoint, question: string): Promise<boolean> => {
      asked++
      return question === 'yes'
    }
    const lookUp = new LookUp({ endpoints: ENDPOINTS, ask, isKept: Boolean }, clock)
    await lookUp.ask('yes')
    clock.advance(LOOK_UP_KEPT_MS - 1)
    clock.set(clock.nowNs() + 86_400_000_000_000n)
    expect(await lookUp.ask('yes')).to.equal(true)
    expect(asked).to.equal(1)
    clock.advance(1)
    await lookUp.ask('yes')
    expect(asked).to.equal(2)
    await lookUp.ask('yes', { isFresh: true })
    expect(asked).to.equal(3)
    for (let i = 0; i < 2; i++) await lookUp.ask('no')
    expect(asked).to.equal(5)
  })

  it('asks other endpoints in turn, three in all, and those that were not asked the next time', async () => {
    const asked: string[] = []
    const ask = async ({ url }: ChainEndpoint): Promise<boolean> => {
      asked.push(url)
      throw asked.length % 2 === 0 ? unreachable(url) : badAnswer(url, 'nothing')
    }
    const lookUp = new LookUp({ endpoints: ENDPOINTS, ask, isKept: Boolean }, quickClock)
    expect(await rejectionCode(lookUp.ask('x'))).to.equal('AUTH_CHAIN_UNAVAILABLE')
    expect(asked).to.deep.equal(ENDPOINTS.slice(0, LOOK_UP_TRIES).map(({ url }) => url))
    await rejectionCode(lookUp.ask('x'))
    expect(asked[LOOK_UP_TRIES]).to.equal('https://d.example')
  })

  it('passes on what is not the endpoint’s fault', async () => {
    const ask = (): Promise<boolean> => Promise.reject(new RangeError('ours'))
    const lookUp = new LookUp({ endpoints: ENDPOINTS, ask, isKept: Boolean }, quickClock)
    const error: unknown = await lookUp.ask('x').catch((thrown: unknown) => thrown)
    expect(error).to.be.instanceOf(RangeError)
  })

  it('has so many under way at one time, and tells the others to try again', async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const lookUp = new LookUp(
      { endpoints: ENDPOINTS, ask: () => promise, isKept: Boolean },
      quickClock,
    )
    const open = Array.from({ length: MAX_LOOK_UPS }, (_, i) => lookUp.ask(String(i)))
    expect(await rejectionCode(lookUp.ask('more'))).to.equal('AUTH_CHAIN_UNAVAILABLE')
    resolve(true)
    await Promise.all(open)
    expect(await lookUp.ask('more')).to.equal(true)
  })
})
