/** What the Ethereum adapter is built from, as the configuration says it. */
import { type EthereumAnchorInit, readDeployment } from '../chains/ethereum/index.ts'
import type { ChainAnchorConfig } from './config/options/anchor.ts'
import { keyReference, weiOf } from './ethereum-flags.ts'

/** @throws ETHEREUM_DEPLOYMENT (input) */
export async function ethereumInit(entry: ChainAnchorConfig): Promise<EthereumAnchorInit> {
  const { rpcUrls, wsUrl, finality, maxFeeGwei, maxTipGwei, relayerUrl: url, relayerKeyEnv } = entry
  return {
    ...{ rpcUrls, wsUrl, finality },
    deployment: await readDeployment(entry.deployment),
    key: keyReference(entry.keyFile, entry.keyEnv),
    relayer:
      url === undefined ? undefined : { url, apiKey: keyReference(undefined, relayerKeyEnv) },
    maxFeePerGas: maxFeeGwei === undefined ? undefined : weiOf(maxFeeGwei),
    maxTipPerGas: maxTipGwei === undefined ? undefined : weiOf(maxTipGwei),
  }
}
