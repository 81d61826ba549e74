import { expect } from 'chai'
import { Adopter, type AdopterInit } from '../../../../src/chains/shared/adopter.ts'
import { ADOPTION_REFUSALS } from '../../../../src/chains/shared/core/adoption.ts'
import { ADOPT_PAUSE_MS, ADOPT_SPARE, ADOPT_WAIT_MS } from '../../../../src/chains/shared/limits.ts'
import type { GroupRecord } from '../../../../src/node/anchor/anchor.ts'
import { refusal, rejected } from '../../../../src/node/anchor/errors.ts'
import { ContextId, GroupId } from '../../../../src/node/primitives/ids.ts'
import { rejectionCode } from '../../../support/error-code.ts'
import { handClock } from '../../../support/hand-clock.ts'

const group = GroupId.from(new Uint8Array(32).fill(1))
const context = ContextId.from(new Uint8Array(32).fill(2))
const POLL_MS = 1000
const ADOPT_BATCH = 100

interface World {
  readonly adopter: Adopter
  readonly clock: ReturnType<typeof handClock>
  /** Transactions that were sent. */
  sent: number
  /** Times that a relayer was asked. */
  asked: number
  /** Transactions that were waited for until they were final. */
  settled: number
}

/** A group of so many members, that is there after so many transactions; by default never. */
function world(members: number, thereAfter = Infinity, over: Partial<AdopterInit> = {}): World {
  const clock = handClock()
  const made = { clock, sent: 0, asked: 0, settled: 0 }
  const isThere = (): boolean => made.sent >= thereAfter
  // the parts that are looked at
  const record = { memberCount: members } as GroupRecord
  const service = {
    readGroup: async () => ({ value: isThere() ? record : undefined, height: 1n }),
    readContext: async () => ({ value: isThere() ? ({} as never) : undefined, height: 1n }),
  }
  const mined = { transaction: '0x1', block: 1n, succeeded: true }
  const adopter = new Adopter({
    ...{ chain: 'made', service, address: '0x12', clock, pollMs: POLL_MS, adopt: undefined },
    ...{ batch: ADOPT_BATCH, isRefused: () => false },
    before: { readGroup: async () => ({ value: record, height: 1n }) },
    async send() {
      made.sent++
      clock.advance(POLL_MS)
      return { ...mined, final: async () => (made.settled++, mined) }
    },
    ...over,
  })
  return Object.assign(made, { adopter })
}

describe('taking a group over', () => {
  it('sends what its members take, and waits for the last of it', async () => {
    const at = world(2 * ADOPT_BATCH + 1, 3)
    await at.adopter.adoptGroup(group)
    await at.adopter.adoptGroup(group)
    expect([at.sent, at.settled]).to.deep.equal([3, 1])
  })

  it('is given up when it does not come to be there, and costs nothing more for a while', async () => {
    const at = world(2 * ADOPT_BATCH + 1)
    const most = 3 + ADOPT_SPARE
    expect(await rejectionCode(at.adopter.adoptGroup(group))).to.equal('CHAIN_SUCCESSOR')
    expect(at.sent).to.equal(most)
    expect(await rejectionCode(at.adopter.adoptGroup(group))).to.equal('CHAIN_SUCCESSOR')
    expect(at.sent).to.equal(most)
    // another is another
    expect(await rejectionCode(at.adopter.adoptContext(context))).to.equal('CHAIN_SUCCESSOR')
    expect(at.sent).to.equal(most + 1 + ADOPT_SPARE)
    at.clock.advance(ADOPT_PAUSE_MS)
    await rejectionCode(at.adopter.adoptGroup(group))
    expect(at.sent).to.equal(2 * most + 1 + ADOPT_SPARE)
  })

  it('goes on where somebody else took a part of it over meanwhile, as often as its members take', async () => {
    const overtaken = rejected(refusal('RevisionMismatch'), 'taking over what moved')
    let times = 0
    const send = async (): Promise<never> => {
      times++
      throw overtaken
    }
    const at = world(ADOPT_BATCH + 1, Infinity, { ...ADOPTION_REFUSALS, send })
    expect(await rejectionCode(at.adopter.adoptGroup(group))).to.equal('CHAIN_SUCCESSOR')
    expect(times).to.equal(2 + ADOPT_SPARE)
    const other = world(1, Infinity, {
      ...ADOPTION_REFUSALS,
      send: async () => {
        // and the other one takes the rest
        other.sent = Infinity
        throw overtaken
      },
    })
    await other.adopter.adoptGroup(group)
    expect(other.settled).to.equal(0)
  })

  it('is not begun anew for what is there by then', async () => {
    const at = world(1, 2 + ADOPT_SPARE)
    await rejectionCode(at.adopter.adoptGroup(group))
    at.sent++
    await at.adopter.adoptGroup(group)
    expect(at.sent).to.equal(2 + ADOPT_SPARE)
  })

  it('takes no longer than it may', async () => {
    const clock = handClock()
    let sent = 0
    const { adopter } = world(100 * ADOPT_BATCH, Infinity, {
      clock,
      async send() {
        sent++
        clock.advance(ADOPT_WAIT_MS / 2)
        const mined = { transaction: '0x1', block: 1n, succeeded: true }
        return { ...mined, final: async () => mined }
      },
    })
    expect(await rejectionCode(adopter.adoptGroup(group))).to.equal('CHAIN_SUCCESSOR')
    expect(sent).to.equal(3)
  })

  it('by a relayer is asked for until it is there, and no longer than it may take', async () => {
    for (const thereAfter of [2, Infinity]) {
      const at: World = world(1, thereAfter, {
        send: undefined,
        adopt: async () => void at.asked++,
      })
      let isOver = false
      const outcome = at.adopter.adoptGroup(group).then(
        () => 'there',
        ({ code }: { code: string }) => code,
      )
      void outcome.then(() => (isOver = true))
      while (!isOver) {
        await new Promise((resolve) => setImmediate(resolve))
        // what the relayer sends
        if (at.asked > at.sent) at.sent = at.asked
        at.clock.advance(thereAfter === 2 ? POLL_MS : ADOPT_WAIT_MS / 4)
      }
      expect(await outcome).to.equal(thereAfter === 2 ? 'there' : 'ANCHOR_UNREACHABLE')
      if (thereAfter === 2) expect(at.asked).to.equal(2)
      else expect(at.asked).to.be.below(10)
    }
  })

  it('needs somebody who pays', async () => {
    const { adopter } = world(1, 1, { send: undefined })
    expect(await rejectionCode(adopter.adoptGroup(group))).to.equal('CHAIN_SUCCESSOR')
  })
})
