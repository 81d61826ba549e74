/** Builds the service of an anchor from what it was told; the one file that is loaded with the SDK. */
import type { AnchorComponents } from '../../node/anchor/anchor.ts'
import { readRelayer } from '../shared/anchor-init.ts'
import { pollMsFor } from '../shared/poll.ts'
import { POLL_MS } from './limits.ts'
import type { NearAnchorInit } from './init.ts'
import { readKeys } from './key.ts'
import { signingKeys } from './send/account.ts'
import { relayerCarrier } from './send/carrier.ts'
import { NearService } from './service.ts'

/** @throws CHAIN_KEY (input) */
export async function openService(
  init: NearAnchorInit,
  { clock, logger }: AnchorComponents,
): Promise<NearService> {
  const { deployment, key, account, rpcUrls } = init
  const { contexts, packages } = deployment.contracts
  const relayer = await readRelayer(init, deployment)
  const keys = key === undefined ? undefined : await readKeys(key, account)
  return new NearService({
    rpcUrls,
    chainId: deployment.chainId,
    contracts: { contexts: contexts.address, packages: packages?.address },
    payer: keys && { account: keys.account, signers: signingKeys(keys) },
    carrier: relayer && ((parts) => relayerCarrier({ ...parts, ...relayer })),
    pollMs: init.pollMs ?? pollMsFor(rpcUrls, POLL_MS),
    clock,
    logger: logger.child({ component: 'near' }),
  })
}
