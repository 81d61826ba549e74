import { expect } from 'chai'
import { Door, networkOf } from '../../../src/node/network/door.ts'
import {
  ARRIVAL_BURST,
  ARRIVALS_PER_SECOND,
  MAX_UNPROVEN,
  MAX_UNPROVEN_PER_ADDRESS,
  MAX_UNPROVEN_PER_NETWORK,
  NETWORK_ARRIVAL_BURST,
  SHUT_OUT_ARRIVALS,
  UNPROVEN_GRACE_MS,
} from '../../../src/node/network/limits.ts'
import { handClock, type HandClock } from '../../support/hand-clock.ts'

/** A door, and somebody who comes to it again and again. */
function world(): { clock: HandClock; door: Door; come(address: string): string | undefined } {
  const clock = handClock()
  const door = new Door(clock)
  let count = 0
  return { clock, door, come: (address) => door.came(`c${++count}`, `peer ${count}`, address) }
}

describe('places of peers that have proved nothing', () => {
  it('are few for one address, and go to who comes later once the first had time to prove itself', () => {
    const { clock, door, come } = world()
    for (let i = 1; i <= MAX_UNPROVEN_PER_ADDRESS; i++) {
      expect(come('192.0.2.1')).to.equal(undefined)
    }
    const next = MAX_UNPROVEN_PER_ADDRESS + 1
    expect(come('192.0.2.1')).to.equal(`c${next}`)
    expect(door.unproven).to.equal(MAX_UNPROVEN_PER_ADDRESS)
    expect(come('192.0.2.2')).to.equal(undefined)
    clock.advance(UNPROVEN_GRACE_MS)
    expect(come('192.0.2.1')).to.equal('c1')
    expect(door.unproven).to.equal(MAX_UNPROVEN_PER_ADDRESS + 1)
  })

  it('are few for one network, whatever its addresses', () => {
    const { clock, come } = world()
    for (let i = 0; i < MAX_UNPROVEN_PER_NETWORK; i++) {
      expect(come(`2001:db8::${i.toString(16)}`)).to.equal(undefined)
    }
    expect(come('2001:db8:0:0:ffff::1')).to.equal(`c${MAX_UNPROVEN_PER_NETWORK + 1}`)
    expect(come('2001:db8:0:1::1')).to.equal(undefined)
    clock.advance(UNPROVEN_GRACE_MS)
    expect(come('2001:db8:0:0:ffff::1')).to.equal('c1')
  })

  it('are kept for who comes from where fewest are, whoever came before', () => {
    const { come } = world()
    for (let i = 0; i < MAX_UNPROVEN; i++) {
      expect(come(`198.51.${i < MAX_UNPROVEN / 2 ? 100 : 101}.${i % 8}`)).to.equal(undefined)
    }
    expect(come('203.0.113.1')).to.equal('c1')
    expect(come('203.0.113.2')).to.equal(`c${MAX_UNPROVEN / 2 + 1}`)
  })

  it('are given free by who goes, and by who proves itself', () => {
    const { door, come } = world()
    for (let i = 1; i <= MAX_UNPROVEN_PER_ADDRESS; i++) come('192.0.2.1')
    door.went('c1')
    expect(come('192.0.2.1')).to.equal(undefined)
    door.proved('peer 2')
    expect(come('192.0.2.1')).to.equal(undefined)
    expect(come('192.0.2.1')).to.equal(`c${MAX_UNPROVEN_PER_ADDRESS + 3}`)
  })
})

describe('who comes to the door', () => {
  it('may come so often from one address, and again after a while', () => {
    const { clock, door } = world()
    for (let i = 0; i < ARRIVAL_BURST; i++) expect(door.mayArrive('192.0.2.1')).to.equal(true)
    expect(door.mayArrive('192.0.2.1')).to.equal(false)
    expect(door.mayArrive('192.0.2.2')).to.equal(true)
    clock.advance(1_000)
    for (let i = 0; i < ARRIVALS_PER_SECOND; i++) {
      expect(door.mayArrive('192.0.2.1')).to.equal(true)
    }
    expect(door.mayArrive('192.0.2.1')).to.equal(false)
  })

  it('may come so often from one network', () => {
    const { door } = world()
    for (let i = 0; i < NETWORK_ARRIVAL_BURST; i++) {
      expect(door.mayArrive(`192.0.2.${i}`)).to.equal(true)
    }
    expect(door.mayArrive('192.0.2.250')).to.equal(false)
    expect(door.mayArrive('192.0.3.250')).to.equal(true)
  })

  it('is refused for a while when it was shut out, and others from there may come less often', () => {
    const { clock, door } = world()
    door.came('c', 'liar', '192.0.2.1')
    door.shutOut('liar', 60_000)
    expect(door.isShutOut('liar')).to.equal(true)
    expect(door.isShutOut('another')).to.equal(false)
    let arrivals = 0
    while (door.mayArrive('192.0.2.1')) arrivals++
    expect(arrivals).to.equal(ARRIVAL_BURST - SHUT_OUT_ARRIVALS)
    clock.advance(60_000)
    expect(door.isShutOut('liar')).to.equal(false)
  })
})

describe('the network of an address', () => {
  const cases: Readonly<Record<string, string>> = {
    '192.0.2.17': '192.0.2.0/24',
    '::ffff:192.0.2.17': '192.0.2.0/24',
    '2001:db8:0:7::1': '2001:db8:0:7::/64',
    '2001:0db8:0000:0007:1:2:3:4': '2001:db8:0:7::/64',
    '::1': '0:0:0:0::/64',
    'fe80::1:2': 'fe80:0:0:0::/64',
  }
  for (const [address, network] of Object.entries(cases)) {
    it(`of ${address} is ${network}`, () => expect(networkOf(address)).to.equal(network))
  }
})
