/** The RPC of Stellar over several endpoints. Each question is put once: nothing is repeated behind the back of whoever asks. */
import { z } from 'zod'
import { badAnswer } from '../../../node/anchor/errors.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import { type EndpointClient, Endpoints } from '../../shared/endpoints.ts'
import type { AnswerBounds } from '../../shared/http-endpoint.ts'
import { JsonRpc } from '../../shared/json-rpc.ts'
import { blame } from './rpc-errors.ts'

export interface StellarRpcInit {
  readonly urls: readonly string[]
  /** What signatures on the network are bound to. */
  readonly passphrase: string
  readonly clock: Clock
  readonly logger: Logger
  readonly bounds?: AnswerBounds | undefined
}

/** Endpoints that all must serve one network. @throws TypeError for a URL that is none */
export function stellarRpc({ urls, passphrase, clock, logger, bounds }: StellarRpcInit): Endpoints {
  return new Endpoints({
    chain: 'stellar',
    clients: urls.map((url) => openEndpoint(url, bounds)),
    network: passphrase,
    readNetwork: askPassphrase,
    blame,
    clock,
    logger,
  })
}

/** Which network an endpoint serves, for whoever does not know yet. @throws ANCHOR_UNREACHABLE (transport), ANCHOR_BAD_ANSWER (protocol) */
export async function readPassphrase(url: string): Promise<string> {
  return askPassphrase(openEndpoint(url))
}

function openEndpoint(url: string, bounds?: AnswerBounds): JsonRpc {
  return new JsonRpc({ chain: 'stellar', url, bounds })
}

const NETWORK = z.object({ passphrase: z.string().min(1).max(128) })

async function askPassphrase(client: EndpointClient): Promise<string> {
  const answer = NETWORK.safeParse(await client.send('getNetwork', {}))
  if (answer.success) return answer.data.passphrase
  throw badAnswer(client.name, 'a network of another shape')
}
