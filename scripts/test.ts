/**
 * Runs the mocha suites named on the command line (folders or files under test/, default: all of them) and ends with the one line
 * `N passed, N failed` that the landing gate reads. Exit code 1 when anything failed, or when no test ran.
 */
import { globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Mocha from 'mocha'

const root = join(import.meta.dirname, '..')
const args = process.argv.slice(2)
const grep = args.find((arg) => arg.startsWith('--grep='))?.slice('--grep='.length)
const named = args.filter((arg) => !arg.startsWith('--'))
const targets = named.length > 0 ? named : ['test']
const files = targets.flatMap((target) =>
  statSync(join(root, target)).isDirectory()
    ? globSync(`${target}/**/*.test.ts`, { cwd: root }).sort()
    : [target],
)

const mocha = new Mocha({
  timeout: 20_000,
  slow: 2_000,
  color: process.stdout.isTTY,
  forbidOnly: process.env['CI'] !== undefined,
  ...(grep === undefined ? {} : { grep }),
})
for (const file of files) mocha.addFile(join(root, file))
await mocha.loadFilesAsync()
const counts = { passed: 0, failed: 0, skipped: 0 }
await new Promise<void>((resolve) => {
  mocha
    .run(() => resolve())
    .on('pass', () => counts.passed++)
    .on('fail', () => counts.failed++)
    .on('pending', () => counts.skipped++)
})
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`)
process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0
