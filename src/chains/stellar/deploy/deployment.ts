/** The deployment file of a Stellar network. */
import { z } from 'zod'
import {
  type ChainDeployment,
  type DeployedContract,
  deployedContract,
  DeploymentFiles,
} from '../../shared/deployment.ts'
import { CONTRACT, TRANSACTION } from '../constants.ts'

/** A deployment. */
export interface Deployment extends ChainDeployment {
  readonly chain: 'stellar'
  /** What signatures on the network are bound to, by which networks are told apart. */
  readonly passphrase: string
  readonly contracts: {
    readonly contexts: DeployedContract
    readonly packages?: DeployedContract | undefined
  }
}

const contract = deployedContract(CONTRACT, TRANSACTION)

const schema: z.ZodType<Deployment> = z.object({
  version: z.literal(1),
  chain: z.literal('stellar'),
  network: z.string().min(1).max(64),
  passphrase: z.string().min(1).max(128),
  contracts: z.object({ contexts: contract, packages: contract.optional() }),
})

/** Deployment files of Stellar. */
export const deployments: DeploymentFiles<Deployment> = new DeploymentFiles(
  'stellar',
  schema,
  ({ passphrase }) => passphrase,
)

/** Reads a deployment from JSON. @throws CHAIN_DEPLOYMENT (input) */
export function parseDeployment(json: unknown, origin: string): Deployment {
  return deployments.parse(json, origin)
}

/** Reads a deployment file. @throws CHAIN_DEPLOYMENT (input) */
export async function readDeployment(path: string): Promise<Deployment> {
  return deployments.read(path)
}
