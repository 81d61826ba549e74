/**
 * Runs the mocha suites named on the command line (folders or files below the repository, default: all of `test`), with `--grep=<text>` those
 * whose names match. Ends with one line alone, `N passed, N failed`; the exit code is 1 when anything failed or no test ran.
 */
import { globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Mocha from 'mocha'

/** How long things may stay open after the last test until this process ends anyway, ms: libp2p takes up to two seconds to drain. */
const DRAIN_MS = 20_000

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

const counts = { passed: 0, failed: 0, skipped: 0 }
const mocha = new Mocha({
  timeout: 20_000,
  slow: 2_000,
  color: process.stdout.isTTY,
  forbidOnly: process.env['CI'] !== undefined,
  ...(grep === undefined ? {} : { grep }),
})
for (const file of files) mocha.addFile(join(root, file))
try {
  await mocha.loadFilesAsync()
  await new Promise<void>((resolve) => {
    mocha
      .run(() => resolve())
      .on('pass', () => counts.passed++)
      .on('fail', () => counts.failed++)
      .on('pending', () => counts.skipped++)
  })
} catch (error) {
  // a file that cannot be loaded is a failure of its own
  console.error(error)
  counts.failed++
}

process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0
process.once('exit', () => {
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
  console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`)
})
setTimeout(() => {
  console.error(`still open after the tests: ${process.getActiveResourcesInfo().join(', ')}`)
  counts.failed++
  process.exit(1)
}, DRAIN_MS).unref()
