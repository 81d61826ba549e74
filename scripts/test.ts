/**
 * Runs the tests named on the command line, folders or files below the repository: mocha's below `test`, and Solidity's below `contracts`, which
 * Hardhat runs in a process of its own meanwhile (`scripts/test-solidity.ts`). Default: all of both. With `--grep=<text>` those whose names
 * match. A run of everything is made by four processes: two have the tests of whole nodes, servers and programs, which wait more than they
 * compute, one those of contracts and what is left to chance, one units and anchors. It says how much of the conformance list each anchor passed, and fails when a row of it has no test. What failed is told
 * once more at the end, in lines that begin with `failed: `: of a long report often only the end is kept. Ends with one line alone,
 * `N passed, N failed`; the exit code is 1 when anything failed or no test ran.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, statSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import Mocha from 'mocha'
import { ANCHORS, Conformance } from './support/conformance.ts'
import { drain } from './support/drain.ts'
import { runSolidityTests } from './test-solidity.ts'

const root = join(import.meta.dirname, '..')
// programs under test are started hundreds of times: what is compiled once need not be compiled again, by children either
process.env['NODE_COMPILE_CACHE'] ??= join(root, '.cache/compile')
enableCompileCache(process.env['NODE_COMPILE_CACHE'])
const args = process.argv.slice(2)
const grep = args.find((arg) => arg.startsWith('--grep='))?.slice('--grep='.length)
const named = args.filter((arg) => !arg.startsWith('--'))
const targets = named.length > 0 ? named : ['test', 'contracts']

/** Files below the targets whose names end so. */
function filesOf(end: string): string[] {
  return targets.flatMap((target) => {
    if (statSync(join(root, target)).isFile()) return target.endsWith(end) ? [target] : []
    const found = globSync(`${target}/**/*${end}`, { cwd: root }).sort()
    // what is built has folders that are named after its sources
    return found.filter((path) => statSync(join(root, path)).isFile())
  })
}

/** What processes of their own run. Rows of the conformance list are counted in the first. */
const APART: readonly RegExp[] = [
  /^test[/\\](?:e2e|integration[/\\]cli)[/\\]/,
  /^test[/\\]integration[/\\](?!cli[/\\])/,
  /^test[/\\](?:contracts|property|simulation|attack|chaos)[/\\]/,
]

function isApart(file: string): boolean {
  return named.length === 0 && APART.some((group) => group.test(file))
}

const files = filesOf('.test.ts')
const solidityFiles = filesOf('.t.sol')
const counts = { passed: 0, failed: 0, skipped: 0 }

const FAILED = 'failed: '
/** What is told of once more at the end. */
const failures: string[] = []

/** Counts a failure: its name, and the first lines of what went wrong. */
function fail(name: string, error?: Error): void {
  counts.failed++
  const text = error === undefined ? name : `${name}\n${error.stack ?? error.message}`
  failures.push(...text.split('\n', 15))
}

/** Runs Solidity's tests beside mocha's; their report is kept together, to be printed afterwards. */
async function testSolidity(): Promise<readonly string[]> {
  if (solidityFiles.length === 0) return []
  const lines: string[] = []
  const found = await runSolidityTests({
    files: solidityFiles.map((file) => join(root, file)),
    grep,
    onLine: (line) => lines.push(line),
  })
  counts.passed += found.passed
  counts.failed += found.failed
  if (found.failed > 0) failures.push(...lines.slice(-30))
  if (found.passed === 0 && found.failed === 0 && grep === undefined) {
    fail('expected Solidity tests to run, none did')
  }
  return lines
}

/** Runs the files of another process; its report is kept together, to be printed afterwards. */
async function testApart(group: RegExp): Promise<readonly string[]> {
  const apart = named.length === 0 ? files.filter((file) => group.test(file)) : []
  if (apart.length === 0) return []
  const own = grep === undefined ? [] : [`--grep=${grep}`]
  const child = spawn(process.execPath, [import.meta.filename, ...own, ...apart], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  const closed = once(child, 'close') as Promise<[code: number | null]> // Node's own event
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => lines.push(line))
  }
  const [code] = await closed
  const [, passed, failed, skipped] =
    /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(lines.at(-1) ?? '') ?? []
  counts.passed += Number(passed ?? 0)
  counts.failed += Number(failed ?? 0)
  counts.skipped += Number(skipped ?? 0)
  const isFailure = (line: string): boolean => line.startsWith(FAILED)
  failures.push(...lines.filter(isFailure).map((line) => line.slice(FAILED.length)))
  // with --grep none of these need match
  if (failed === undefined || (code !== 0 && failed === '0' && grep === undefined)) {
    fail(`expected the tests of ${group.source} to end with 0, got ${code}`)
  }
  return lines.slice(0, -1).filter((line) => !isFailure(line))
}

const conformance = new Conformance()

/** Says what each anchor passed. A row whose test went missing fails as if the test had. */
function reportConformance(): void {
  console.log(conformance.lines())
  for (const anchor of ANCHORS) {
    const missing = conformance.missing(anchor)
    for (const row of missing)
      fail(`conformance ${anchor}: expected a test of row ${row}, got none`)
  }
}

const solidity = testSolidity()
const apart = APART.map((group) => testApart(group))
const mocha = new Mocha({
  timeout: 20_000,
  slow: 2_000,
  color: process.stdout.isTTY,
  forbidOnly: process.env['CI'] !== undefined,
  ...(grep === undefined ? {} : { grep }),
})
for (const file of files) if (!isApart(file)) mocha.addFile(join(root, file))
try {
  await mocha.loadFilesAsync()
  await new Promise<void>((resolve) => {
    mocha
      .run(() => resolve())
      .on('pass', (test) => {
        counts.passed++
        conformance.add(test.titlePath(), true)
      })
      .on('fail', (test, error: Error) => {
        fail(test.titlePath().join(' '), error)
        conformance.add(test.titlePath(), false)
      })
      .on('pending', () => counts.skipped++)
  })
} catch (error) {
  // a file that cannot be loaded is a failure of its own
  fail('expected the files of tests to load', error instanceof Error ? error : undefined)
}
for (const lines of [...apart, solidity]) for (const line of await lines) console.log(line)
if (named.length === 0 && grep === undefined) reportConformance()

process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0
process.once('exit', () => {
  for (const line of failures) console.log(FAILED + line)
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
  console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`)
})
drain((left) => fail(`expected nothing to be open after the tests, got ${left}`))
