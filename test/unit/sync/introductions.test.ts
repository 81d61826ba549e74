import { expect } from 'chai'
import { generateSigningKey } from '../../../src/node/crypto/sign.ts'
import type { Network } from '../../../src/node/network/network.ts'
import { Background } from '../../../src/node/primitives/background.ts'
import { systemClock, systemRandom } from '../../../src/node/primitives/clock.ts'
import { ContextId } from '../../../src/node/primitives/ids.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import {
  Introductions,
  type IntroductionsComponents,
} from '../../../src/node/sync/introductions.ts'

const CONTEXT = ContextId.from(new Uint8Array(32).fill(1))
const STRANGER = '12D3KooWGRUf8VJfQFH1kTrxuqPKSTD3v9VZ7vYqWQ5YtZqMtGbT'

describe('a member that others tell of', () => {
  it('keeps no node that stops waiting for it to answer', async () => {
    const dialled = Promise.withResolvers<void>()
    const background = new Background(silentLogger)
    // what is asked of them, and no more
    const introductions = new Introductions({
      network: {
        peerId: 'us',
        isConnected: () => false,
        dial: (_: unknown, { signal }: { signal: AbortSignal }) => {
          dialled.resolve()
          return new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(new RangeError('given up')))
          })
        },
      } as unknown as Network,
      replica: { signer: () => undefined },
      directory: { members: () => [] },
      requests: {
        members: async () => [
          {
            identity: generateSigningKey().publicKey,
            peer: STRANGER,
            addresses: [`/ip4/127.0.0.1/tcp/1/p2p/${STRANGER}`],
          },
        ],
      },
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      background,
    } as unknown as IntroductionsComponents)
    introductions.ask(CONTEXT, 'a member')
    await dialled.promise
    let isSettled = false
    const settled = background.settled().then(() => (isSettled = true))
    await new Promise(setImmediate)
    expect(isSettled).to.equal(false)
    introductions.stop()
    await settled
  })
})
