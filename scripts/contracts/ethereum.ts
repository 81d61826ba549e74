/**
 * The contracts on Ethereum: compiled with Hardhat and the compiler of the npm package `solc` (nothing is downloaded). What users need is written
 * into `contracts/artifacts/ethereum`: per contract the ABI, the creation code and the compiler's metadata (settings and the hash of every source,
 * for verification), and a manifest of source digests and of the codes that this release and earlier ones put on chains: those it keeps in
 * `contracts/ethereum/releases.json`, and fails when one is missing there.
 */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { readInterface } from '../support/contract-interface.ts'
import {
  type CompiledCode,
  forgottenReleases,
  knownCodes,
  type ReleasedCode,
  releasedCode,
  type Releases,
  withRelease,
} from '../support/contract-releases.ts'
import { sha256, toJson } from '../support/rust-artefacts.ts'

const ROOT = join(import.meta.dirname, '../..')
const PROJECT = join(ROOT, 'contracts/ethereum')
const RELEASES = 'contracts/ethereum/releases.json'
const OUTPUT = 'contracts/artifacts/ethereum'

/** Contracts that are deployed. */
const CONTRACTS = ['IdentityRegistry', 'ContextAnchor', 'PackageRegistry'].filter((name) =>
  existsSync(join(PROJECT, `src/${name}.sol`)),
)

interface HardhatArtifact extends CompiledCode {
  readonly abi: unknown
  readonly bytecode: string
  readonly inputSourceName: string
  readonly buildInfoId: string
}

/** The part of the compiler's output that is used here. */
interface BuildOutput {
  readonly output: {
    readonly contracts: Readonly<Record<string, Readonly<Record<string, { metadata: string }>>>>
  }
}

function buildInfo(name: string): unknown {
  return JSON.parse(readFileSync(join(PROJECT, `artifacts/build-info/${name}.json`), 'utf8'))
}

/** A contract as Hardhat left it. */
function readArtifact(name: string): HardhatArtifact {
  const path = join(PROJECT, `artifacts/contracts/ethereum/src/${name}.sol/${name}.json`)
  return JSON.parse(readFileSync(path, 'utf8')) as HardhatArtifact // hardhat's own format
}

/** Compiles; Hardhat does nothing when nothing changed. */
async function compile(): Promise<void> {
  const { createHardhatRuntimeEnvironment } = await import('hardhat/hre')
  const { default: config } = await import('../../contracts/ethereum/hardhat.config.ts')
  const hre = await createHardhatRuntimeEnvironment(config, {}, PROJECT)
  await hre.tasks.getTask('build').run({ quiet: true, noTests: true })
}

/** The codes of all releases, with this one's. @throws RangeError when one that the changelog names is missing */
function readReleases(codes: Readonly<Record<string, ReleasedCode>>): Releases {
  const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
  const { version } = JSON.parse(read('package.json')) as { readonly version: string } // npm's own format
  const known = existsSync(join(ROOT, RELEASES)) ? read(RELEASES) : '{}'
  const ours = { interface: readInterface(ROOT).version, contracts: codes }
  const releases = withRelease(JSON.parse(known) as Releases, version, ours) // written below
  const forgotten = forgottenReleases(releases, read('CHANGELOG.md'))
  if (forgotten.length === 0) return releases
  throw new RangeError(
    `expected the codes of ${forgotten.join(', ')} in ${RELEASES}: do not drop what was released`,
  )
}

/** What the sources give, by path below the repository. */
export async function buildEthereum(): Promise<ReadonlyMap<string, string>> {
  await compile()
  const files = new Map<string, string>()
  const { version } = createRequire(import.meta.url)('solc/package.json') as { version: string }
  const contracts: Record<string, unknown> = {}
  const codes: Record<string, ReleasedCode> = {}
  for (const name of CONTRACTS) {
    const artifact = readArtifact(name)
    const { abi, bytecode, deployedBytecode, inputSourceName, buildInfoId } = artifact
    const { output } = buildInfo(`${buildInfoId}.output`) as BuildOutput
    const metadata = output.contracts[inputSourceName]?.[name]?.metadata ?? ''
    files.set(`${OUTPUT}/${name}.json`, json({ contract: name, abi, bytecode, metadata }))
    codes[name] = releasedCode(artifact)
    contracts[name] = {
      source: inputSourceName,
      sha256: sha256(Buffer.from(bytecode)),
      bytes: (deployedBytecode.length - 2) / 2,
    }
  }
  const digest = (path: string): string => sha256(readFileSync(path))
  const sources = globSync('src/**/*.sol', { cwd: PROJECT }).sort()
  const releases = readReleases(codes)
  files.set(RELEASES, json(releases))
  const manifest = {
    compiler: `solc ${version}`,
    interface: digest(join(ROOT, 'contracts/interface.json')),
    sources: Object.fromEntries(sources.map((path) => [path, digest(join(PROJECT, path))])),
    contracts,
    codes: knownCodes(releases, readInterface(ROOT).version),
  }
  return files.set(`${OUTPUT}/manifest.json`, json(manifest))
}

/** The compiler's whole input per contract, as block explorers take it for verification; after {@link buildEthereum}. */
export function standardInputs(): ReadonlyMap<string, string> {
  const inputOf = (name: string): string => {
    const { input } = buildInfo(readArtifact(name).buildInfoId) as { readonly input: unknown }
    return json(input)
  }
  return new Map(CONTRACTS.map((name) => [`${name}.json`, inputOf(name)]))
}

function json(value: unknown): string {
  return toJson(value).toString()
}
