/**
 * Builds the Ethereum contracts: writes `Interface.sol` from `contracts/interface.json`, compiles with Hardhat and the compiler of the npm
 * package `solc` (nothing is downloaded), and writes what users need into `contracts/artifacts/ethereum`: per contract the ABI, the creation
 * code and the compiler's metadata (settings and the hash of every source, for verification), and a manifest of source digests.
 * `node scripts/build-contracts.ts`; with `--check` it compiles and compares, and fails when what is committed is stale (W35); with
 * `--standard-json FOLDER` it writes the compiler's whole input there, which block explorers take for verification.
 */
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { readInterface, toSolidity } from './support/contract-interface.ts'
import { report } from './support/report.ts'

const ROOT = join(import.meta.dirname, '..')
const PROJECT = join(ROOT, 'contracts/ethereum')
const OUTPUT = join(ROOT, 'contracts/artifacts/ethereum')

/** Contracts that are deployed. */
const CONTRACTS = ['IdentityRegistry', 'ContextAnchor', 'PackageRegistry'].filter((name) =>
  existsSync(join(PROJECT, `src/${name}.sol`)),
)

interface HardhatArtifact {
  readonly abi: unknown
  readonly bytecode: string
  readonly deployedBytecode: string
  readonly inputSourceName: string
  readonly buildInfoId: string
}

/** The part of the compiler's output that is used here. */
interface BuildOutput {
  readonly output: {
    readonly contracts: Readonly<Record<string, Readonly<Record<string, { metadata: string }>>>>
  }
}

/** The compiler's input per contract. */
const inputs = new Map<string, unknown>()

function buildInfo(name: string): unknown {
  return JSON.parse(readFileSync(join(PROJECT, `artifacts/build-info/${name}.json`), 'utf8'))
}

function sha256(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex')
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

/** Compiles; Hardhat does nothing when nothing changed. */
async function compile(): Promise<void> {
  const { createHardhatRuntimeEnvironment } = await import('hardhat/hre')
  const { default: config } = await import('../contracts/ethereum/hardhat.config.ts')
  const hre = await createHardhatRuntimeEnvironment(config, {}, PROJECT)
  await hre.tasks.getTask('build').run({ quiet: true, noTests: true })
}

/** Every file that is written, by its path below the output folder. */
function outputs(): Map<string, string> {
  const files = new Map<string, string>()
  const { version } = createRequire(import.meta.url)('solc/package.json') as { version: string }
  const contracts: Record<string, unknown> = {}
  for (const name of CONTRACTS) {
    const path = join(PROJECT, `artifacts/contracts/ethereum/src/${name}.sol/${name}.json`)
    const artifact = JSON.parse(readFileSync(path, 'utf8')) as HardhatArtifact // hardhat's own format
    const { abi, bytecode, deployedBytecode, inputSourceName, buildInfoId } = artifact
    const { output } = buildInfo(`${buildInfoId}.output`) as BuildOutput
    const metadata = output.contracts[inputSourceName]?.[name]?.metadata ?? ''
    files.set(`${name}.json`, json({ contract: name, abi, bytecode, metadata }))
    inputs.set(name, (buildInfo(buildInfoId) as { readonly input: unknown }).input)
    contracts[name] = {
      source: inputSourceName,
      sha256: sha256(bytecode),
      bytes: (deployedBytecode.length - 2) / 2,
    }
  }
  const sources = globSync('src/**/*.sol', { cwd: PROJECT }).sort()
  files.set(
    'manifest.json',
    json({
      compiler: `solc ${version}`,
      interface: sha256(readFileSync(join(ROOT, 'contracts/interface.json'))),
      sources: Object.fromEntries(
        sources.map((path) => [path, sha256(readFileSync(join(PROJECT, path)))]),
      ),
      contracts,
    }),
  )
  return files
}

const isCheck = process.argv.includes('--check')
const problems: string[] = []

function put(path: string, text: string): void {
  const shown = path.slice(ROOT.length + 1)
  const isSame = existsSync(path) && readFileSync(path, 'utf8') === text
  if (isSame) return
  if (isCheck) problems.push(`${shown}: is not what the sources give`)
  else {
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, text)
    console.log(`wrote ${shown}`)
  }
}

put(join(PROJECT, 'src/Interface.sol'), toSolidity(readInterface(ROOT)))
await compile()
for (const [path, text] of outputs()) put(join(OUTPUT, path), text)
const folderAt = process.argv.indexOf('--standard-json') + 1
const folder = folderAt === 0 ? undefined : process.argv[folderAt]
if (folder !== undefined) {
  mkdirSync(folder, { recursive: true })
  for (const [name, input] of inputs) writeFileSync(join(folder, `${name}.json`), json(input))
  console.log(`wrote the compiler's input of ${[...inputs.keys()].join(', ')} to ${folder}`)
} else if (isCheck) {
  report('contracts', problems, 'Run `node scripts/build-contracts.ts` and commit what it writes.')
} else {
  console.log('contracts: ok')
}
