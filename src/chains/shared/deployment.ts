/** Deployment files: where the contracts of a network lie. `merogate chain deploy` writes one, a node's configuration names it. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { chainError } from './errors.ts'

/** A contract of a deployment. */
export interface DeployedContract {
  /** As the chain writes it. */
  readonly address: string
  /** Transaction that made it, and the height where it lies; left out when it was there before. */
  readonly transaction?: string | undefined
  readonly height?: number | undefined
  /** Of its code, where an address does not follow from that: hexadecimal, by the chain's own rule. */
  readonly codeHash?: string | undefined
}

/** What every chain's deployment has. */
export interface ChainDeployment {
  readonly version: 1
  /** Protocol of the chain, as in `ethereum`. */
  readonly chain: string
  /** Name for invitations and people: `sepolia`. */
  readonly network: string
  readonly contracts: object
}

/** A contract whose address and transaction the chain writes so. */
export function deployedContract(
  address: RegExp,
  transaction: RegExp,
): z.ZodType<DeployedContract> {
  return z.object({
    address: z.string().regex(address, 'expected an address'),
    transaction: z.string().regex(transaction).optional(),
    height: z.int().min(0).optional(),
    codeHash: z
      .string()
      .regex(/^[0-9a-f]{1,128}$/)
      .optional(),
  })
}

/** Deployment files of one chain. */
export class DeploymentFiles<D extends ChainDeployment> {
  readonly #chain: string
  readonly #schema: z.ZodType<D>
  readonly #networkOf: (deployment: D) => string | number

  /** @param networkOf by which networks are told apart, whatever people call them */
  constructor(chain: string, schema: z.ZodType<D>, networkOf: (deployment: D) => string | number) {
    this.#chain = chain
    this.#schema = schema
    this.#networkOf = networkOf
  }

  /** Reads a deployment from JSON. @throws CHAIN_DEPLOYMENT (input) */
  parse(json: unknown, origin: string): D {
    const result = this.#schema.safeParse(json)
    if (result.success) return result.data
    const [issue] = result.error.issues
    const what = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`
    const message = `expected a deployment file at ${origin}, ${what}`
    throw chainError(this.#chain, 'CHAIN_DEPLOYMENT', message, { origin })
  }

  /** Reads a deployment file. @throws CHAIN_DEPLOYMENT (input) */
  async read(path: string): Promise<D> {
    let json: unknown
    try {
      json = JSON.parse(await readFile(path, 'utf8'))
    } catch (cause) {
      const message = `cannot read the deployment file ${path}: write one with \`merogate chain deploy\``
      throw chainError(this.#chain, 'CHAIN_DEPLOYMENT', message, { path }, { cause })
    }
    return this.parse(json, path)
  }

  /** Writes a deployment file, all or nothing. @throws CHAIN_DEPLOYMENT (input) */
  async write(path: string, deployment: D): Promise<void> {
    const temporary = `${path}.new`
    try {
      await writeFile(temporary, formatDeployment(deployment), { flush: true })
      await rename(temporary, path)
    } catch (cause) {
      await rm(temporary, { force: true }).catch(() => {}) // why it was not written matters more
      const message = `cannot write the deployment file ${path}`
      throw chainError(this.#chain, 'CHAIN_DEPLOYMENT', message, { path }, { cause })
    }
  }

  /** Whether a deployment is of a network, and of no other contracts than those at the addresses. @param addresses any, where this is left out */
  isOf(deployment: D, network: string | number, addresses?: readonly string[]): boolean {
    if (this.#networkOf(deployment) !== network) return false
    const known = addresses?.map((address) => address.toLowerCase())
    return known === undefined || addressesOf(deployment).every(([, each]) => known.includes(each))
  }

  /** Whether two deployments are of one network and have the same contracts. */
  isSame(one: D, other: D): boolean {
    const facts = (each: D): string => JSON.stringify([this.#networkOf(each), addressesOf(each)])
    return facts(one) === facts(other)
  }
}

/** Contracts by name, of a deployment of any chain. */
function contractsOf({ contracts }: ChainDeployment): [string, DeployedContract][] {
  // what a chain declares by name, some of which may be left out
  return Object.entries(contracts as Readonly<Record<string, DeployedContract | undefined>>).filter(
    (entry): entry is [string, DeployedContract] => entry[1] !== undefined,
  )
}

/** Names and addresses, in one order and notation. */
function addressesOf(deployment: ChainDeployment): readonly (readonly [string, string])[] {
  return contractsOf(deployment)
    .map(([name, { address }]) => [name, address.toLowerCase()] as const)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
}

/**
 * What a repeated deployment adds to its file: of contracts that were there already the file knows more, and the name of the network stays,
 * because invitations name it.
 */
export function mergeDeployment<D extends ChainDeployment>(before: D, after: D): D {
  const known = Object.fromEntries(contractsOf(before))
  const merged = contractsOf(after).map(([name, contract]) => [
    name,
    { ...known[name], ...contract },
  ])
  return { ...after, network: before.network, contracts: Object.fromEntries(merged) as object }
}

/** The text of a deployment file. */
export function formatDeployment(deployment: ChainDeployment): string {
  return `${JSON.stringify(deployment, null, 2)}\n`
}
