/** Builds the service of an anchor from what it was told; the one file that is loaded with the SDK. */
import { Wallet } from 'ethers'
import type { AnchorComponents } from '../../node/anchor/anchor.ts'
import type { ResolvedInit } from './defaults.ts'
import { readApiKey } from '../shared/key-text.ts'
import { readKey } from './key.ts'
import { relayerCarrier } from './send/carrier.ts'
import { type CarrierFactory, EthereumService } from './service.ts'

/** @throws CHAIN_KEY (input) */
export async function openService(
  init: ResolvedInit,
  { clock, logger }: AnchorComponents,
): Promise<EthereumService> {
  const { deployment, key } = init
  const { identityRegistry, contextAnchor, packageRegistry } = deployment.contracts
  const wallet = key === undefined ? undefined : new Wallet(await readKey(key))
  return new EthereumService({
    rpcUrls: init.rpcUrls,
    wsUrl: init.wsUrl,
    chainId: deployment.chainId,
    contracts: {
      identityRegistry: identityRegistry.address,
      contextAnchor: contextAnchor.address,
      packageRegistry: packageRegistry?.address,
    },
    finality: init.finality,
    wallet,
    carrier: await carrierOf(init),
    maxFeePerGas: init.maxFeePerGas,
    maxTipPerGas: init.maxTipPerGas,
    pollMs: init.pollMs,
    stuckMs: init.stuckMs,
    clock,
    logger: logger.child({ component: 'ethereum' }),
  })
}

/** What carries in this node's place; undefined when it sends by itself. */
async function carrierOf(init: ResolvedInit): Promise<CarrierFactory | undefined> {
  const { relayer, deployment } = init
  if (relayer === undefined) return undefined
  const apiKey = relayer.apiKey && (await readApiKey(relayer.apiKey, 'ethereum'))
  const { network } = deployment
  return (parts) => relayerCarrier({ ...parts, url: relayer.url, apiKey, network })
}
