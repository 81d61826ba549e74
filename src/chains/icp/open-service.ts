/** Builds the service of an anchor from what it was told; the one file that is loaded with the SDK. */
import type { AnchorComponents } from '../../node/anchor/anchor.ts'
import { isOnThisMachine } from '../shared/endpoint-address.ts'
import type { IcpAnchorInit } from './init.ts'
import { LOCAL_LOOK_MS, POLL_MS } from './limits.ts'
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
    pollMs: pollMs ?? (rpcUrls.every(isOnThisMachine) ? LOCAL_LOOK_MS : POLL_MS),
    logger: logger.child({ component: 'icp' }),
  })
}
