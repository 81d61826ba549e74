/** The deployment file of a network of the Internet Computer. */
import { z } from 'zod'
import {
  type ChainDeployment,
  type DeployedContract,
  deployedContract,
  DeploymentFiles,
} from '../../shared/deployment.ts'
import { NETWORK, networkOf, rootKeyOf } from '../network.ts'

/** A deployment. */
export interface Deployment extends ChainDeployment {
  readonly chain: 'icp'
  /** As it follows from the root key: `ic`, or `icp-` and a part of the key's hash. */
  readonly network: string
  /** Key that everything there is certified under, DER, hexadecimal; left out for the main network, whose key is built in. */
  readonly rootKey?: string | undefined
  readonly contracts: {
    readonly contexts: DeployedContract
    readonly packages?: DeployedContract | undefined
  }
}

/** As ids of canisters are written. */
export const CANISTER: RegExp = /^[a-z2-7]{5}(?:-[a-z2-7]{5}){1,9}-[a-z2-7]{1,5}$/

// nothing there is a transaction that could be looked for later
const contract = deployedContract(CANISTER, /^$/)

const schema: z.ZodType<Deployment> = z
  .object({
    version: z.literal(1),
    chain: z.literal('icp'),
    network: z.string().regex(NETWORK, 'expected ic, or icp- and 16 hexadecimal digits'),
    rootKey: z
      .string()
      .regex(/^(?:[0-9a-f]{2}){32,512}$/, 'expected a key in DER, hexadecimal')
      .optional(),
    contracts: z.object({ contexts: contract, packages: contract.optional() }),
  })
  .refine((deployment) => networkOf(rootKeyOf(deployment)) === deployment.network, {
    path: ['network'],
    message: 'not the network of this root key',
  })

/** Deployment files of the Internet Computer. */
export const deployments: DeploymentFiles<Deployment> = new DeploymentFiles(
  'icp',
  schema,
  ({ network }) => network,
)

/** Reads a deployment from JSON. @throws CHAIN_DEPLOYMENT (input) */
export function parseDeployment(json: unknown, origin: string): Deployment {
  return deployments.parse(json, origin)
}

/** Reads a deployment file. @throws CHAIN_DEPLOYMENT (input) */
export async function readDeployment(path: string): Promise<Deployment> {
  return deployments.read(path)
}
