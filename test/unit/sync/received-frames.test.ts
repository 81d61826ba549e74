import { expect } from 'chai'
import { noMetrics } from '../../../src/node/metrics.ts'
import { Background } from '../../../src/node/primitives/background.ts'
import { ContextId, PublicKey } from '../../../src/node/primitives/ids.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import {
  GRANT_UNITS,
  HEAD_UNITS,
  MAX_WAITING_GRANTS,
  PARENT_UNITS,
  PARKED_DELTA_UNITS,
  REFUSED_DELTA_UNITS,
  UNIT_BYTES,
  WAITING_DELTA_UNITS,
  WORK_BURST,
  WORK_PER_SECOND,
} from '../../../src/node/sync/limits.ts'
import { syncMetrics } from '../../../src/node/sync/metrics.ts'
import { ReceivedFrames } from '../../../src/node/sync/push/received-frames.ts'
import type { SessionComponents, Shared } from '../../../src/node/sync/push/session-types.ts'
import { UNKNOWN } from '../../../src/node/sync/push/standing.ts'
import { Budgets } from '../../../src/node/sync/quotas.ts'
import type { Party, ReceiveResult } from '../../../src/node/sync/replica.ts'
import { handClock, type HandClock } from '../../support/hand-clock.ts'

const PARTY: Party = { identity: PublicKey.from(new Uint8Array(32).fill(1)), role: 'reader' }
const SHARED: Shared = {
  context: ContextId.from(new Uint8Array(32).fill(2)),
  ...{ standing: UNKNOWN, ackTimer: undefined, repliedAt: 0 },
}
const SESSION = { peer: 'peer', ended: false, send: () => {} }

interface World {
  readonly frames: ReceivedFrames<typeof SESSION>
  readonly clock: HandClock
  readonly falseKeys: string[]
  /** What becomes of every delta. */
  result: ReceiveResult
  /** What becomes of every grant. */
  taken: Promise<{ accepted: number; looked: number; refused: number }>
  asked: number
  idle(): Promise<void>
  /** Units that the member has used up. */
  spent(): number
}

function world(): World {
  const clock = handClock()
  const background = new Background(silentLogger)
  const budgets = new Budgets(clock)
  const falseKeys: string[] = []
  const made: World = {
    clock,
    falseKeys,
    asked: 0,
    result: { status: 'applied', delta: undefined, missing: [] },
    taken: Promise.resolve({ accepted: 0, looked: 0, refused: 0 }),
    idle: () => background.settled(),
    spent: () => {
      const bucket = budgets.member(PARTY.identity)
      let left = 0
      while (bucket.take()) left++
      return WORK_BURST - left
    },
    frames: new ReceivedFrames(SESSION, {
      replica: {
        receive: async () => made.result,
        acceptKeys: () => {
          made.asked++
          return made.taken
        },
      },
      hooks: { onReceived: () => {}, onFalseKeys: () => falseKeys.push('once') },
      ...{ clock, background, budgets, logger: silentLogger, metrics: syncMetrics(noMetrics) },
    } as unknown as SessionComponents<typeof SESSION>), // what is asked of it, and no more
  }
  return made
}

const missing = (count: number): ReceiveResult['missing'] =>
  Array.from({ length: count }, () => new Uint8Array(32)) as unknown as ReceiveResult['missing'] // only counted

describe('what a member sends', () => {
  const costs: readonly (readonly [ReceiveResult['status'], number, number])[] = [
    ['applied', 0, 0],
    ['duplicate', 0, WAITING_DELTA_UNITS],
    ['parked', 0, PARKED_DELTA_UNITS],
    ['refused', 0, REFUSED_DELTA_UNITS],
    ['pending', 64, WAITING_DELTA_UNITS + 64 * PARENT_UNITS],
  ]
  for (const [status, parents, units] of costs) {
    it(`costs ${units} units when it is a delta that is ${status}, with ${parents} parents nobody has shown`, async () => {
      const made = world()
      made.result = { status, delta: undefined, missing: missing(parents) }
      await made.frames.delta(SHARED, PARTY, new Uint8Array(9))
      await made.idle()
      expect(made.spent()).to.equal(units)
    })
  }

  it(`costs ${HEAD_UNITS} units when it is a delta that leaves one more head among many`, async () => {
    const made = world()
    made.result = { status: 'applied', delta: undefined, missing: [], widens: true }
    await made.frames.delta(SHARED, PARTY, new Uint8Array(9))
    await made.idle()
    expect(made.spent()).to.equal(HEAD_UNITS)
  })

  it('is read more slowly once it has cost too much, and at once when the stream ends', async () => {
    const made = world()
    const { frames, clock } = made
    await frames.pay(PARTY, WORK_BURST)
    let read = false
    const next = frames.paySize(PARTY, UNIT_BYTES * (WORK_PER_SECOND - 1)).then(() => (read = true))
    await new Promise(setImmediate)
    expect(read).to.equal(false)
    clock.advance(999)
    await new Promise(setImmediate)
    expect(read).to.equal(false)
    clock.advance(1)
    await next
    const last = frames.pay(PARTY, WORK_PER_SECOND)
    frames.release()
    await last
  })

  it('holds nobody else back', async () => {
    const { frames } = world()
    const other: Party = { ...PARTY, identity: PublicKey.from(new Uint8Array(32).fill(3)) }
    await frames.pay(PARTY, WORK_BURST)
    await frames.pay(other, WORK_BURST)
    await frames.pay(undefined, 1)
  })

  it('is as dear as the keys that were looked at, of which few wait, and false ones are told of', async () => {
    const made = world()
    const gate = Promise.withResolvers<{ accepted: number; looked: number; refused: number }>()
    made.taken = gate.promise
    for (let i = 0; i < MAX_WAITING_GRANTS + 3; i++) made.frames.keys(SHARED, PARTY, [])
    expect(made.asked).to.equal(MAX_WAITING_GRANTS)
    gate.resolve({ accepted: 0, looked: 3, refused: 1 })
    await made.idle()
    expect(made.falseKeys).to.have.lengthOf(MAX_WAITING_GRANTS)
    expect(made.spent()).to.equal(MAX_WAITING_GRANTS * 3 * GRANT_UNITS)
  })
})
