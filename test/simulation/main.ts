/**
 * `npm run simulate -- --runs N [--seed S,...] [--trace] [--jobs N]`: runs of whole nodes on virtual time, one seed after the other. Ends with one line of
 * figures; the exit code is 1 when a run ended in anything but agreement.
 */
import './natives.ts'
import { prepareApps } from './apps.ts'
import { runJobs } from './jobs.ts'
import { HELP, readOptions } from './options.ts'
import { Report } from './report.ts'
import { run } from './run.ts'

const options = readOptions(process.argv.slice(2))
if (options.isHelp) {
  console.log(HELP)
  process.exit(0)
}
const report = new Report(options)
if (options.jobs > 1) {
  await runJobs(options, (line) => report.add(line))
} else {
  await prepareApps()
  const onNote = options.isTraced
    ? (ms: number, line: string) => console.log(`${(ms / 1000).toFixed(6)} ${line}`)
    : undefined
  for (const seed of options.seeds) {
    const { tally, ...one } = await run({ ...options.run, seed, onNote })
    report.add({ ...one, tally: Object.fromEntries(tally.entries()) })
  }
}
report.end()
process.exitCode = report.failed > 0 ? 1 : 0
