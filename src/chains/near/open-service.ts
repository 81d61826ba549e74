/** Builds the service of an anchor from what it was told; the one file that is loaded with the SDK. */
import type { AnchorComponents } from '../../node/anchor/anchor.ts'
import { readApiKey } from '../shared/key-text.ts'
import { pollMsFor } from './defaults.ts'
import type { NearAnchorInit } from './init.ts'
import { readKeys } from './key.ts'
import { signingKeys } from './send/account.ts'
import { relayerCarrier } from './send/carrier.ts'
import { type CarrierFactory, NearService } from './service.ts'

/** @throws CHAIN_KEY (input) */
export async function openService(
  init: NearAnchorInit,
  { clock, logger }: AnchorComponents,
): Promise<NearService> {
  const { deployment, key, account, rpcUrls } = init
  const { contexts, packages } = deployment.contracts
  const keys = key === undefined ? undefined : await readKeys(key, account)
  return new NearService({
    rpcUrls,
    chainId: deployment.chainId,
    contracts: { contexts: contexts.address, packages: packages?.address },
    payer: keys && { account: keys.account, signers: signingKeys(keys) },
    carrier: await carrierOf(init),
    pollMs: init.pollMs ?? pollMsFor(rpcUrls),
    clock,
    logger: logger.child({ component: 'near' }),
  })
}

/** What carries in this node's place; undefined when it sends by itself. */
async function carrierOf({
  relayer,
  deployment,
}: NearAnchorInit): Promise<CarrierFactory | undefined> {
  if (relayer === undefined) return undefined
  const apiKey = relayer.apiKey && (await readApiKey(relayer.apiKey, 'near'))
  const { network } = deployment
  return (parts) => relayerCarrier({ ...parts, url: relayer.url, apiKey, network })
}
