/** Ethereum's JSON-RPC over several endpoints. */
import { badAnswer } from '../../../node/anchor/errors.ts'
import type { MerogateError } from '../../../node/errors.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import { type Blame, type EndpointClient, Endpoints } from '../../shared/endpoints.ts'
import type { AnswerBounds } from '../../shared/http-endpoint.ts'
import { JsonRpc } from '../../shared/json-rpc.ts'
import { findRevertData, rpcErrorKind } from './rpc-errors.ts'

export interface EthereumRpcInit {
  readonly urls: readonly string[]
  readonly chainId: number
  readonly clock: Clock
  readonly logger: Logger
  readonly bounds?: AnswerBounds | undefined
}

/** Endpoints that all must serve one chain. @throws TypeError for a URL that is none */
export function ethereumRpc({ urls, chainId, clock, logger, bounds }: EthereumRpcInit): Endpoints {
  return new Endpoints({
    chain: 'ethereum',
    clients: urls.map((url) => openEndpoint(url, bounds)),
    network: String(chainId),
    readNetwork: async (client) => String(await askChainId(client)),
    blame,
    clock,
    logger,
  })
}

/** Whose fault an endpoint's error is: see `rpcErrorKind`. */
export function blame(error: MerogateError): Blame {
  const kind = rpcErrorKind(error)
  return kind === 'busy' ? kind : kind === 'other' ? 'endpoint' : 'chain'
}

/** Which chain an endpoint serves, for whoever does not know yet. @throws ANCHOR_UNREACHABLE (transport), ANCHOR_BAD_ANSWER (protocol) */
export async function readChainId(url: string): Promise<number> {
  const client = openEndpoint(url)
  const id = Number(await askChainId(client))
  if (Number.isSafeInteger(id)) return id
  throw badAnswer(client.name, 'a chain id of another shape')
}

function openEndpoint(url: string, bounds?: AnswerBounds): JsonRpc {
  return new JsonRpc({ chain: 'ethereum', url, bounds, dataOf: (data) => findRevertData(data) })
}

async function askChainId(client: EndpointClient): Promise<bigint> {
  const answer = await client.send('eth_chainId', [])
  // some write it with leading zeros
  if (typeof answer === 'string' && /^0x[0-9a-f]{1,64}$/i.test(answer)) return BigInt(answer)
  throw badAnswer(client.name, 'a chain id of another shape')
}
