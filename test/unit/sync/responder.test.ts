import { expect } from 'chai'
import { NONCE_BYTES, WIRE_VERSION } from '../../../src/node/codec/push-frames.ts'
import { encodeRequest } from '../../../src/node/codec/sync-frames.ts'
import type { FramedStream } from '../../../src/node/network/network.ts'
import { Background } from '../../../src/node/primitives/background.ts'
import { systemRandom } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { SERVE_TIMEOUT_MS } from '../../../src/node/sync/limits.ts'
import { Budgets } from '../../../src/node/sync/quotas.ts'
import { Responder, type ResponderComponents } from '../../../src/node/sync/requests/responder.ts'
import { handClock } from '../../support/hand-clock.ts'

describe('a peer that asked and does not read its answers', () => {
  it('is given up after a while, and not before', async () => {
    const clock = handClock()
    const background = new Background(silentLogger)
    const sent = Promise.withResolvers<void>()
    const ended: Error[] = []
    const nonce = new Uint8Array(NONCE_BYTES)
    const asked = [encodeRequest(1, { type: 'hello', version: WIRE_VERSION, nonce })]
    const stream = {
      peer: 'deaf',
      read: async () => asked.shift(),
      send: () => {
        sent.resolve()
        return false
      },
      drained: () => new Promise(() => {}),
      abort: (error: Error) => void ended.push(error),
    } as unknown as FramedStream // what is asked of it, and no more
    let accept: (stream: FramedStream) => void = () => {}
    const responder = new Responder({
      network: { handle: (_: string, serve: typeof accept) => (accept = serve) },
      misbehaviour: { isBanned: () => false },
      budgets: new Budgets(clock),
      ...{ clock, background, random: systemRandom, logger: silentLogger },
    } as unknown as ResponderComponents) // as above
    responder.start()
    accept(stream)
    await sent.promise
    clock.advance(SERVE_TIMEOUT_MS - 1)
    await new Promise(setImmediate)
    expect(ended.map(String)).to.deep.equal([])
    clock.advance(1)
    await background.settled()
    expect(ended[0]).to.include({ code: 'SYNC_PEER_SILENT' })
  })
})
