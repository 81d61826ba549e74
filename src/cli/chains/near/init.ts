/** What the NEAR adapter is built from, as the configuration says it. */
import { type NearAnchorInit, readDeployment } from '../../../chains/near/index.ts'
import { secretReference } from '../../arguments.ts'
import type { NearEntry } from './settings.ts'

/** @throws CHAIN_DEPLOYMENT (input) */
export async function nearInit(entry: NearEntry): Promise<NearAnchorInit> {
  const { rpcUrls, account, relayerUrl: url, relayerKeyEnv } = entry
  return {
    ...{ rpcUrls, account },
    deployment: await readDeployment(entry.deployment),
    key: secretReference(entry.keyFile, entry.keyEnv),
    relayer:
      url === undefined ? undefined : { url, apiKey: secretReference(undefined, relayerKeyEnv) },
  }
}
