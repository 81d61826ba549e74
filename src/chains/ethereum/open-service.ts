/** Builds the service of an anchor from what it was told; the one file that is loaded with the SDK. */
import { Wallet } from 'ethers'
import type { AnchorComponents } from '../../node/anchor/anchor.ts'
import type { ResolvedInit } from './defaults.ts'
import { readRelayer } from '../shared/anchor-init.ts'
import { readKey } from './key.ts'
import { relayerCarrier } from './send/carrier.ts'
import { EthereumService } from './service.ts'

/** @throws CHAIN_KEY (input) */
export async function openService(
  init: ResolvedInit,
  { clock, logger }: AnchorComponents,
): Promise<EthereumService> {
  const { deployment, key } = init
  const { identityRegistry, contextAnchor, packageRegistry } = deployment.contracts
  const relayer = await readRelayer(init, deployment)
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
    carrier: relayer && ((parts) => relayerCarrier({ ...parts, ...relayer })),
    maxFeePerGas: init.maxFeePerGas,
    maxTipPerGas: init.maxTipPerGas,
    pollMs: init.pollMs,
    stuckMs: init.stuckMs,
    clock,
    logger: logger.child({ component: 'ethereum' }),
  })
}
