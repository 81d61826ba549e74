/** What the Stellar adapter is built from, as the configuration says it. */
import { readDeployment, type StellarAnchorInit } from '../../../chains/stellar/index.ts'
import { commonInit } from '../shared/node-settings.ts'
import type { StellarEntry } from './settings.ts'

/** @throws CHAIN_DEPLOYMENT (input) */
export async function stellarInit(entry: StellarEntry): Promise<StellarAnchorInit> {
  return { ...(await commonInit(entry, readDeployment)), maxFee: entry.maxFee }
}
