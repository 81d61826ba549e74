/** The deployment file: where the contracts of a network lie. `merogate chain deploy` writes it, a node's configuration names it. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { ethereumError } from '../errors.ts'

/** A contract of a deployment. */
export interface DeployedContract {
  readonly address: string
  /** Transaction that made it, and its block; left out when it was there before. */
  readonly transaction?: string | undefined
  readonly block?: number | undefined
}

/** A deployment. */
export interface Deployment {
  readonly version: 1
  readonly chain: 'ethereum'
  /** Name for invitations and people: `sepolia`. */
  readonly network: string
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

const contract: z.ZodType<DeployedContract> = z.object({
  address: z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'expected an address'),
  transaction: z
    .string()
    .regex(/^0x[0-9a-f]{64}$/)
    .optional(),
  block: z.int().min(0).optional(),
})

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

/** Reads a deployment from JSON. @throws CHAIN_DEPLOYMENT (input) */
export function parseDeployment(json: unknown, origin: string): Deployment {
  const { data, error } = schema.safeParse(json)
  if (data !== undefined) return data
  const [issue] = error.issues
  throw ethereumError(
    'CHAIN_DEPLOYMENT',
    `expected a deployment file at ${origin}, ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`,
    { origin },
  )
}

/** Reads a deployment file. @throws CHAIN_DEPLOYMENT (input) */
export async function readDeployment(path: string): Promise<Deployment> {
  let json: unknown
  try {
    json = JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw ethereumError(
      'CHAIN_DEPLOYMENT',
      `cannot read the deployment file ${path}: write one with \`merogate chain deploy\``,
      { path },
      { cause },
    )
  }
  return parseDeployment(json, path)
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

/**
 * What a repeated deployment adds to its file: of contracts that were there already the file knows more, and the name of the network stays,
 * because invitations name it.
 */
export function mergeDeployment(before: Deployment, after: Deployment): Deployment {
  const { identityRegistry, contextAnchor, packageRegistry } = after.contracts
  const merged = (
    known: DeployedContract | undefined,
    now: DeployedContract,
  ): DeployedContract => ({ ...known, ...now })
  return {
    ...after,
    network: before.network,
    contracts: {
      identityRegistry: merged(before.contracts.identityRegistry, identityRegistry),
      contextAnchor: merged(before.contracts.contextAnchor, contextAnchor),
      ...(packageRegistry === undefined
        ? {}
        : { packageRegistry: merged(before.contracts.packageRegistry, packageRegistry) }),
    },
  }
}

/** The text of a deployment file. */
export function formatDeployment(deployment: Deployment): string {
  return `${JSON.stringify(deployment, null, 2)}\n`
}

/** Writes a deployment file, all or nothing. @throws CHAIN_DEPLOYMENT (input) */
export async function writeDeployment(path: string, deployment: Deployment): Promise<void> {
  const temporary = `${path}.new`
  try {
    await writeFile(temporary, formatDeployment(deployment))
    await rename(temporary, path)
  } catch (cause) {
    await rm(temporary, { force: true })
    const message = `cannot write the deployment file ${path}`
    throw ethereumError('CHAIN_DEPLOYMENT', message, { path }, { cause })
  }
}
