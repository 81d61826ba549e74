import { expect } from 'chai'
import {
  decodeRequest,
  encodeAnswer,
  type SyncAnswer,
  WIRE_ERRORS,
} from '../../../src/node/codec/sync-frames.ts'
import { generateSigningKey, type SigningKey } from '../../../src/node/crypto/sign.ts'
import type { FramedStream } from '../../../src/node/network/network.ts'
import { type Clock, systemClock, systemRandom } from '../../../src/node/primitives/clock.ts'
import { ContextId } from '../../../src/node/primitives/ids.ts'
import { ANSWER_TIMEOUT_MS, MAX_IN_FLIGHT } from '../../../src/node/sync/limits.ts'
import type { ReplicaSource } from '../../../src/node/sync/replica.ts'
import { RequestStream } from '../../../src/node/sync/requests/request-stream.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { handClock } from '../../support/hand-clock.ts'

/** A peer that takes us for a member everywhere, and answers no question but as it is told. */
class MutePeer implements FramedStream {
  readonly peer = '12D3KooWMute'
  readonly protocol = '/cali/sync/1'
  readonly queued = 0
  readonly closed: Promise<void> = Promise.resolve()
  readonly #frames: Uint8Array[] = []
  readonly #onAsked: (count: number) => SyncAnswer | undefined
  /** Identities that have joined. */
  readonly parties: Uint8Array[] = []
  /** Greetings that it refuses first. */
  refusals = 0
  #wake = (): void => {}
  #isOver = false
  #asked = 0

  /** `onAsked`: so many questions were asked; says the answer to the last one. */
  constructor(onAsked: (count: number) => SyncAnswer | undefined) {
    this.#onAsked = onAsked
  }

  send(frame: Uint8Array): boolean {
    const { id, request } = decodeRequest(frame)
    const answer = this.#answer(request)
    if (answer !== undefined) this.#frames.push(encodeAnswer(id, answer))
    this.#wake()
    return true
  }

  #answer(request: ReturnType<typeof decodeRequest>['request']): SyncAnswer | undefined {
    if (request.type === 'hello') {
      if (this.refusals-- > 0) return { type: 'error', code: WIRE_ERRORS.busy, retryAfterMs: 0 }
      return { type: 'hello', version: 1, nonce: new Uint8Array(16) }
    }
    if (request.type === 'join') this.parties.push(request.party)
    if (request.type === 'join') return { type: 'joined' }
    return request.type === 'heads' ? this.#onAsked(++this.#asked) : undefined
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

/** One to a peer, as whoever `signer` says at the time. */
function streamTo(
  peer: MutePeer,
  signer: () => SigningKey,
  clock: Clock = systemClock,
): RequestStream {
  return new RequestStream(peer, {
    self: '12D3KooWSelf',
    replica: { signer } as unknown as ReplicaSource, // the only question it asks
    clock,
    random: systemRandom,
  })
}

describe('a request stream', () => {
  it('fails all that wait for their turn when it ends', async () => {
    const full = Promise.withResolvers<void>()
    const peer = new MutePeer((count) => {
      if (count === MAX_IN_FLIGHT) full.resolve()
      return undefined
    })
    const key = generateSigningKey()
    const stream = streamTo(peer, () => key)
    const serving = stream.serve()
    const asking = Array.from({ length: 3 * MAX_IN_FLIGHT }, (_, i) => {
      const context = ContextId.from(new Uint8Array(32).fill(i + 1))
      const answers = stream.ask(context, { type: 'heads', context }, () => true)
      return rejectionCode(answers.next())
    })
    await full.promise
    stream.abort(new RangeError('the peer is gone'))
    await serving
    expect(new Set(await Promise.all(asking))).to.deep.equal(new Set(['SYNC_SESSION_CLOSED']))
    expect(stream.idle).to.equal(true)
  })

  it('proves itself anew, as whoever it is by then, after it was not taken for a member', async () => {
    const refusal = { type: 'error', code: WIRE_ERRORS.notMember, retryAfterMs: 0 } as const
    const peer = new MutePeer((count) => (count === 1 ? refusal : { type: 'members', items: [] }))
    const [before, after] = [generateSigningKey(), generateSigningKey()]
    let key = before
    const stream = streamTo(peer, () => key)
    const serving = stream.serve()
    const context = ContextId.from(new Uint8Array(32).fill(1))
    const ask = (): Promise<unknown> =>
      stream.ask(context, { type: 'heads', context }, () => true).next()
    expect(await rejectionCode(ask())).to.equal('SYNC_REFUSED')
    key = after
    await ask()
    await ask()
    expect(peer.parties).to.deep.equal([before.publicKey, after.publicKey])
    stream.abort(new RangeError('done'))
    await serving
  })
  it('greets anew after its greeting was refused', async () => {
    const peer = new MutePeer(() => ({ type: 'members', items: [] }))
    peer.refusals = 1
    const key = generateSigningKey()
    const stream = streamTo(peer, () => key)
    const serving = stream.serve()
    const context = ContextId.from(new Uint8Array(32).fill(1))
    const ask = (): Promise<unknown> =>
      stream.ask(context, { type: 'heads', context }, () => true).next()
    expect(await rejectionCode(ask())).to.equal('SYNC_REFUSED')
    await ask()
    expect(peer.parties).to.deep.equal([key.publicKey])
    stream.abort(new RangeError('done'))
    await serving
  })

  it('has ended when nothing at all is heard on it for as long as an answer may take', async () => {
    const clock = handClock()
    const asked = Promise.withResolvers<void>()
    const peer = new MutePeer(() => {
      asked.resolve()
      return undefined
    })
    const key = generateSigningKey()
    const stream = streamTo(peer, () => key, clock)
    const serving = stream.serve()
    const context = ContextId.from(new Uint8Array(32).fill(1))
    const code = rejectionCode(stream.ask(context, { type: 'heads', context }, () => true).next())
    await asked.promise
    clock.advance(ANSWER_TIMEOUT_MS)
    expect(await code).to.equal('SYNC_PEER_SILENT')
    expect(stream.ended).to.equal(true)
    await serving
  })
  it('goes on when one answer stays away and others come', async () => {
    const clock = handClock()
    const asked = Promise.withResolvers<void>()
    const peer = new MutePeer((count) => {
      if (count > 1) return { type: 'members', items: [] }
      asked.resolve()
      return undefined
    })
    const key = generateSigningKey()
    const stream = streamTo(peer, () => key, clock)
    const serving = stream.serve()
    const context = ContextId.from(new Uint8Array(32).fill(1))
    const ask = (): Promise<unknown> =>
      stream.ask(context, { type: 'heads', context }, () => true).next()
    const code = rejectionCode(ask())
    await asked.promise
    clock.advance(ANSWER_TIMEOUT_MS - 1)
    await ask()
    clock.advance(1)
    expect(await code).to.equal('SYNC_PEER_SILENT')
    expect(stream.ended).to.equal(false)
    stream.abort(new RangeError('done'))
    await serving
  })
})
