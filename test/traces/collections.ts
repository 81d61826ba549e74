/**
 * Traces over every collection of the SDK, each alone and all together, and over storages with writers (`shared`), against the real runtime. Prints a line per shape and a result; exit
 * code 1 when a trace fails. Usage: node test/traces/collections.ts [traces per cell, default 10] [shape ...]
 */
import { runCollectionTrace, SHAPES } from '../support/collections-app.ts'
import { runSharedTrace } from '../support/shared-app.ts'
import { type ConditionName, CONDITIONS, CONVERGED } from '../support/trace-world.ts'

const traces = Number(process.argv[2] ?? 10)
const named = process.argv.slice(3)
const everything = Object.keys(SHAPES)
const groups =
  named.length > 0 ? [named] : [...everything.map((shape) => [shape]), everything, ['shared']]
const started = performance.now()
let passed = 0
let failed = 0
for (const shapes of groups) {
  const counts = { values: 0, roots: 0, complete: 0 }
  const failures: string[] = []
  for (const condition of Object.keys(CONDITIONS) as ConditionName[]) {
    for (const growOnly of [true, false]) {
      for (let seed = 0; seed < traces; seed++) {
        const result =
          shapes[0] === 'shared'
            ? await runSharedTrace(condition, growOnly ? seed : seed + traces)
            : await runCollectionTrace({ shapes, growOnly, condition, seed })
        counts.values += Number(result.values)
        counts.roots += Number(result.roots)
        counts.complete += Number(result.complete)
        if (JSON.stringify(result) === JSON.stringify(CONVERGED)) passed++
        else {
          failures.push(
            `${condition}${growOnly ? ' grow' : ''} ${seed}: ${result.failures[0] ?? 'differs'}`,
          )
        }
      }
    }
  }
  failed += failures.length
  const total = 2 * traces * Object.keys(CONDITIONS).length
  const { values, roots, complete } = counts
  const name = shapes.length === everything.length ? 'everything' : shapes.join()
  console.log(
    `${name.padEnd(15)} of ${total}: values ${values}, roots ${roots}, complete ${complete}`,
    failures[0] ?? '',
  )
}
const seconds = Math.round((performance.now() - started) / 1000)
console.log(`${passed} of ${passed + failed} traces converged, ${failed} failed, ${seconds} s`)
process.exitCode = failed > 0 ? 1 : 0
