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

const files = new DeploymentFiles('ethereum', schema)

/** Reads a deployment from JSON. @throws CHAIN_DEPLOYMENT (input) */
export function parseDeployment(json: unknown, origin: string): Deployment {
  return files.parse(json, origin)
}

/** Reads a deployment file. @throws CHAIN_DEPLOYMENT (input) */
export async function readDeployment(path: string): Promise<Deployment> {
  return files.read(path)
}

/** Writes a deployment file, all or nothing. @throws CHAIN_DEPLOYMENT (input) */
export async function writeDeployment(path: string, deployment: Deployment): Promise<void> {
  await files.write(path, deployment)
}

/** Whether two deployments are of one chain and have the same contracts. */
export function isSameDeployment(one: Deployment, other: Deployment): boolean {
  const facts = ({ chainId, contracts }: Deployment): string =>
    JSON.stringify([
      chainId,
      ...[contracts.identityRegistry, contracts.contextAnchor, contracts.packageRegistry].map(
        (each) => each?.address.toLowerCase(),
      ),
    ])
  return facts(one) === facts(other)
}
