/**
 * `npm run conformance [-- --anchor NAME]`: runs the tests that every anchor must pass and prints, per row of the list, what each anchor did, then a
 * line `conformance NAME: P of R rows` for each. `--json` prints one JSON line per anchor instead. The exit code is 1 unless all rows pass.
 */
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import Mocha from 'mocha'
import { ANCHORS, Conformance, rowsOf } from './support/conformance.ts'
import { drain } from './support/drain.ts'

const ROOT = join(import.meta.dirname, '..')

const { values } = parseArgs({
  options: { anchor: { type: 'string' }, json: { type: 'boolean', default: false } },
})
const anchors = ANCHORS.filter((name) => values.anchor === undefined || name === values.anchor)
if (anchors.length === 0) {
  console.error(`no anchor ${values.anchor}; there are ${ANCHORS.join(', ')}`)
  process.exit(2)
}

// chains that sign their answers do so here, and signatures are verified: other runs leave that to the tests that are about it
process.env['MEROGATE_TEST_CERTIFICATES'] = 'verify'

const conformance = new Conformance()
const pattern = new RegExp(`^anchor: (?:${anchors.join('|')})\\b`)
const mocha = new Mocha({ timeout: 20_000, grep: pattern })
mocha.reporter(Mocha.reporters.Base) // prints nothing: the table is the report
for (const file of globSync('test/compliance/**/*.test.ts', { cwd: ROOT }).sort()) {
  mocha.addFile(join(ROOT, file))
}
await mocha.loadFilesAsync()
await new Promise<void>((resolve) => {
  let done = 0
  const progress = (): void => {
    if (++done % 50 === 0) console.error(`${done} tests`)
  }
  mocha
    .run(() => resolve())
    .on('pass', (test) => {
      progress()
      conformance.add(test.titlePath(), true)
    })
    .on('fail', (test, error: Error) => {
      progress()
      conformance.add(test.titlePath(), false)
      console.error(`${test.fullTitle()}: ${error.message}`)
    })
})

if (values.json) {
  for (const anchor of anchors) {
    const passed = conformance.passed(anchor)
    const failed = rowsOf(anchor).filter((row) => !passed.includes(row))
    console.log(
      JSON.stringify({ anchor, rows: rowsOf(anchor).length, passed: passed.length, failed }),
    )
  }
} else {
  console.log(conformance.table(anchors))
  console.log(conformance.lines(anchors))
}
const isWhole = anchors.every(
  (anchor) => conformance.passed(anchor).length === rowsOf(anchor).length,
)
process.exitCode = isWhole ? 0 : 1
drain()
