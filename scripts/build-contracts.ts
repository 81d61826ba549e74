/**
 * Builds the contracts of each chain into `contracts/artifacts`, and writes what follows from `contracts/interface.json`: `npm run
 * build:contracts`, for some chains `npm run build:contracts -- ethereum`. With `--check` it builds and compares, and fails when what is committed is
 * stale (W35) or names the machine that built it; with `--standard-json FOLDER` it writes there what block explorers of Ethereum take for verification.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { buildEthereum, standardInputs } from './contracts/ethereum.ts'
import { readInterface, toSolidity } from './support/contract-interface.ts'
import { findLeaks } from './support/leaks.ts'
import { report } from './support/report.ts'
import { toRust } from './support/rust-interface.ts'

const ROOT = join(import.meta.dirname, '..')
const COMMAND = 'npm run build:contracts'

/** Files by path below the repository. */
type Files = ReadonlyMap<string, string>

/** What the sources of each chain's contracts give. */
const CHAINS: Readonly<Record<string, () => Promise<Files>>> = { ethereum: buildEthereum }

/** Names and numbers in the languages of the contracts, before any of them is compiled. */
function generateInterface(): Files {
  const source = readInterface(ROOT)
  return new Map([
    ['contracts/ethereum/src/Interface.sol', toSolidity(source)],
    ['contracts/core/src/interface.rs', toRust(source)],
  ])
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

/** What the command line asks for; undefined when it is not understood. */
function readArguments(args: readonly string[]):
  | {
      readonly isCheck: boolean
      readonly folder: string | undefined
      readonly chains: readonly string[]
    }
  | undefined {
  const isCheck = args.includes('--check')
  const at = args.indexOf('--standard-json')
  const folder = at === -1 ? undefined : args[at + 1]
  const named = args.filter(
    (arg, position) => arg !== '--check' && (at === -1 || (position !== at && position !== at + 1)),
  )
  const isUnknown = named.some((name) => !Object.hasOwn(CHAINS, name))
  if (isUnknown || (at !== -1 && folder === undefined)) return undefined
  return { isCheck, folder, chains: named.length === 0 ? Object.keys(CHAINS) : named }
}

const asked = readArguments(process.argv.slice(2))
if (asked === undefined) {
  const names = Object.keys(CHAINS).join('|')
  console.error(`usage: ${COMMAND} -- [--check] [--standard-json FOLDER] [${names}]...`)
  process.exitCode = 2
} else {
  const { isCheck, folder, chains } = asked
  const problems: string[] = []
  const put = (files: Files): void => {
    if (isCheck) problems.push(...compare(files))
    else write(files)
  }
  put(generateInterface())
  for (const chain of chains) put((await CHAINS[chain]?.()) ?? new Map())
  if (folder !== undefined) writeStandardInputs(folder)
  if (isCheck) report('contracts', problems, `Run \`${COMMAND}\` and commit what it writes.`)
  else console.log('contracts: ok')
}
