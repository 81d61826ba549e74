/**
 * What a deployment was about to do, written down before it does it: the cycles ledger makes one canister of one request with a time of its own,
 * however often that is asked, so whoever repeats with the same time gets the same canister.
 */
import { open, readFile, rename, rm } from 'node:fs/promises'
import { z } from 'zod'
import { chainError } from '../../shared/errors.ts'
import { CANISTER } from './deployment.ts'
import { CONTRACT_NAMES, type ContractName } from '../../shared/core/artifacts.ts'

/** A request that makes a canister. */
export interface Creation {
  /** Of the request, ns since 1970. */
  readonly createdAt: string
  /** What it pays: with another amount it would be another request. */
  readonly cycles: string
  /** Where it is known by now. */
  readonly canister?: string | undefined
}

const ENTRY: z.ZodType<Creation> = z.object({
  createdAt: z.string().regex(/^\d{1,20}$/),
  cycles: z.string().regex(/^\d{1,39}$/),
  canister: z.string().regex(CANISTER).optional(),
})
const CONTENT = z.object({
  network: z.string(),
  owner: z.string(),
  canisters: z.partialRecord(z.enum(CONTRACT_NAMES), ENTRY),
})

/** Whose creations they are. */
export interface JournalOwner {
  readonly network: string
  /** Principal of whoever deploys. */
  readonly owner: string
}

export class Journal {
  readonly path: string
  readonly #owner: JournalOwner
  readonly #canisters: Partial<Record<ContractName, Creation>>

  private constructor(path: string, owner: JournalOwner, canisters: Journal['canisters']) {
    this.path = path
    this.#owner = owner
    this.#canisters = { ...canisters }
  }

  /** The one that belongs to a deployment file. @throws CHAIN_DEPLOYMENT (input) for one of somebody else, or of another network */
  static async open(deployment: string, owner: JournalOwner): Promise<Journal> {
    const path = `${deployment}.creating`
    const text = await readText(path)
    if (text === undefined) return new Journal(path, owner, {})
    const content = parse(path, text)
    if (content.network !== owner.network || content.owner !== owner.owner) {
      const message = `${path} says that ${content.owner} was making canisters on ${content.network}: go on with that key, or name another file with --out`
      throw chainError('icp', 'CHAIN_DEPLOYMENT', message, { path })
    }
    return new Journal(path, owner, content.canisters)
  }

  get canisters(): Readonly<Partial<Record<ContractName, Creation>>> {
    return this.#canisters
  }

  /** Writes down, and resolves when it is on the disk. @throws CHAIN_DEPLOYMENT (input) */
  async set(name: ContractName, creation: Creation): Promise<void> {
    this.#canisters[name] = creation
    const { path } = this
    const content = { ...this.#owner, canisters: this.#canisters }
    const temporary = `${path}.new`
    try {
      await using file = await open(temporary, 'w')
      await file.writeFile(`${JSON.stringify(content, null, 2)}\n`)
      await file.sync()
      await rename(temporary, path)
    } catch (cause) {
      const message = `cannot write ${path}, without which nothing is made`
      throw chainError('icp', 'CHAIN_DEPLOYMENT', message, { path }, { cause })
    }
  }

  /** To be called when the canisters are written down elsewhere. */
  async remove(): Promise<void> {
    await rm(this.path, { force: true })
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw chainError('icp', 'CHAIN_DEPLOYMENT', `cannot read ${path}`, { path }, { cause })
  }
}

function parse(path: string, text: string): z.infer<typeof CONTENT> {
  try {
    return CONTENT.parse(JSON.parse(text))
  } catch (cause) {
    const message = `expected ${path} to say which canisters are being made: it may be the only trace of one, so look at it before you move it away`
    throw chainError('icp', 'CHAIN_DEPLOYMENT', message, { path }, { cause })
  }
}
