/**
 * Runs the Solidity tests of the Ethereum contracts (`contracts/ethereum/test`) with Hardhat, in a process of its own: `node
 * scripts/test-solidity.ts`, with `--grep=<text>` those whose names match, with files only those. Ends with one line alone, `N passed,
 * N failed`; the exit code is 1 when anything failed or no test ran. `scripts/test.ts` adds the counts to its own.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'

const PROJECT = join(import.meta.dirname, '../contracts/ethereum')

export interface SolidityTestOptions {
  /** Test files, by absolute path. @default all */
  readonly files?: readonly string[]
  readonly grep?: string | undefined
  /** Told of each line of the report as it comes. */
  readonly onLine?: (line: string) => void
}

export interface SolidityTestCounts {
  readonly passed: number
  readonly failed: number
}

/** Path of Hardhat's own program. */
function hardhatProgram(): string {
  const path = createRequire(import.meta.url).resolve('hardhat/package.json')
  const { bin } = createRequire(import.meta.url)(path) as { bin: string | Record<string, string> } // npm's format
  const program = typeof bin === 'string' ? bin : bin['hardhat']
  if (program === undefined) throw new RangeError('expected hardhat to be a program')
  return join(dirname(path), program)
}

/** Runs the tests; resolves with how many passed and failed. When they cannot be compiled or run, that is one failure. */
export async function runSolidityTests(
  options: SolidityTestOptions = {},
): Promise<SolidityTestCounts> {
  const { files = [], grep, onLine = () => {} } = options
  const args = ['--config', join(PROJECT, 'hardhat.config.ts'), 'test', 'solidity', ...files]
  if (grep !== undefined) args.push('--grep', grep)
  const child = spawn(process.execPath, [hardhatProgram(), ...args], {
    cwd: PROJECT,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // compiling prints warnings about other people's code: they matter only when it comes to nothing
  const prelude: string[] = []
  const counts = { passed: 0, failed: 0 }
  let isRunning = false
  const read = (line: string): void => {
    isRunning ||= line.startsWith('Running Solidity tests')
    if (isRunning) onLine(line)
    else prelude.push(line)
    const [, count, what] = /^\s*(\d+) (passing|failing)\b/.exec(line) ?? []
    if (what === 'passing') counts.passed += Number(count)
    if (what === 'failing') counts.failed += Number(count)
  }
  const closed = once(child, 'close') as Promise<[code: number | null]> // Node's own event
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', read)
  const [code] = await closed
  if (code !== 0 && counts.failed === 0) {
    for (const line of prelude) onLine(line)
    onLine(`hardhat ended with ${code}`)
    return { ...counts, failed: 1 }
  }
  return counts
}

if (import.meta.main) {
  const args = process.argv.slice(2)
  const { passed, failed } = await runSolidityTests({
    files: args.filter((arg) => !arg.startsWith('--')),
    grep: args.find((arg) => arg.startsWith('--grep='))?.slice('--grep='.length),
    onLine: (line) => console.log(line),
  })
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0
}
