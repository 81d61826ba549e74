/**
 * Does what docs/applications.md says, from an empty folder, with the packed package and this machine's Rust: `npm run try-app`. A new application,
 * its build, its own test on two nodes, `dev --watch`, an edit, and the changed method called. Needs crates from the registry or Cargo's cache, so it
 * is no part of `npm test`. Without Rust it says so and skips, with the exit code 0. Prints the seconds of each step; ends with `try-app: ok`.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { findToolchain } from '../src/cli/app/toolchain.ts'
import { merogateClient } from '../src/client/index.ts'
import { isMerogateError } from '../src/node/errors.ts'
import { link, PATH, ROOT, run, unpack } from './package/stranger.ts'
import { readTutorial } from './support/tutorial.ts'

/** Longest time of one step, ms: a first build on a busy machine, crates included. */
const STEP_TIMEOUT_MS = 900_000
/** What all of it may take with Rust installed, s. */
const MAX_SECONDS = 600
/** Where the tutorial puts its new method. */
const PLACE = '    /// The handler'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly dependencies: Readonly<Record<string, string>>
}

interface DevEvent {
  readonly event?: string
  readonly contextId?: string
  readonly nodes?: readonly { readonly api: string; readonly token: string }[]
  readonly changes?: { readonly added: readonly string[] }
  readonly message?: string
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest // ours
const { commands, update } = readTutorial()
const started = performance.now()

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1)
}

/** Runs and times one step. */
async function step<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  const since = performance.now()
  const result = await work()
  console.log(`try-app: ${name} (${seconds(since)} s)`)
  return result
}

/** Starts a command of the tutorial; what it says goes on to stderr. */
function start(cwd: string, line: string, env: NodeJS.ProcessEnv, more: readonly string[] = []) {
  if (!commands.includes(line)) throw new Error(`the tutorial does not say \`${line}\``)
  const [program = '', ...args] = line.split(' ')
  return spawn(program, [...args, ...more], { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Runs one to its end. */
async function command(cwd: string, line: string, env: NodeJS.ProcessEnv): Promise<void> {
  const child = start(cwd, line, env)
  child.stdout.pipe(process.stderr)
  const timer = setTimeout(() => child.kill(), STEP_TIMEOUT_MS)
  const code = await new Promise((resolve) => child.once('close', resolve))
  clearTimeout(timer)
  if (code !== 0) throw new Error(`\`${line}\` ended with ${String(code)}`)
}

/** `dev --watch`, the edit, and the new method on both nodes. */
async function develop(app: string, env: NodeJS.ProcessEnv): Promise<void> {
  const options = ['--port', '0', '--output-format', 'json']
  const child = start(app, 'merogate dev --app . --watch', env, options)
  const timer = setTimeout(() => child.kill(), STEP_TIMEOUT_MS)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (event: string): Promise<DevEvent> => {
    for (;;) {
      const { value, done } = await lines.next()
      if (done === true) throw new Error(`expected ${event}, dev ended`)
      const found = JSON.parse(value) as DevEvent // our own program wrote it
      if (found.event === event) return found
      if (found.event === 'not-updated') throw new Error(found.message)
    }
  }
  try {
    const { contextId = '', nodes = [] } = await step('dev is ready', () => next('ready'))
    const clients = nodes.map(({ api, token }) => merogateClient({ url: api, token }))
    const [alice] = clients
    const args = { key: 'milk', text: 'two litres' }
    await alice?.rpc.execute({ contextId, method: 'write', args })
    await next('watching')
    await step('an edit is built and runs', async () => {
      const source = join(app, 'src/lib.rs')
      const text = readFileSync(source, 'utf8')
      if (!text.includes(PLACE)) throw new Error(`expected ${PLACE} in the template`)
      writeFileSync(source, text.replace(PLACE, `${update}\n${PLACE}`))
      const { changes } = await next('updated')
      if (changes?.added.join() !== 'count') {
        throw new Error(`expected count to be added, got ${changes?.added.join()}`)
      }
    })
    await step('the new method answers on both nodes, with what was there before', async () => {
      for (const { rpc } of clients) {
        const count = await rpc.execute({ contextId, method: 'count' })
        if (count !== 1) throw new Error(`expected 1 note, got ${String(count)}`)
      }
    })
  } finally {
    child.kill('SIGINT')
    await new Promise((resolve) => child.once('close', resolve))
    clearTimeout(timer)
  }
}

async function main(folder: string): Promise<void> {
  await step('the package is built, packed and unpacked', () => {
    run(ROOT, process.execPath, [join(ROOT, 'scripts/build.ts')])
    const installed = unpack(folder, ROOT, manifest)
    link(folder, Object.keys(manifest.dependencies))
    mkdirSync(join(folder, 'bin'))
    symlinkSync(join(installed, 'dist/cli/main.js'), join(folder, 'bin/merogate'))
  })
  const env = { ...process.env, PATH: [join(folder, 'bin'), PATH].join(delimiter) }
  const app = join(folder, 'notes')
  const since = performance.now()
  await step('app new', () => command(folder, 'merogate app new notes', env))
  await step('app build', () => command(app, 'merogate app build', env))
  await step('app inspect', () => command(app, 'merogate app inspect dist/notes.mpk', env))
  await step('its own test on two nodes', () => command(app, 'npm test', env))
  await develop(app, env)
  const took = (performance.now() - since) / 1000
  if (took > MAX_SECONDS) throw new Error(`expected at most ${MAX_SECONDS} s, it took ${took} s`)
}

const folder = mkdtempSync(join(tmpdir(), 'merogate-try-app-'))
try {
  const { version } = await findToolchain(folder)
  console.log(`try-app: with ${version}`)
  await main(folder)
  console.log(`try-app: ok (${seconds(started)} s)`)
} catch (error) {
  if (isMerogateError(error, 'CLI_BUILD')) console.log(`try-app: SKIPPED, ${error.message}`)
  else {
    console.error(error instanceof Error ? error.message : error)
    console.error('try-app: failed')
    process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
