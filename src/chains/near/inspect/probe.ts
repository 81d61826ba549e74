/** One look at one endpoint: does it answer, how fast, for which chain, and where does it stand. */
import { toMerogateError } from '../../../node/errors.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import { shownAddress } from '../../../node/primitives/shown-address.ts'
import type { EndpointReport as ChainEndpointReport } from '../../shared/checks.ts'
import { readBlock } from '../rpc/head.ts'
import { nearRpc, readChainId } from '../rpc/rpc.ts'

/** What an endpoint of NEAR showed. */
export interface EndpointReport extends ChainEndpointReport {
  readonly chainId?: string
}

export interface ProbeInit {
  readonly chainId: string
  readonly clock: Clock
  readonly logger: Logger
}

/** Looks at an endpoint; never rejects. */
export async function probeEndpoint(url: string, init: ProbeInit): Promise<EndpointReport> {
  const { chainId: expected, clock, logger } = init
  const name = shownAddress(url)
  const startedMs = clock.monotonicMs()
  let chainId: string
  try {
    chainId = await readChainId(url)
  } catch (error) {
    return { name, state: 'unreachable', reason: toMerogateError(error).message }
  }
  const seen = { name, chainId, latencyMs: Math.round(clock.monotonicMs() - startedMs) }
  if (chainId !== expected) {
    const reason = `expected chain ${expected} at ${name}, got ${chainId}`
    return { ...seen, state: 'wrong-chain', reason }
  }
  const rpc = nearRpc({ urls: [url], chainId, clock, logger })
  try {
    const { number: head } = await rpc.run((at) => readBlock(at, { finality: 'optimistic' }))
    const { number: final } = await rpc.run((at) => readBlock(at, { finality: 'final' }))
    return { ...seen, state: 'ok', head, final }
  } catch (error) {
    return { ...seen, state: 'failed', reason: toMerogateError(error).message }
  } finally {
    rpc.stop()
  }
}
