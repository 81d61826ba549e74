import { expect } from 'chai'
import { Keeper } from '../../../src/node/network/keeper.ts'
import {
  MAX_KEPT_ADDRESSES,
  MAX_KEPT_PEERS,
  MAX_PARALLEL_REDIALS,
  REDIAL_MAX_MS,
  REDIAL_MIN_MS,
} from '../../../src/node/network/limits.ts'
import { contextTopic } from '../../../src/node/network/topics.ts'
import { ContextId } from '../../../src/node/primitives/ids.ts'
import { ManualClock } from '../../support/stepped-clock.ts'
import { thrownCode } from '../../support/error-code.ts'

/** Lets promises that are resolved already run. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function keeper(dial: (peer: string) => Promise<void>): {
  clock: ManualClock
  keeper: Keeper
  connected: Set<string>
} {
  const clock = new ManualClock()
  const connected = new Set<string>()
  return {
    clock,
    connected,
    keeper: new Keeper({
      clock,
      random: { bytes: (length) => new Uint8Array(length).fill(255) },
      isConnected: (peer) => connected.has(peer),
      dial: (peer) => dial(peer),
    }),
  }
}

describe('keeper', () => {
  it('dials again ever more slowly, for as long as it takes', async () => {
    const times: number[] = []
    const { clock, keeper: k } = keeper(() => {
      times.push(clock.nowMs())
      return Promise.reject(new TypeError('nobody'))
    })
    k.keep('P', ['/a'])
    k.start()
    for (let i = 0; i < 2_000; i++) {
      clock.tick(100)
      await turn()
    }
    const waits = times.slice(1).map((time, i) => time - (times[i] as number))
    expect(waits.slice(0, 3).every((wait, i) => wait >= REDIAL_MIN_MS * 2 ** (i + 1))).to.equal(
      true,
    )
    expect(Math.max(...waits)).to.be.within(REDIAL_MAX_MS, REDIAL_MAX_MS + 200)
    await k.stop()
    expect(clock.pending).to.equal(0)
  })

  it('leaves a connected peer alone, and starts over when it is lost', async () => {
    let dials = 0
    const {
      clock,
      keeper: k,
      connected,
    } = keeper((peer) => {
      dials++
      connected.add(peer)
      return Promise.resolve()
    })
    k.start()
    k.keep('P', [])
    clock.tick(1)
    await turn()
    k.connected('P')
    clock.tick(REDIAL_MAX_MS)
    expect(dials).to.equal(1)
    connected.delete('P')
    k.disconnected('P')
    clock.tick(REDIAL_MIN_MS)
    await turn()
    expect(dials).to.equal(2)
    k.forget('P')
    connected.delete('P')
    k.disconnected('P')
    clock.tick(REDIAL_MAX_MS)
    expect(dials).to.equal(2)
    await k.stop()
  })

  it('runs a few dials at a time', async () => {
    let running = 0
    let most = 0
    const ends: (() => void)[] = []
    const { clock, keeper: k } = keeper(() => {
      most = Math.max(most, ++running)
      return new Promise((resolve) => ends.push(() => resolve(void running--)))
    })
    for (let i = 0; i < 3 * MAX_PARALLEL_REDIALS; i++) k.keep(`P${i}`, [])
    k.start()
    clock.tick(1)
    expect(running).to.equal(MAX_PARALLEL_REDIALS)
    while (ends.length > 0) {
      ends.shift()?.()
      await turn()
    }
    expect(most).to.equal(MAX_PARALLEL_REDIALS)
    await k.stop()
  })

  it('keeps no more peers and addresses than its limits, newest addresses first', () => {
    const { keeper: k } = keeper(() => Promise.resolve())
    for (let i = 0; i < MAX_KEPT_PEERS; i++) k.keep(`P${i}`, [])
    expect(thrownCode(() => k.keep('one more', []))).to.equal('NETWORK_KEPT_FULL')
    for (let i = 0; i <= MAX_KEPT_ADDRESSES; i++) k.keep('P0', [`/${i}`])
    const addresses = k.list().get('P0')?.addresses
    expect(addresses).to.have.lengthOf(MAX_KEPT_ADDRESSES)
    expect(addresses?.[0]).to.equal(`/${MAX_KEPT_ADDRESSES}`)
  })
})

describe('topics', () => {
  it('do not reveal the context', () => {
    const context = ContextId.from(new Uint8Array(32).fill(7))
    // SHA-256 of "cali/topic/1", a zero byte and 32 times 07, in base58: computed with Python's hashlib
    expect(contextTopic(context)).to.equal('cali/1/3SVxNcPqg74kJZw2efBfBBCvMdKJFrUSiU5dQeR4DDyp')
  })
})
