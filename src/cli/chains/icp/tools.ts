/** What the commands ask of the Internet Computer. Its SDK is loaded by those that need it. Nobody pays for others: nobody who calls pays. */
import { icpAnchor, readDeployment } from '../../../chains/icp/index.ts'
import { withSdk } from '../../../chains/shared/sdk.ts'
import type { Output } from '../../output.ts'
import type { ChainTools, RunPlace } from '../chain.ts'
import { type RunOptions, serve, startLocal } from '../shared/local-chain.ts'
import { commonInit } from '../shared/node-settings.ts'
import type { DeployOptions, UpgradeOptions } from './deploy.ts'
import { nodeSettings } from './node-settings.ts'
import type { IcpEntry } from './settings.ts'
import { configuredTarget, givenTarget } from './target.ts'

export const tools: ChainTools = {
  init: nodeSettings,
  async openAnchor(entry: IcpEntry) {
    const { rpcUrls, deployment } = await commonInit(entry, readDeployment)
    return icpAnchor({ rpcUrls, deployment })
  },
  configured: configuredTarget,
  given: givenTarget,
  async deploy(options: DeployOptions, output: Output) {
    const { openDeployment } = await withSdk('icp', () => import('./deploy.ts'))
    return openDeployment(options, output)
  },
  async upgrade(options: UpgradeOptions) {
    const { openUpgrade } = await withSdk('icp', () => import('./deploy.ts'))
    return openUpgrade(options)
  },
  async run(options: RunOptions, place: RunPlace) {
    const { chains } = await withSdk('icp', () => import('./local-chain.ts'))
    return serve(chains, options, place)
  },
  async start(folder) {
    const { chains } = await withSdk('icp', () => import('./local-chain.ts'))
    return startLocal(chains, folder)
  },
}
