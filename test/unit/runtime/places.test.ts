import { expect } from 'chai'
import { HOT_MAX_MS, HOT_MIN_MS } from '../../../src/node/runtime/limits.ts'
import { Places } from '../../../src/node/runtime/wasm/places.ts'
import { handClock } from '../../support/hand-clock.ts'

/** A thread that only notes what it is told. */
class Stub {
  readonly told: string[] = []
  waiting = 0
  async start(): Promise<void> {
    this.told.push('start')
  }
  async stop(): Promise<void> {
    this.told.push('stop')
  }
  async forget(context: number): Promise<void> {
    this.told.push(`forget ${context}`)
  }
  adopt(): void {
    this.told.push('adopt')
  }
  waitingOf(): number {
    return this.waiting
  }
}

function scene() {
  const clock = handClock()
  const [home, other, warm, hot] = [new Stub(), new Stub(), new Stub(), new Stub()] as const
  return { clock, home, other, warm, hot, places: new Places(clock, [home, other], [warm, hot]) }
}

describe('the thread of a context', () => {
  it('is always the same at home, where contexts take threads in turn', async () => {
    const { places, home, other, warm } = scene()
    await places.start()
    expect([10, 20, 30, 10].map((context) => places.of(context))).to.deep.equal(
      [home, other, home, home], // by identity below
    )
    expect(places.of(20)).to.equal(other)
    expect(home.told).to.deep.equal(['start'])
    expect(warm.told, 'starts when it is needed').to.deep.equal([])
  })

  it('is another one once it held up others, and a third one when it did so there', () => {
    const { places, warm, hot, home } = scene()
    expect(places.of(10)).to.equal(home)
    places.move(10, [])
    expect(places.of(10)).to.equal(warm)
    places.move(10, [])
    expect(places.of(10)).to.equal(hot)
    places.move(10, [])
    expect(places.of(10)).to.equal(hot)
    expect(places.of(30), 'those of others').not.to.equal(warm)
  })

  it('is the one at home again after a while, twice as long each time, when nothing waits', () => {
    const { places, clock, home, warm } = scene()
    expect(places.of(10)).to.equal(home)
    places.move(10, [])
    clock.advance(HOT_MIN_MS - 1)
    expect(places.of(10)).to.equal(warm)
    warm.waiting = 1
    clock.advance(1)
    expect(places.of(10), 'while calls wait there').to.equal(warm)
    warm.waiting = 0
    clock.advance(HOT_MIN_MS)
    expect(places.of(10)).to.equal(home)
    expect(warm.told, 'nobody is there any more').to.deep.equal(['adopt', 'stop'])
    places.move(10, [])
    clock.advance(2 * HOT_MIN_MS - 1)
    expect(places.of(10), 'twice as long').to.equal(warm)
    clock.advance(HOT_MAX_MS)
    expect(places.of(10)).to.equal(home)
    clock.advance(2 * HOT_MAX_MS)
    expect(clock.timers, 'it is forgotten').to.equal(0)
  })

  it('is that of hot ones from the start where guests of its module were hot, until that is long ago', () => {
    const { places, clock, home, other, warm } = scene()
    expect(places.of(10, 'bad')).to.equal(home)
    places.move(10, [], 'bad')
    expect(places.of(20, 'bad')).to.equal(warm)
    expect(places.of(30, 'good')).to.equal(other)
    clock.advance(2 * HOT_MAX_MS)
    expect(places.of(40, 'bad')).to.equal(home)
    expect(places.of(20, 'bad'), 'it has come home').not.to.equal(warm)
  })

  it('forgets the rows of one that leaves others behind', () => {
    const { places, clock, warm } = scene()
    places.move(10, [])
    clock.advance(HOT_MIN_MS - 1)
    places.move(20, [])
    clock.advance(1)
    expect(warm.told).to.deep.equal(['adopt', 'adopt', 'forget 10'])
  })
})
