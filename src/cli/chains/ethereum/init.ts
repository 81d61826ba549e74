/** What the Ethereum adapter is built from, as the configuration says it. */
import { type EthereumAnchorInit, readDeployment } from '../../../chains/ethereum/index.ts'
import { secretReference } from '../../arguments.ts'
import { weiOf } from './arguments.ts'
import type { EthereumEntry } from './settings.ts'

/** @throws CHAIN_DEPLOYMENT (input) */
export async function ethereumInit(entry: EthereumEntry): Promise<EthereumAnchorInit> {
  const { rpcUrls, wsUrl, finality, maxFeeGwei, maxTipGwei, relayerUrl: url, relayerKeyEnv } = entry
  return {
    ...{ rpcUrls, wsUrl, finality },
    deployment: await readDeployment(entry.deployment),
    key: secretReference(entry.keyFile, entry.keyEnv),
    relayer:
      url === undefined ? undefined : { url, apiKey: secretReference(undefined, relayerKeyEnv) },
    maxFeePerGas: maxFeeGwei === undefined ? undefined : weiOf(maxFeeGwei),
    maxTipPerGas: maxTipGwei === undefined ? undefined : weiOf(maxTipGwei),
  }
}
