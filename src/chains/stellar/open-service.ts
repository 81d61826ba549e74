/** Builds the service of an anchor from what it was told; the one file that is loaded with the SDK. */
import type { AnchorComponents } from '../../node/anchor/anchor.ts'
import { readRelayer } from '../shared/anchor-init.ts'
import { pollMsFor } from '../shared/poll.ts'
import type { StellarAnchorInit } from './init.ts'
import { channelKeys, readKey } from './key.ts'
import { MAX_CHANNELS, POLL_MS } from './limits.ts'
import { relayerCarrier } from './send/carrier.ts'
import { StellarService } from './service.ts'

/** @throws CHAIN_KEY (input) */
export async function openService(
  init: StellarAnchorInit,
  { clock, logger }: AnchorComponents,
): Promise<StellarService> {
  const { deployment, key: reference, maxFee, rpcUrls } = init
  const { contexts, packages } = deployment.contracts
  const relayer = await readRelayer(init, deployment)
  const key = reference && (await readKey(reference))
  return new StellarService({
    rpcUrls,
    passphrase: deployment.passphrase,
    contracts: { contexts: contexts.address, packages: packages?.address },
    payer: key && { key, channels: channelKeys(key, MAX_CHANNELS), maxFee },
    carrier: relayer && ((parts) => relayerCarrier({ ...parts, ...relayer })),
    pollMs: init.pollMs ?? pollMsFor(rpcUrls, POLL_MS),
    clock,
    logger: logger.child({ component: 'stellar' }),
  })
}
