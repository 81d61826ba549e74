/**
 * Everything that can be said about the code without running it: `npm run check`, or `npm run check <step>...` for some of it. Prints the time
 * of each step, the output of those that fail, and what to do; the exit code is 1 when one failed.
 */
import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'

/** One check, a program of its own. */
interface Step {
  readonly name: string
  readonly command: readonly [string, ...string[]]
  /** What to do when it fails. */
  readonly advice: string
}

const ROOT = join(import.meta.dirname, '..')

/** Steps at the same time; the slowest come first. */
const PARALLEL = 2

/** What compiler and formatter know of files that did not change since. */
const CACHE = '.cache'

const STEPS: readonly Step[] = [
  {
    name: 'types',
    command: [
      ...(['tsc', '-p', 'tsconfig.json', '--noEmit'] as const),
      ...['--incremental', '--tsBuildInfoFile', join(CACHE, 'types.tsbuildinfo')],
    ],
    advice: 'fix the types',
  },
  {
    name: 'page-types',
    command: ['tsc', '-p', 'src/login-page/tsconfig.json', '--noEmit'],
    advice: 'fix the types',
  },
  {
    name: 'format',
    command: [
      ...(['prettier', '--check', '.'] as const),
      ...['--cache', '--cache-strategy', 'content', '--cache-location', join(CACHE, 'prettier')],
    ],
    advice: 'run `npm run format`',
  },
  {
    name: 'dead-code',
    command: ['knip', '--no-progress'],
    advice: 'remove what nothing uses, or stop exporting it',
  },
  {
    name: 'lint',
    command: ['oxlint', '--deny-warnings'],
    advice: 'fix the code; rules are in .oxlintrc.json',
  },
  {
    name: 'imports',
    command: ['node', 'scripts/check-imports.ts'],
    advice: 'see scripts/check-imports.ts for the arrows',
  },
  {
    name: 'docs',
    command: ['node', 'scripts/check-docs.ts'],
    advice: 'run scripts/docs-*.ts, and say in doc comments what is missing',
  },
  {
    name: 'promises',
    command: ['node', 'scripts/check-promises.ts'],
    advice: 'name the test that shows it, see scripts/check-promises.ts',
  },
  {
    name: 'clocks',
    command: ['node', 'scripts/check-clocks.ts'],
    advice: 'use clock.monotonicMs(), see scripts/check-clocks.ts',
  },
  { name: 'text', command: ['node', 'scripts/check-text.ts'], advice: 'change the lines named' },
  {
    name: 'contracts',
    command: ['node', 'scripts/build-contracts.ts', '--check'],
    advice: 'build the contracts again: `npm run build:contracts`',
  },
  {
    name: 'gas',
    command: ['node', 'scripts/gas-snapshot.ts', '--check'],
    advice: 'say why in the commit, and write it: `node scripts/gas-snapshot.ts`',
  },
  {
    name: 'apps',
    command: ['node', 'scripts/build-apps.ts', '--check'],
    advice: 'build the example apps again: `node scripts/build-apps.ts`',
  },
]

/** Runs a step; resolves with whether it passed. */
async function run({ name, command, advice }: Step): Promise<boolean> {
  const started = performance.now()
  const [program, ...args] = command
  const path = [join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(delimiter)
  const child = spawn(program === 'node' ? process.execPath : program, args, {
    cwd: ROOT,
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
  const passed = await new Promise<boolean>((resolve) => {
    child.once('error', (error) => {
      chunks.push(
        Buffer.from(`${program} cannot be run (${error.message}): run \`npm run setup\`\n`),
      )
      resolve(false)
    })
    child.once('close', (code) => resolve(code === 0))
  })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  if (!passed) console.log(`\n${Buffer.concat(chunks).toString().trimEnd()}\n`)
  const outcome = passed ? 'ok' : `FAILED: ${advice}`
  console.log(`check ${name} (${seconds} s): ${outcome}`)
  return passed
}

const named = process.argv.slice(2)
const unknown = named.filter((name) => !STEPS.some((step) => step.name === name))
if (unknown.length > 0) {
  console.error(
    `no step ${unknown.join(', ')}; there are ${STEPS.map(({ name }) => name).join(', ')}`,
  )
  process.exit(2)
}
const waiting = STEPS.filter(({ name }) => named.length === 0 || named.includes(name))
const failed: string[] = []
await Promise.all(
  Array.from({ length: PARALLEL }, async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      if (!(await run(step))) failed.push(step.name)
    }
  }),
)
console.log(failed.length === 0 ? 'check: ok' : `check: failed in ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
