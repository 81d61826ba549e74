/** Several endpoints of one network. Each question is put once: nothing is repeated behind the back of whoever asks. */
import { toHex } from '../../../node/primitives/bytes.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import { type EndpointClient, Endpoints } from '../../shared/endpoints.ts'
import { IcpClient, type IcpClientInit } from './agent.ts'
import { ask } from './asked.ts'
import { blame } from './rejection.ts'

export interface IcpRpcInit extends Omit<IcpClientInit, 'url'> {
  readonly urls: readonly string[]
  readonly clock: Clock
  readonly logger: Logger
}

/** Endpoints that all must serve the network of one root key. @throws TypeError for a URL that is none, or a root key */
export function icpRpc({ urls, logger, clock, ...init }: IcpRpcInit): Endpoints {
  const network = toHex(init.rootKey)
  return new Endpoints({
    ...{ chain: 'icp', network, blame, failures: ['ICP_STOPPED'], clock, logger },
    clients: urls.map((url) => new IcpClient({ ...init, clock, url })),
    // those of the main network may keep it to themselves: certificates are what counts
    readNetwork: async (client) => toHex((await readRootKey(client)) ?? init.rootKey),
  })
}

async function readRootKey(client: EndpointClient): Promise<Uint8Array | undefined> {
  return (await ask(client, 'status', {})).rootKey
}
