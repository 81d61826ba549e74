/**
 * `npm run mutate -- ethereum|model`: breaks one rule of the contracts, or of their model, at a time, in a copy of the sources, and runs the suites
 * until a test fails, the one that noticed it the last time first. A mutation that no test notices survives: then a test is missing. Ends with one
 * line, `mutate: N mutations, N survive`; the exit code is 1 when one survives or cannot be made.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ETHEREUM } from './mutate/ethereum.ts'
import { Killers } from './mutate/killers.ts'
import { MODEL } from './mutate/model.ts'
import { findProblems, type Mutation } from './mutate/mutation.ts'
import {
  BrokenSuite,
  type Failure,
  failureOf,
  firstFailure,
  type Suite,
  type Target,
} from './mutate/suites.ts'
import { Tree } from './mutate/tree.ts'

const TARGETS: Readonly<Record<string, Target>> = { ethereum: ETHEREUM, model: MODEL }

const HELP = `npm run mutate -- ethereum|model [options]
Breaks one rule at a time in a copy of the sources, and runs the suites until a test fails: first the test that noticed it the last time, which
scripts/mutate/killers.json remembers, written anew by each run. The lists are in scripts/mutate; a rule that is written in other words since has to
be written in them there too. The exit code is 1 when a mutation survives or cannot be made.

  ethereum         rules of the Solidity contracts; ten seconds each, most of them the compiler's, and two minutes where nobody is remembered
  model            rules of the reference model; two seconds each

  --only a,b       only these
  --list           print the mutations, and run nothing
  --jobs N         that many at a time (1)
  --json           print a line of JSON for each, instead of the table
  --no-baseline    do not run the suites on the unchanged sources first`

/** What came of a mutation. */
interface Result {
  readonly id: string
  readonly file: string
  readonly outcome: 'killed' | 'survived' | 'error'
  /** The test that noticed it, or what is wrong with it. */
  readonly by: string
  /** What the test said. */
  readonly message: string
  readonly seconds: number
}

const text = { type: 'string' } as const
const { values, positionals } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  options: {
    only: text,
    list: { type: 'boolean' },
    jobs: { ...text, default: '1' },
    json: { type: 'boolean', default: false },
    baseline: { type: 'boolean', default: true },
    help: { type: 'boolean', short: 'h' },
  },
})
const [name = '', ...others] = positionals
const target = TARGETS[name]
if (values.help === true || target === undefined || others.length > 0) {
  console.log(HELP)
  process.exit(values.help === true ? 0 : 1)
}

const jobs = Number(values.jobs)
if (!Number.isSafeInteger(jobs) || jobs < 1) {
  console.error(`--jobs: expected a number from 1, got ${values.jobs}`)
  process.exit(1)
}

const root = join(import.meta.dirname, '..')
const only = values.only?.split(',')
const ids = new Set(target.mutations.map(({ id }) => id))
const unknown = only?.filter((id) => !ids.has(id)) ?? []
const list = target.mutations.filter(({ id }) => only?.includes(id) ?? true)
const problems = [...findProblems(root, list), ...unknown.map((id) => `${id}: is not in the list`)]
if (problems.length > 0) {
  for (const problem of problems) console.error(problem)
  console.error(`mutate: ${problems.length} mutations cannot be made, see scripts/mutate`)
  process.exit(1)
}
if (values.list === true) {
  for (const { id, file, from, to } of list) console.log(`${id}\n  ${file}\n  - ${from}\n  + ${to}`)
  process.exit(0)
}

/** Progress goes past whoever reads JSON. */
const say = values.json ? console.error : console.log
const killers = new Killers(join(root, 'scripts/mutate'), name, ids)

/** Every suite that one of the mutations is tried on. */
function allSuites({ suitesFor }: Target): Suite[] {
  const all = list.flatMap(({ file }) => suitesFor(file))
  return [...new Map(all.map((suite) => [JSON.stringify(suite), suite])).values()]
}

/** What is wrong with unchanged sources: then no mutation would prove anything. */
async function findBaselineProblem(chosen: Target): Promise<string | undefined> {
  await using tree = new Tree(root)
  if (list.some(({ file }) => file.endsWith('.sol'))) {
    const wrong = await tree.compile()
    if (wrong !== undefined) return wrong
    if (!tree.hasCommittedContracts) return 'the sources do not give the committed contracts'
  }
  let failure: Failure | undefined
  const queue = allSuites(chosen)
  await inParallel(async () => {
    for (let suite = queue.shift(); suite && !failure; suite = queue.shift()) {
      failure ??= await firstFailure(tree.root, [suite])
    }
  })
  return failure && `${failure.test}: ${failure.message}`
}

/** As many workers at a time as asked for. */
async function inParallel(work: () => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: jobs }, work))
}

async function tryOut(tree: Tree, mutation: Mutation, chosen: Target): Promise<Result> {
  const { id, file } = mutation
  const start = performance.now()
  const result = (outcome: Result['outcome'], by = '', message = ''): Result => {
    const seconds = Math.round((performance.now() - start) / 1000)
    return { id, file, outcome, by, message, seconds }
  }
  try {
    const wrong = await tree.apply(mutation)
    if (wrong !== undefined) return result('error', wrong)
    const suites = chosen.suitesFor(file)
    const known = killers.of(id)
    const failure =
      (known && (await failureOf(tree.root, known, suites))) ??
      (await firstFailure(tree.root, suites))
    killers.note(id, failure?.killer)
    return failure === undefined
      ? result('survived')
      : result('killed', failure.test, failure.message)
  } catch (error) {
    if (!(error instanceof BrokenSuite)) throw error
    return result('error', error.message)
  } finally {
    tree.restore(mutation)
  }
}

/** One worker: takes mutations from the list until there are none. */
async function work(queue: Mutation[], chosen: Target, results: Result[]): Promise<void> {
  await using tree = new Tree(root)
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const result = await tryOut(tree, next, chosen)
    results.push(result)
    const { id, outcome, by, message, seconds } = result
    const place = `[${String(results.length).padStart(3)}/${list.length}]`
    say(`${place} ${id}: ${outcome}${by === '' ? '' : ` by ${by}: ${message}`} (${seconds} s)`)
  }
}

const known = list.filter(({ id }) => killers.of(id) !== undefined).length
say(`${list.length} mutations, ${jobs} at a time; who killed ${known} of them is known`)
if (values.baseline) {
  say('the unchanged sources first')
  const problem = await findBaselineProblem(target)
  if (problem !== undefined) {
    console.error(`mutate: the suites fail on the unchanged sources: ${problem}`)
    process.exit(1)
  }
}
const queue = [...list]
const results: Result[] = []
await inParallel(() => work(queue, target, results))
results.sort(
  (a, b) => list.findIndex(({ id }) => id === a.id) - list.findIndex((m) => m.id === b.id),
)
if (values.json) {
  for (const result of results) console.log(JSON.stringify(result))
} else {
  console.log('\n| mutation | killed by | s |\n| --- | --- | --- |')
  for (const { id, outcome, by, seconds } of results) {
    console.log(`| ${id} | ${outcome === 'killed' ? by : outcome.toUpperCase()} | ${seconds} |`)
  }
}
const errors = results.filter(({ outcome }) => outcome === 'error').length
const survivors = results.filter(({ outcome }) => outcome === 'survived').length
if (errors > 0) say(`${errors} mutations are errors of the list`)
say(`mutate: ${results.length} mutations, ${survivors} survive`)
process.exitCode = errors + survivors > 0 ? 1 : 0
