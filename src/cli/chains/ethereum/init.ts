/** What the Ethereum adapter is built from, as the configuration says it. */
import { type EthereumAnchorInit, readDeployment } from '../../../chains/ethereum/index.ts'
import { commonInit } from '../shared/node-settings.ts'
import { weiOf } from './arguments.ts'
import type { EthereumEntry } from './settings.ts'

/** @throws CHAIN_DEPLOYMENT (input) */
export async function ethereumInit(entry: EthereumEntry): Promise<EthereumAnchorInit> {
  const { wsUrl, finality, maxFeeGwei, maxTipGwei } = entry
  return {
    ...(await commonInit(entry, readDeployment)),
    ...{ wsUrl, finality },
    maxFeePerGas: maxFeeGwei === undefined ? undefined : weiOf(maxFeeGwei),
    maxTipPerGas: maxTipGwei === undefined ? undefined : weiOf(maxTipGwei),
  }
}
