/**
 * The whole set of convergence traces, 1 920 by default, against the real runtime. Prints a line per cell and a result; exit code 1 when a
 * trace fails. Usage: node test/traces/converge.ts [traces per cell, default 60]
 */
import { loadKv } from '../support/guest.ts'
import { type ConditionName, CONDITIONS } from '../support/trace-world.ts'
import { type Mix, MIXES, runKvTrace } from '../support/kv-traces.ts'

const traces = Number(process.argv[2] ?? 60)
const started = performance.now()
const module = await loadKv()
let passed = 0
let failed = 0
for (const condition of Object.keys(CONDITIONS) as ConditionName[]) {
  for (const mix of Object.keys(MIXES) as Mix[]) {
    const counts = { values: 0, roots: 0, complete: 0 }
    const failures: string[] = []
    for (let seed = 0; seed < traces; seed++) {
      const result = await runKvTrace(module, mix, condition, seed)
      counts.values += Number(result.values)
      counts.roots += Number(result.roots)
      counts.complete += Number(result.complete)
      const isGood =
        result.values && result.roots && result.complete && result.failures.length === 0
      if (isGood) passed++
      else failures.push(`seed ${seed}: ${result.failures[0] ?? 'differs'}`)
    }
    failed += failures.length
    const { values, roots, complete } = counts
    console.log(
      `${condition.padEnd(10)} ${mix.padEnd(12)} of ${traces}: values ${values}, roots ${roots}, complete ${complete}`,
      failures[0] ?? '',
    )
  }
}
const seconds = Math.round((performance.now() - started) / 1000)
console.log(`${passed} of ${passed + failed} traces converged, ${failed} failed, ${seconds} s`)
process.exitCode = failed > 0 ? 1 : 0
