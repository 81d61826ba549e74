/**
 * Every application in every situation, by seeded traces against the real runtime: copies must end with equal values and roots, and nothing
 * lost. Prints a table and the seeds that failed; exit code 1 when one does.
 * Usage: npm run battery -- [traces per cell, default 31: 2 387 in all] [application ...]
 */
import { APPLICATIONS, SITUATION_NAMES, tryOut } from '../support/battery.ts'

const traces = Number(process.argv[2] ?? 31)
const named = process.argv.slice(3)
const names = named.length > 0 ? named : [...APPLICATIONS.keys()]
const width = Math.max(...names.map((name) => name.length))
const failures: string[] = []
let passed = 0
const started = performance.now()
console.log([`of ${traces}`.padEnd(width), ...SITUATION_NAMES].join('  '))
for (const application of names) {
  const cells: string[] = []
  for (const situation of SITUATION_NAMES) {
    let good = 0
    for (let seed = 0; seed < traces; seed++) {
      const failure = await tryOut(application, situation, seed)
      if (failure === undefined) good++
      else failures.push(`${application}, ${situation}, seed ${seed}: ${failure}`)
    }
    passed += good
    cells.push(String(good).padStart(situation.length))
  }
  console.log([application.padEnd(width), ...cells].join('  '))
}
const seconds = Math.round((performance.now() - started) / 1000)
for (const failure of failures) console.log(failure)
const failed = failures.length
console.log(`${passed} of ${passed + failed} traces converged, ${failed} failed, ${seconds} s`)
process.exitCode = failed > 0 ? 1 : 0
