/** NEAR's JSON-RPC over several endpoints. Each question is put once: nothing is repeated behind the back of whoever asks. */
import { z } from 'zod'
import { badAnswer } from '../../../node/anchor/errors.ts'
import type { MerogateError } from '../../../node/errors.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import { type Blame, type EndpointClient, Endpoints } from '../../shared/endpoints.ts'
import type { AnswerBounds } from '../../shared/http-endpoint.ts'
import { JsonRpc } from '../../shared/json-rpc.ts'
import { causeOf, type RpcErrorKind, rpcErrorKind } from './rpc-errors.ts'

export interface NearRpcInit {
  readonly urls: readonly string[]
  /** As endpoints name their chain: `testnet`. */
  readonly chainId: string
  readonly clock: Clock
  readonly logger: Logger
  readonly bounds?: AnswerBounds | undefined
}

/** Endpoints that all must serve one chain. @throws TypeError for a URL that is none */
export function nearRpc({ urls, chainId, clock, logger, bounds }: NearRpcInit): Endpoints {
  return new Endpoints({
    chain: 'near',
    clients: urls.map((url) => openEndpoint(url, bounds)),
    network: chainId,
    readNetwork: askChainId,
    blame,
    clock,
    logger,
  })
}

const BLAME: Readonly<Record<RpcErrorKind, Blame>> = {
  ...{ refused: 'chain', nonce: 'chain', funds: 'chain', key: 'chain' },
  ...{ unknown: 'chain', absent: 'chain', expired: 'chain' },
  ...{ gone: 'busy', busy: 'busy', other: 'endpoint' },
}

/** Whose fault an endpoint's error is: see `rpcErrorKind`. */
export function blame(error: MerogateError): Blame {
  return BLAME[rpcErrorKind(error) ?? 'other']
}

/** Which chain an endpoint serves, for whoever does not know yet. @throws ANCHOR_UNREACHABLE (transport), ANCHOR_BAD_ANSWER (protocol) */
export async function readChainId(url: string): Promise<string> {
  return askChainId(openEndpoint(url))
}

function openEndpoint(url: string, bounds?: AnswerBounds): JsonRpc {
  return new JsonRpc({ chain: 'near', url, bounds, dataOf: causeOf })
}

const STATUS = z.object({ chain_id: z.string().min(1).max(64) })

async function askChainId(client: EndpointClient): Promise<string> {
  const answer = STATUS.safeParse(await client.send('status', []))
  if (answer.success) return answer.data.chain_id
  throw badAnswer(client.name, 'a status of another shape')
}
