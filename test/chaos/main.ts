/**
 * `npm run chaos -- --runs N [--seed S]`: processes of nodes over proxies, small disks and clocks that are stepped, under work and faults that follow from a
 * seed. Ends with one line of figures; the exit code is 1 when a run ended in anything but agreement.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { FAULT_KINDS, type FaultKind } from './faults.ts'
import { MAX_NODES } from './fleet.ts'
import { ACTIVITIES, killPoints } from './kill-points/run.ts'
import { run, type RunResult } from './run.ts'

/** Findings of a run that are printed; all stand in the JSON. */
const MAX_FINDINGS = 12

const HELP = `npm run chaos -- [--runs N] [--seed S] [options]
Processes of nodes under kills, halts, cut and slow links, small disks, stepped clocks and an anchor that is away. A run takes about 80 s. The last
line counts what went wrong; the exit code is 1 when anything did.

  --runs N             runs, each with the next seed (1)
  --seed S             the first seed (1)
  --nodes N            processes (${MAX_NODES})
  --operations N       operations of users (2000)
  --faults N           faults (5)
  --kinds a,b          only these faults: ${FAULT_KINDS.join(', ')}
  --logs FOLDER        keep the logs of all nodes
  --json               print a line of JSON for each run

npm run chaos -- --kill-points [--moments N] [--only a,b] [--seed S]
Kills a node at random moments of what it does, and looks whether all that was asked for is done after its restart, or not there at all. A
hundred moments of all take about an hour.

  --moments N          moments of each (100)
  --only a,b           only these: ${Object.keys(ACTIVITIES).join(', ')}`

const text = { type: 'string' } as const
const { values } = parseArgs({
  options: {
    runs: text,
    seed: text,
    nodes: text,
    operations: text,
    faults: text,
    kinds: text,
    /** Folder that keeps the logs of runs that went wrong, and those of the others too. */
    logs: text,
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
    /** Kill nodes at random moments of what they do, instead of runs with faults. */
    'kill-points': { type: 'boolean' },
    /** How many moments of each. */
    moments: text,
    /** Which, separated by commas. */
    only: text,
  },
})

if (values.help === true) {
  console.log(HELP)
  process.exit(0)
}

function count(value: string | undefined, standard: number): number {
  const number = value === undefined ? standard : Number(value)
  if (Number.isSafeInteger(number) && number >= 0) return number
  throw new RangeError(`expected a whole number, got ${value}`)
}

function kindsOf(list: string | undefined): readonly FaultKind[] {
  if (list === undefined) return FAULT_KINDS
  const asked = list.split(',')
  const kinds = FAULT_KINDS.filter((kind) => asked.includes(kind))
  if (kinds.length === asked.length) return kinds
  throw new RangeError(`expected some of ${FAULT_KINDS.join()}, got ${list}`)
}

const runs = count(values.runs, 1)
const first = count(values.seed, 1)
const isJson = values.json === true
const say = (line: string): void => {
  if (!isJson) console.log(line)
}

function report(one: RunResult): void {
  if (isJson) {
    console.log(JSON.stringify(one))
    return
  }
  const { acknowledged, refused, unknown } = one.operations
  const rest = one.restMs === undefined ? 'not at rest' : `at rest in ${seconds(one.restMs)}`
  const work = `${acknowledged} acknowledged, ${refused} refused, ${unknown} unknown`
  say(`seed ${one.seed}: ${one.verdict ?? 'ok'}, ${rest}, ${work}, ${seconds(one.lastedMs)}`)
  if (one.verdict === undefined) return
  say(`  answers: ${JSON.stringify(one.refusals)}`)
  for (const finding of one.findings.slice(0, MAX_FINDINGS)) say(`  ${finding}`)
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

async function runFaults(): Promise<boolean> {
  const counts = { diverged: 0, lost: 0, stuck: 0 }
  const rests: number[] = []
  for (let seed = first; seed < first + runs; seed++) {
    const began = performance.now()
    const one = await run({
      seed,
      nodes: Math.min(count(values.nodes, MAX_NODES), MAX_NODES),
      operations: count(values.operations, 2_000),
      faults: count(values.faults, 5),
      kinds: kindsOf(values.kinds),
      logs: values.logs === undefined ? undefined : join(values.logs, `seed-${seed}`),
      onNote: (note) => say(`seed ${seed} ${seconds(performance.now() - began)}: ${note}`),
    })
    if (one.verdict !== undefined) counts[one.verdict]++
    if (one.restMs !== undefined) rests.push(one.restMs)
    report(one)
  }
  rests.sort((a, b) => a - b)
  const at = (share: number): number | undefined => rests[Math.floor((rests.length - 1) * share)]
  const figures = { runs, ...counts, rest: { p50: at(0.5), p95: at(0.95), max: at(1) } }
  if (isJson) console.log(JSON.stringify(figures))
  const { diverged, lost, stuck } = counts
  console.log(`chaos: ${runs} runs, ${diverged} diverged, ${lost} lost, ${stuck} stuck`)
  return diverged + lost + stuck === 0
}

async function runKillPoints(): Promise<boolean> {
  const asked = values.only?.split(',') ?? Object.keys(ACTIVITIES)
  let failed = 0
  let moments = 0
  for (const name of asked) {
    const make = ACTIVITIES[name]
    if (make === undefined) {
      throw new RangeError(`expected some of ${Object.keys(ACTIVITIES).join()}, got ${name}`)
    }
    const one = await killPoints({
      activity: make(),
      moments: count(values.moments, 100),
      seed: first,
      onNote: say,
      logs: values.logs,
    })
    moments += one.moments
    failed += one.findings.length
    if (isJson) console.log(JSON.stringify(one))
    for (const finding of one.findings) say(`  ${one.activity}, ${finding}`)
    const answered = `${one.answered} answered before`
    say(`${one.activity}: ${one.moments} kills, ${answered}, ${one.findings.length} findings`)
  }
  console.log(`chaos: ${moments} kills, ${failed} findings`)
  return failed === 0
}

// what was begun is ended on the way out
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const isWell = values['kill-points'] === true ? await runKillPoints() : await runFaults()
process.exitCode = isWell ? 0 : 1
