/** What the NEAR adapter is built from, as the configuration says it. */
import { type NearAnchorInit, readDeployment } from '../../../chains/near/index.ts'
import { commonInit } from '../shared/node-settings.ts'
import type { NearEntry } from './settings.ts'

/** @throws CHAIN_DEPLOYMENT (input) */
export async function nearInit(entry: NearEntry): Promise<NearAnchorInit> {
  return { ...(await commonInit(entry, readDeployment)), account: entry.account }
}
