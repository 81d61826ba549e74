import { expect } from 'chai'
import {
  decodeRequest,
  encodeAnswer,
  type SyncAnswer,
  WIRE_ERRORS,
} from '../../../src/node/codec/sync-frames.ts'
import { generateSigningKey } from '../../../src/node/crypto/sign.ts'
import type { FramedStream } from '../../../src/node/network/network.ts'
import { type Clock, systemClock, systemRandom } from '../../../src/node/primitives/clock.ts'
import { ContextId } from '../../../src/node/primitives/ids.ts'
import { ANSWER_TIMEOUT_MS, MAX_IN_FLIGHT } from '../../../src/node/sync/limits.ts'
import type { ReplicaSource } from '../../../src/node/sync/replica.ts'
import { RequestStream } from '../../../src/node/sync/requests/request-stream.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { handClock } from '../../support/hand-clock.ts'

interface Ways {
  /** So many questions wait for an answer. */
  onAsked?: (count: number) => void
  /** What a question is answered with. @default nothing */
  heads?: () => SyncAnswer | undefined
  /** Whether it says Hello. @default true */
  greets?: boolean
}

/** A peer that takes us for a member everywhere, and answers questions as it is told. */
class StubPeer implements FramedStream {
  readonly peer = '12D3KooWMute'
  readonly protocol = '/cali/sync/1'
  readonly queued = 0
  readonly closed: Promise<void> = Promise.resolve()
  readonly #frames: Uint8Array[] = []
  readonly #ways: Ways
  joins = 0
  #wake = (): void => {}
  #isOver = false
  #asked = 0

  constructor(ways: Ways) {
    this.#ways = ways
  }

  get isOver(): boolean {
    return this.#isOver
  }

  send(frame: Uint8Array): boolean {
    const { id, request } = decodeRequest(frame)
    const answer = this.#answer(request)
    if (answer !== undefined) this.#frames.push(encodeAnswer(id, answer))
    this.#wake()
    return true
  }

  #answer(request: ReturnType<typeof decodeRequest>['request']): SyncAnswer | undefined {
    const { onAsked, heads, greets = true } = this.#ways
    if (request.type === 'hello') {
      return greets ? { type: 'hello', version: 1, nonce: new Uint8Array(16) } : undefined
    }
    if (request.type === 'join') {
      this.joins++
      return { type: 'joined' }
    }
    if (request.type !== 'heads') return undefined
    onAsked?.(++this.#asked)
    return heads?.()
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      const frame = this.#frames.shift()
      if (frame !== undefined) yield frame
      else if (this.#isOver) return
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  abort(): void {
    this.#isOver = true
    this.#wake()
  }

  async drained(): Promise<void> {}
  async read(): Promise<undefined> {}
  async close(): Promise<void> {}
}

const CONTEXT = ContextId.from(new Uint8Array(32).fill(1))

function streamTo(peer: StubPeer, clock: Clock = systemClock): RequestStream {
  const key = generateSigningKey()
  return new RequestStream(peer, {
    self: '12D3KooWSelf',
    replica: { signer: () => key } as unknown as ReplicaSource, // the only question it asks
    clock,
    random: systemRandom,
  })
}

const ask = (stream: RequestStream, context = CONTEXT): Promise<unknown> =>
  stream.ask(context, { type: 'heads', context }, () => true).next()

const REFUSAL: SyncAnswer = { type: 'error', code: WIRE_ERRORS.notMember, retryAfterMs: 0 }
const MEMBERS: SyncAnswer = { type: 'members', items: [] }

describe('a request stream', () => {
  it('fails all that wait for their turn when it ends', async () => {
    const full = Promise.withResolvers<void>()
    const peer = new StubPeer({
      onAsked: (count) => {
        if (count === MAX_IN_FLIGHT) full.resolve()
      },
    })
    const stream = streamTo(peer)
    const serving = stream.serve()
    const asking = Array.from({ length: 3 * MAX_IN_FLIGHT }, (_, i) =>
      rejectionCode(ask(stream, ContextId.from(new Uint8Array(32).fill(i + 1)))),
    )
    await full.promise
    stream.abort(new RangeError('the peer is gone'))
    await serving
    expect(new Set(await Promise.all(asking))).to.deep.equal(new Set(['SYNC_SESSION_CLOSED']))
    expect(stream.idle).to.equal(true)
  })

  it('proves itself once more to a peer that took it for a member before, and no more than once', async () => {
    const answers = [MEMBERS, REFUSAL, MEMBERS, REFUSAL, REFUSAL]
    const peer = new StubPeer({ heads: () => answers.shift() })
    const stream = streamTo(peer)
    const serving = stream.serve()
    await ask(stream)
    expect(peer.joins).to.equal(1)
    await ask(stream)
    expect(peer.joins).to.equal(2)
    expect(await rejectionCode(ask(stream))).to.equal('SYNC_REFUSED')
    expect(peer.joins).to.equal(3)
    stream.abort(new RangeError('done'))
    await serving
  })

  for (const [name, ways] of Object.entries<Ways>({
    'no greeting': { greets: false },
    'no answer': {},
  })) {
    it(`is given up when nothing comes on it: ${name}`, async () => {
      const clock = handClock()
      const peer = new StubPeer(ways)
      const stream = streamTo(peer, clock)
      const serving = stream.serve()
      const asked = rejectionCode(ask(stream))
      for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve))
      clock.advance(ANSWER_TIMEOUT_MS)
      expect(await asked).to.equal('SYNC_PEER_SILENT')
      expect(peer.isOver).to.equal(true)
      await serving
      expect(stream.ended).to.equal(true)
    })
  }
})
