/** One look at one endpoint: does it answer, how fast, for which chain, and where does it stand. */
import { ethereumRpc, readChainId } from '../rpc/rpc.ts'
import { WebSocket } from 'ws'
import { toMerogateError } from '../../../node/errors.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import { shownAddress } from '../../../node/primitives/shown-address.ts'
import { SUBSCRIPTION } from '../contracts/new-blocks.ts'
import type { EndpointReport as ChainEndpointReport } from '../../shared/checks.ts'
import { endpointAddress } from '../../shared/endpoint-address.ts'
import { type FinalityRule, readFinal, readHead } from '../rpc/head.ts'
import { ANSWER_TIMEOUT_MS, MAX_ANSWER_BYTES } from '../../shared/limits.ts'

/** What an endpoint of Ethereum showed. */
export interface EndpointReport extends ChainEndpointReport {
  readonly chainId?: number
}

export interface ProbeInit {
  readonly chainId: number
  readonly finality: FinalityRule
  readonly clock: Clock
  readonly logger: Logger
}

/** Looks at an endpoint; never rejects. */
export async function probeEndpoint(url: string, init: ProbeInit): Promise<EndpointReport> {
  const { chainId: expected, finality, clock, logger } = init
  const name = shownAddress(url)
  const startedMs = clock.monotonicMs()
  let chainId: number
  try {
    chainId = await readChainId(url)
  } catch (error) {
    return { name, state: 'unreachable', reason: toMerogateError(error).message }
  }
  const seen = { name, chainId, latencyMs: Math.round(clock.monotonicMs() - startedMs) }
  if (chainId !== expected) {
    return {
      ...seen,
      state: 'wrong-chain',
      reason: `expected chain ${expected} at ${name}, got ${chainId}`,
    }
  }
  const rpc = ethereumRpc({ urls: [url], chainId, clock, logger })
  try {
    const head = await rpc.run(readHead)
    const final = await rpc.run((endpoint) => readFinal(endpoint, finality))
    return { ...seen, state: 'ok', head, final }
  } catch (error) {
    return { ...seen, state: 'failed', reason: toMerogateError(error).message }
  } finally {
    rpc.stop()
  }
}

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
