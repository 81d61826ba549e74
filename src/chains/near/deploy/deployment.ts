/** The deployment file of a NEAR network. */
import { z } from 'zod'
import {
  type ChainDeployment,
  type DeployedContract,
  deployedContract,
  DeploymentFiles,
} from '../../shared/deployment.ts'
import { ACCOUNT_ID } from '../constants.ts'

/** A deployment. */
export interface Deployment extends ChainDeployment {
  readonly chain: 'near'
  /** As the network's endpoints name it: `testnet`. */
  readonly chainId: string
  readonly contracts: {
    readonly contexts: DeployedContract
    readonly packages?: DeployedContract | undefined
  }
}

const contract = deployedContract(ACCOUNT_ID, /^[1-9A-HJ-NP-Za-km-z]{32,44}@[a-z\d._-]{2,64}$/)

const schema: z.ZodType<Deployment> = z.object({
  version: z.literal(1),
  chain: z.literal('near'),
  network: z.string().min(1).max(64),
  chainId: z.string().min(1).max(64),
  contracts: z.object({ contexts: contract, packages: contract.optional() }),
})

/** Deployment files of NEAR. */
export const deployments: DeploymentFiles<Deployment> = new DeploymentFiles(
  'near',
  schema,
  ({ chainId }) => chainId,
)

/** Reads a deployment from JSON. @throws CHAIN_DEPLOYMENT (input) */
export function parseDeployment(json: unknown, origin: string): Deployment {
  return deployments.parse(json, origin)
}

/** Reads a deployment file. @throws CHAIN_DEPLOYMENT (input) */
export async function readDeployment(path: string): Promise<Deployment> {
  return deployments.read(path)
}
