/**
 * `npm run simulate -- --runs N [--seed S] [--trace]`: runs of whole nodes on virtual time, one seed after the other. Ends with one line of figures; the
 * exit code is 1 when a run ended in anything but agreement.
 */
import { realMs } from './natives.ts'
import { parseArgs } from 'node:util'
import { prepareApps } from './apps.ts'
import { FAULT_NAMES } from './faults/index.ts'
import { run, type RunResult } from './run.ts'
import { Tally } from './tally.ts'
import { ACTION_NAMES } from './workload/actions.ts'

/** Pause between two lines of progress, ms. */
const PROGRESS_MS = 10_000

const text = { type: 'string' } as const
const { values } = parseArgs({
  options: {
    runs: text,
    seed: text,
    nodes: text,
    operations: text,
    faults: text,
    actions: text,
    without: text,
    'fault-count': text,
    trace: { type: 'boolean' },
    json: { type: 'boolean' },
  },
})

function count(value: string | undefined, standard: number): number {
  const number = value === undefined ? standard : Number(value)
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new RangeError(`expected a whole number, got ${value}`)
  }
  return number
}

function listOf(list: string | undefined): readonly string[] {
  return list?.split(',').filter((name) => name !== '') ?? []
}

/** The names of a list, all when there is none, without those that are not wanted. */
function namesOf<N extends string>(list: string | undefined, all: readonly N[]): readonly N[] {
  const asked = listOf(list)
  return all
    .filter((name) => list === undefined || asked.includes(name))
    .filter((name) => !listOf(values.without).includes(name))
}

const known: readonly string[] = [...FAULT_NAMES, ...ACTION_NAMES]
for (const list of [values.faults, values.actions, values.without]) {
  for (const name of listOf(list)) {
    if (!known.includes(name)) throw new RangeError(`expected some of ${known.join()}, got ${name}`)
  }
}

const seed = count(values.seed, 1)
const runs = count(values.runs, 1)
const options = {
  nodes: values.nodes === undefined ? undefined : count(values.nodes, 3),
  operations: count(values.operations, 200),
  faults: namesOf(values.faults, FAULT_NAMES),
  actions: namesOf(values.actions, ACTION_NAMES),
  faultCount: count(values['fault-count'], 6),
  onNote:
    values.trace === true
      ? (ms: number, line: string) => console.log(`${(ms / 1000).toFixed(6)} ${line}`)
      : undefined,
}

function again(one: RunResult): string {
  const given = Object.entries(values)
    .filter(([name]) => name !== 'seed' && name !== 'runs')
    .map(([name, value]) => (value === true ? ` --${name}` : ` --${name} ${value}`))
  return `npm run simulate -- --seed ${one.seed}${given.join('')}`
}

function report(one: RunResult): void {
  if (values.json === true) {
    console.log(JSON.stringify({ ...one, tally: Object.fromEntries(one.tally.entries()) }))
    return
  }
  if (runs === 1) {
    console.log(`faults and work: ${one.tally.toString()}`)
    const times = `${(one.virtualMs / 1000).toFixed(1)} s virtual, ${one.events} events, at rest after ${(one.restMs / 1000).toFixed(1)} s`
    console.log(`seed ${one.seed}: ${times}, fingerprint ${one.fingerprint}`)
  }
  if (one.verdict === undefined) return
  console.log(`seed ${one.seed} ${one.verdict}, show it again: ${again(one)}`)
  for (const finding of one.findings.slice(0, 12)) console.log(`  ${finding}`)
}

await prepareApps()
const counts = { diverged: 0, lost: 0, stuck: 0 }
const tally = new Tally()
const began = realMs()
let told = began
let slowestRestMs = 0
for (let at = 0; at < runs; at++) {
  const one = await run({ ...options, seed: seed + at })
  tally.add(one.tally)
  slowestRestMs = Math.max(slowestRestMs, one.restMs)
  if (one.verdict !== undefined) counts[one.verdict]++
  report(one)
  if (realMs() - told < PROGRESS_MS) continue
  told = realMs()
  const pace = ((at + 1) / ((told - began) / 60_000)).toFixed(0)
  const so = `${counts.diverged} diverged, ${counts.lost} lost, ${counts.stuck} stuck`
  console.log(`simulate: ${at + 1} of ${runs} runs, ${so}, ${pace} runs a minute`)
}
if (runs > 1 && values.json !== true) {
  console.log(`faults and work: ${tally.toString()}`)
  console.log(`slowest rest: ${(slowestRestMs / 1000).toFixed(1)} s`)
}
const { diverged, lost, stuck } = counts
console.log(`simulate: ${runs} runs, ${diverged} diverged, ${lost} lost, ${stuck} stuck`)
process.exitCode = diverged + lost + stuck > 0 ? 1 : 0
