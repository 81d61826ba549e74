/**
 * Compiles the contracts of a tree with the pinned compiler and the settings that their artefacts record, so that sources that nobody changed give
 * the committed bytes. In a thread of its own, because the compiler holds up whoever calls it.
 */
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { parentPort, Worker } from 'node:worker_threads'

const FOLDER = 'contracts/artifacts/ethereum'
/** The repository, to the compiler. */
const PROJECT = 'project/'

/** A built contract, as `build-contracts.ts` writes it. */
interface Artifact {
  readonly contract: string
  readonly abi: unknown
  readonly bytecode: string
  readonly metadata: string
}

/** The compiler's record in an artefact. */
interface Metadata {
  readonly settings: Readonly<Record<string, unknown>> & {
    readonly compilationTarget: Readonly<Record<string, string>>
  }
  readonly sources: Readonly<Record<string, unknown>>
}

/** The part of the compiler's output that is used here. */
interface Output {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[]
  readonly contracts?: Readonly<
    Record<
      string,
      Readonly<Record<string, { abi: unknown; metadata: string; evm: { bytecode: Bytecode } }>>
    >
  >
}

interface Bytecode {
  readonly object: string
}

function readArtifact(root: string, contract: string): Artifact {
  return JSON.parse(readFileSync(join(root, FOLDER, `${contract}.json`), 'utf8')) as Artifact // our own file
}

function metadataOf({ metadata }: Artifact): Metadata {
  return JSON.parse(metadata) as Metadata // the compiler's own
}

/** The last to be looked at: what it has in common with others is tried on those. */
const PACKAGES = 'PackageRegistry'

/** The contracts that a source is part of; all of them when none is named. */
function contractsOf(root: string, source?: string): readonly string[] {
  const contracts = readdirSync(join(root, FOLDER))
    .filter((name) => name !== 'manifest.json')
    .map((name) => name.replace('.json', ''))
  if (source === undefined) return contracts
  const found = contracts.filter((contract) => {
    const { sources } = metadataOf(readArtifact(root, contract))
    return `${PROJECT}${source}` in sources
  })
  return found.length === 1 ? found : found.filter((contract) => contract !== PACKAGES)
}

/** Where a source lies: ours below the tree, others' below its packages. */
function pathOf(root: string, name: string): string {
  if (name.startsWith(PROJECT)) return join(root, name.slice(PROJECT.length))
  const [, path = name] = /^npm\/(.+)$/.exec(name) ?? []
  return join(root, 'node_modules', path.replace(/@\d[^/]*\//, '/'))
}

function compile(root: string, contract: string): void {
  const artifact = readArtifact(root, contract)
  const { settings, sources } = metadataOf(artifact)
  const { compilationTarget, ...others } = settings
  const [[file, name] = ['', '']] = Object.entries(compilationTarget)
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(
      Object.keys(sources).map((at) => [at, { content: readFileSync(pathOf(root, at), 'utf8') }]),
    ),
    settings: {
      ...others,
      outputSelection: { [file]: { [name]: ['abi', 'metadata', 'evm.bytecode.object'] } },
    },
  }
  const solc = createRequire(import.meta.url)('solc') as { compile(text: string): string }
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as Output
  const wrong = output.errors?.find(({ severity }) => severity === 'error')
  if (wrong !== undefined) throw new SyntaxError(wrong.formattedMessage)
  const made = output.contracts?.[file]?.[name]
  if (made === undefined) throw new SyntaxError(`the compiler made no ${contract}`)
  const { abi, metadata, evm } = made
  const built: Artifact = { contract, abi, bytecode: `0x${evm.bytecode.object}`, metadata }
  writeFileSync(join(root, FOLDER, `${contract}.json`), `${JSON.stringify(built, null, 2)}\n`)
}

/** What the compiler is asked for: contracts of a tree. */
interface Order {
  readonly root: string
  readonly contracts: readonly string[]
}

/** A compiler beside whoever calls it, which stays: what its program does often is made fast once. */
export class Compiler implements AsyncDisposable {
  #worker: Worker | undefined

  /** Compiles the contracts of a tree that a source is part of, or all; resolves with what the compiler complains of, if anything. */
  async compile(root: string, source?: string): Promise<string | undefined> {
    const contracts = contractsOf(root, source)
    if (contracts.length === 0) return `no contract is made of ${source}`
    this.#worker ??= new Worker(import.meta.filename)
    const order: Order = { root, contracts }
    this.#worker.postMessage(order)
    const [complaint] = (await once(this.#worker, 'message')) as [string | undefined] // ours, below
    // one that stumbled may stumble again
    if (complaint !== undefined) await this[Symbol.asyncDispose]()
    return complaint
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate()
    this.#worker = undefined
  }
}

function complaintOf({ root, contracts }: Order): string | undefined {
  try {
    for (const contract of contracts) compile(root, contract)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

parentPort?.on('message', (order: Order) => parentPort?.postMessage(complaintOf(order)))
