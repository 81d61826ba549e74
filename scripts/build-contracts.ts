/**
 * Builds the contracts of each chain, and writes what follows from `contracts/interface.json`: `npm run build:contracts`, for some chains `npm run
 * build:contracts -- ethereum`. With `--check` it fails when what is committed is not what the sources give (W35), or names the machine that built it;
 * what is made of Rust it then compares with the manifest of its build, for which no Rust is needed. With `--rebuild-check` it builds that elsewhere and
 * compares bytes, or says why not. With `--standard-json FOLDER` it writes there what block explorers of Ethereum take for verification.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CORE_MODULE } from './contracts/core.ts'
import { buildEthereum, standardInputs } from './contracts/ethereum.ts'
import { ICP_CONTRACTS } from './contracts/icp.ts'
import { NEAR_CONTRACTS } from './contracts/near.ts'
import { TICKER } from './contracts/ticker.ts'
import { STELLAR_CONTRACTS } from './contracts/stellar.ts'
import { readInterface, toSolidity } from './support/contract-interface.ts'
import { findLeaks } from './support/leaks.ts'
import { report } from './support/report.ts'
import {
  checkArtefacts,
  compareWithRebuild,
  type RustBuild,
  sizesOf,
  writeArtefacts,
} from './support/rust-artefacts.ts'
import { toRust, toStellarErrors } from './support/rust-interface.ts'
import { BuildError } from './support/rust-toolchain.ts'

const ROOT = join(import.meta.dirname, '..')
const COMMAND = 'npm run build:contracts'

/** Files by path below the repository. */
type Files = ReadonlyMap<string, string>

/** Something that is built of sources and committed. */
interface Part {
  /** Builds it, and writes what changed. */
  write(): Promise<void>
  /** What is wrong with what is committed. */
  check(): Promise<readonly string[]>
  /** The same by building it where nothing of it is. */
  rebuild(): Promise<readonly string[]>
}

/** Files that are written as soon as they are made. */
function filesPart(make: () => Promise<Files>): Part {
  const check = async (): Promise<readonly string[]> => compare(await make())
  return { write: async () => write(await make()), check, rebuild: check }
}

/** What a crate becomes. It is not compiled where what is committed is of these sources. */
function cratePart(build: RustBuild): Part {
  const told = (problems: readonly string[]): string[] =>
    problems.map((problem) => `${build.folder}: ${problem}`)
  return {
    write: async () => {
      if (checkArtefacts(build).length === 0) return
      writeArtefacts(build)
      console.log(`wrote ${sizesOf(build)} to ${build.output}`)
    },
    check: async () => told(checkArtefacts(build)),
    rebuild: async () => {
      const compared = compareWithRebuild(build)
      if ('problems' in compared) return told(compared.problems)
      console.log(`${build.folder}: rebuild skipped, ${compared.skipped}`)
      return []
    },
  }
}

/** Several at once. */
function joinedPart(parts: readonly Part[]): Part {
  const all = async (how: 'check' | 'rebuild'): Promise<string[]> => {
    const problems: string[] = []
    for (const part of parts) problems.push(...(await part[how]()))
    return problems
  }
  return {
    write: async () => {
      for (const part of parts) await part.write()
    },
    check: async () => all('check'),
    rebuild: async () => all('rebuild'),
  }
}

/** Names and numbers in the languages of the contracts, before any of them is compiled. */
const INTERFACE = filesPart(async () => {
  const source = readInterface(ROOT)
  return new Map([
    ['contracts/ethereum/src/Interface.sol', toSolidity(source)],
    ['contracts/core/src/interface.rs', toRust(source)],
    ['contracts/stellar/src/refusal.rs', toStellarErrors(source)],
  ])
})

/** What the command line may name. */
const PARTS: Readonly<Record<string, Part>> = {
  ethereum: filesPart(buildEthereum),
  core: cratePart(CORE_MODULE),
  icp: joinedPart([...ICP_CONTRACTS, TICKER].map(cratePart)),
  near: joinedPart(NEAR_CONTRACTS.map(cratePart)),
  stellar: joinedPart(STELLAR_CONTRACTS.map(cratePart)),
}

/** Writes what changed. */
function write(files: Files): void {
  for (const [path, text] of files) {
    const file = join(ROOT, path)
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    console.log(`wrote ${path}`)
  }
}

/** What is committed and not what the sources give, or names a machine. */
function compare(files: Files): string[] {
  return [...files].flatMap(([path, text]) => {
    const file = join(ROOT, path)
    const isSame = existsSync(file) && readFileSync(file, 'utf8') === text
    const leaks = findLeaks(path, Buffer.from(text))
    return isSame ? leaks : [`${path}: is not what the sources give`, ...leaks]
  })
}

function writeStandardInputs(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const inputs = standardInputs()
  for (const [name, text] of inputs) writeFileSync(join(folder, name), text)
  console.log(`wrote the compiler's input of ${[...inputs.keys()].join(', ')} to ${folder}`)
}

/** What the command line asks for. */
interface Asked {
  readonly how: keyof Part
  /** Where the compiler's input goes. */
  readonly folder: string | undefined
  readonly parts: readonly Part[]
}

/** The command line; undefined when it is not understood. */
function readArguments(args: readonly string[]): Asked | undefined {
  const at = args.indexOf('--standard-json')
  const folder = at === -1 ? undefined : args[at + 1]
  const others = args.filter((_, place) => at === -1 || (place !== at && place !== at + 1))
  const flags = others.filter((arg) => arg.startsWith('--'))
  const ways: Readonly<Record<string, keyof Part>> = {
    '': 'write',
    '--check': 'check',
    '--rebuild-check': 'rebuild',
  }
  const how = ways[flags.join(' ')]
  const named = others.filter((arg) => !arg.startsWith('--'))
  const names = named.length === 0 ? Object.keys(PARTS) : named
  const parts = names.map((name) => PARTS[name]).filter((part) => part !== undefined)
  const isUnderstood = how !== undefined && parts.length === names.length
  return isUnderstood && (at === -1 || folder !== undefined) ? { how, folder, parts } : undefined
}

async function main({ how, folder, parts }: Asked): Promise<void> {
  const problems: string[] = []
  for (const part of [INTERFACE, ...parts]) problems.push(...((await part[how]()) ?? []))
  if (folder !== undefined) writeStandardInputs(folder)
  report('contracts', problems, `Run \`${COMMAND}\` and commit what it writes.`)
}

const asked = readArguments(process.argv.slice(2))
if (asked === undefined) {
  const names = Object.keys(PARTS).join('|')
  console.error(
    `usage: ${COMMAND} -- [--check|--rebuild-check] [--standard-json FOLDER] [${names}]...`,
  )
  process.exitCode = 2
} else {
  try {
    await main(asked)
  } catch (error) {
    if (!(error instanceof BuildError)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}
