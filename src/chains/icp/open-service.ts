/** Builds the service of an anchor from what it was told; the one file that is loaded with the SDK. */
import type { AnchorComponents } from '../../node/anchor/anchor.ts'
import { pollMsFor } from '../shared/poll.ts'
import type { IcpAnchorInit } from './init.ts'
import { POLL_MS } from './limits.ts'
import { rootKeyOf } from './network.ts'
import { IcpService } from './service.ts'

export function openService(
  { deployment, rpcUrls, pollMs }: IcpAnchorInit,
  { clock, logger }: AnchorComponents,
): IcpService {
  const { network, contracts } = deployment
  return new IcpService({
    ...{ rpcUrls, rootKey: rootKeyOf(deployment), network, clock },
    contracts: { contexts: contracts.contexts.address, packages: contracts.packages?.address },
    pollMs: pollMs ?? pollMsFor(rpcUrls, POLL_MS),
    logger: logger.child({ component: 'icp' }),
  })
}
