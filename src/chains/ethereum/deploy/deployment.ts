/** The deployment file of an Ethereum network. */
import { z } from 'zod'
import {
  type ChainDeployment,
  type DeployedContract,
  deployedContract,
  DeploymentFiles,
} from '../../shared/deployment.ts'

/** A deployment. */
export interface Deployment extends ChainDeployment {
  readonly chain: 'ethereum'
  readonly chainId: number
  readonly contracts: {
    readonly identityRegistry: DeployedContract
    readonly contextAnchor: DeployedContract
    readonly packageRegistry?: DeployedContract | undefined
  }
  /** What a block explorer asks for. */
  readonly verification?:
    | {
        readonly compiler: string
        /** By contract, ABI-encoded, hexadecimal with 0x. */
        readonly constructorArguments: Readonly<Record<string, string>>
      }
    | undefined
}

const contract = deployedContract(/^0x[0-9a-fA-F]{40}$/, /^0x[0-9a-f]{64}$/)

const schema: z.ZodType<Deployment> = z.object({
  version: z.literal(1),
  chain: z.literal('ethereum'),
  network: z.string().min(1).max(64),
  chainId: z.int().positive(),
  contracts: z.object({
    identityRegistry: contract,
    contextAnchor: contract,
    packageRegistry: contract.optional(),
  }),
  verification: z
    .object({ compiler: z.string(), constructorArguments: z.record(z.string(), z.string()) })
    .optional(),
})

/** Deployment files of Ethereum. */
export const deployments: DeploymentFiles<Deployment> = new DeploymentFiles(
  'ethereum',
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
