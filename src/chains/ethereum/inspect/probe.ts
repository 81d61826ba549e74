/** One look at an endpoint for subscriptions. */
import { WebSocket } from 'ws'
import type { Clock } from '../../../node/primitives/clock.ts'
import { SUBSCRIPTION } from '../contracts/new-blocks.ts'
import { endpointAddress } from '../../shared/endpoint-address.ts'
import { ANSWER_TIMEOUT_MS, MAX_ANSWER_BYTES } from '../../shared/limits.ts'

/** Asks a WebSocket endpoint for new blocks; undefined when it agrees, otherwise why not. Never rejects. */
export async function probeSubscription(url: string, clock: Clock): Promise<string | undefined> {
  const address = endpointAddress(url)
  const { headers } = address
  const socket = new WebSocket(address.url, { maxPayload: MAX_ANSWER_BYTES, headers })
  const answer = await new Promise<string | undefined>((resolve) => {
    const timer = clock.after(ANSWER_TIMEOUT_MS, () => resolve('no answer in time'))
    const done = (reason: string | undefined): void => {
      timer.cancel()
      resolve(reason)
    }
    socket.on('open', () => socket.send(SUBSCRIPTION))
    socket.on('message', (data) => {
      const isAgreed = /"result"\s*:\s*"0x[0-9a-f]+"/i.test(
        Buffer.isBuffer(data) ? data.toString() : '',
      )
      done(isAgreed ? undefined : 'it refuses eth_subscribe')
    })
    socket.on('error', (error) => done(address.redact(error.message) || 'it cannot be reached'))
    socket.on('close', () => done('it closed the connection'))
  })
  socket.terminate()
  return answer
}
