import { expect } from 'chai'
import {
  MAX_WAITING,
  MAX_WAITING_OF_ONE,
  SLOT_WAIT_MS,
} from '../../../../src/server/relayer/limits.ts'
import { Slots } from '../../../../src/server/relayer/slots.ts'
import { rejectionCode } from '../../../support/error-code.ts'
import { handClock } from '../../../support/hand-clock.ts'

describe('slots of a relayer', () => {
  const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

  /** Slots, and who entered in which order. */
  function slots(limit: number) {
    const clock = handClock()
    const counts: number[] = []
    const entered: string[] = []
    const ends: (() => void)[] = []
    const made = new Slots(limit, clock, (count) => counts.push(count))
    const enter = (client: string): Promise<string> =>
      rejectionCode(
        made.enter(client).then((end) => {
          entered.push(client)
          ends.push(end)
        }),
      )
    return { clock, counts, entered, ends, enter }
  }

  it('leave room for others, however much one asks for', async () => {
    const { enter, entered } = slots(4)
    for (let i = 0; i < 5; i++) void enter('hog')
    void enter('honest')
    await tick()
    expect(entered).to.deep.equal(['hog', 'hog', 'honest'])
  })

  it('are given to one client after the other', async () => {
    const { enter, entered, ends } = slots(2)
    for (const client of ['a', 'b', 'a', 'a', 'c', 'b']) void enter(client)
    await tick()
    expect(entered).to.deep.equal(['a', 'b'])
    for (let i = 0; i < 4; i++) {
      ends.shift()?.()
      await tick()
    }
    expect(entered).to.deep.equal(['a', 'b', 'a', 'c', 'b', 'a'])
  })

  it('are waited for by so many, and for so long', async () => {
    const { enter, clock, entered, ends, counts } = slots(1)
    await enter('first')
    const own = Array.from({ length: MAX_WAITING_OF_ONE }, () => enter('a'))
    expect(await enter('a'), 'more of one client').to.equal('RELAYER_BUSY')
    const others = Array.from({ length: MAX_WAITING - MAX_WAITING_OF_ONE }, (_, i) => enter(`${i}`))
    expect(await enter('late'), 'more of all').to.equal('RELAYER_BUSY')
    clock.advance(SLOT_WAIT_MS)
    for (const each of [...own, ...others]) expect(await each).to.equal('RELAYER_BUSY')
    expect(entered).to.deep.equal(['first'])
    ends[0]?.()
    ends[0]?.()
    expect(counts).to.deep.equal([1, 0])
    expect(await enter('a')).to.equal('none')
  })
})
