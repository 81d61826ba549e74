import { expect } from 'chai'
import { gossipCodec } from '../../../src/node/codec/gossip-frames.ts'
import { generateSigningKey } from '../../../src/node/crypto/sign.ts'
import type { GossipTopic, GossipVerdict } from '../../../src/node/network/network.ts'
import { Background } from '../../../src/node/primitives/background.ts'
import { ContextId } from '../../../src/node/primitives/ids.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { type GossipComponents, GossipPlane } from '../../../src/node/sync/gossip.ts'
import {
  BAN_MS,
  BREACH_FORGIVEN_MS,
  MAX_GOSSIP_HEADS_PER_SECOND,
  MAX_GOSSIP_SKEW_MS,
  MAX_INVALID_DELTAS,
  USELESS_BURST,
  USELESS_PER_SECOND,
} from '../../../src/node/sync/limits.ts'
import { signHeads } from '../../../src/node/sync/proof.ts'
import { Budgets, Misbehaviour } from '../../../src/node/sync/quotas.ts'
import type { ReplicaSource } from '../../../src/node/sync/replica.ts'
import { NO_FRONTIER } from '../../../src/node/sync/wire.ts'
import { handClock, type HandClock } from '../../support/hand-clock.ts'

const CONTEXT = ContextId.from(new Uint8Array(32).fill(7))
const DELTA = gossipCodec.encode({ type: 'delta', envelope: new Uint8Array(9) })
const GARBAGE = Uint8Array.of(0, 1, 2, 3)
const LATER_VERSION = Uint8Array.of(2, 1, 2, 3)

interface World {
  readonly clock: HandClock
  readonly shutOut: string[]
  /** What the replica says of every delta. */
  says: ReturnType<ReplicaSource['precheck']>
  hear(data: Uint8Array, from?: string, times?: number): GossipVerdict
}

function world(): World {
  const clock = handClock()
  const shutOut: string[] = []
  let topic: GossipTopic | undefined
  const made: World = { clock, shutOut, says: 'accept', hear: () => 'ignore' }
  const plane = new GossipPlane({
    network: { subscribe: (one: GossipTopic) => (topic = one) },
    replica: { precheck: () => made.says },
    misbehaviour: new Misbehaviour(clock, { shutOut: (peer) => shutOut.push(peer) }),
    budgets: new Budgets(clock),
    ...{ clock, logger: silentLogger, background: new Background(silentLogger) },
  } as unknown as GossipComponents) // what is asked of it, and no more
  plane.open(CONTEXT)
  made.hear = (data, from = 'liar', times = 1) => {
    let verdict: GossipVerdict = 'ignore'
    for (let i = 0; i < times; i++) verdict = topic?.validate(data, from) ?? 'ignore'
    return verdict
  }
  return made
}

describe('who gossips', () => {
  it('what does not decode, or is forged, is shut out one past the limit', () => {
    for (const [data, says] of [
      [GARBAGE, 'accept'],
      [DELTA, 'reject'],
    ] as const) {
      const made = world()
      made.says = says
      expect(made.hear(data, 'liar', MAX_INVALID_DELTAS)).to.equal('reject')
      expect(made.shutOut).to.deep.equal([])
      made.hear(data)
      expect(made.shutOut).to.deep.equal(['liar'])
      made.says = 'accept'
      expect(made.hear(DELTA)).to.equal('ignore')
      expect(made.hear(DELTA, 'honest')).to.equal('accept')
      made.clock.advance(BAN_MS)
      expect(made.hear(DELTA)).to.equal('accept')
    }
  })

  it('in the words of another version is not heard, and not shut out for some of it', () => {
    const { hear, shutOut, clock } = world()
    expect(hear(LATER_VERSION, 'later', USELESS_BURST)).to.equal('ignore')
    for (let i = 0; i < 60; i++) {
      clock.advance(1_000)
      hear(LATER_VERSION, 'later', USELESS_PER_SECOND)
    }
    expect(shutOut).to.deep.equal([])
  })

  it('deltas of strangers is heard no further, and shut out when it does nothing else', () => {
    const made = world()
    made.says = 'stranger'
    expect(made.hear(DELTA, 'liar', USELESS_BURST + MAX_INVALID_DELTAS)).to.equal('ignore')
    expect(made.shutOut).to.deep.equal([])
    made.hear(DELTA)
    expect(made.shutOut).to.deep.equal(['liar'])
  })

  it('a fault now and then is forgiven', () => {
    const { hear, shutOut, clock } = world()
    for (let i = 0; i < 10 * MAX_INVALID_DELTAS; i++) {
      hear(GARBAGE)
      clock.advance(BREACH_FORGIVEN_MS)
    }
    expect(shutOut).to.deep.equal([])
  })

  it('Heads of another time than ours is not heard, and not blamed: our clock may be wrong', () => {
    const { hear, shutOut, clock } = world()
    const signer = generateSigningKey()
    const headsAt = (timeMs: number): Uint8Array => {
      const { publicKey: party } = signer
      const statement = { party, timeMs: BigInt(timeMs), ...NO_FRONTIER, heads: [] }
      const signature = signHeads(CONTEXT, statement, signer)
      return gossipCodec.encode({ type: 'heads', ...statement, signature })
    }
    // more than would be too many, each second as many as are looked at
    const rounds = (2 * (USELESS_BURST + MAX_INVALID_DELTAS)) / MAX_GOSSIP_HEADS_PER_SECOND
    for (let i = 0; i < rounds; i++) {
      const skewMs = (MAX_GOSSIP_SKEW_MS + 1) * (i % 2 === 0 ? 1 : -1)
      const late = headsAt(clock.nowMs() + skewMs)
      expect(hear(late, 'honest', MAX_GOSSIP_HEADS_PER_SECOND)).to.equal('ignore')
      clock.advance(1_000)
    }
    expect(shutOut).to.deep.equal([])
  })

  it('Heads has them looked at so many times a second, and keeps nobody else from that', () => {
    const { hear, clock } = world()
    const signer = generateSigningKey()
    const { publicKey: party } = signer
    const statement = { party, timeMs: BigInt(clock.nowMs()), ...NO_FRONTIER, heads: [] }
    const signature = signHeads(CONTEXT, statement, signer)
    const heads = gossipCodec.encode({ type: 'heads', ...statement, signature })
    expect(hear(heads, 'busy', MAX_GOSSIP_HEADS_PER_SECOND)).to.equal('accept')
    expect(hear(heads, 'busy')).to.equal('ignore')
    expect(hear(heads, 'another')).to.equal('accept')
  })
})
