/**
 * Tries the packages as a stranger would have them: builds and packs them, unpacks them beside their dependencies alone (no network), weighs the artefacts
 * in it, imports every entry, compiles programs against its types in each way to resolve modules, compiles the snippets of the documents and runs those that stand by
 * themselves, runs its command, and builds the client's page. `node scripts/check-package.ts`; ends with `package: ok`.
 */
import { spawn } from 'node:child_process'
import {
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { useClient } from './package/client.ts'
import { compileSnippets, runSnippets } from './package/run-snippets.ts'
import { compile, link, PATH, ROOT, run, STEP_TIMEOUT_MS, unpack } from './package/stranger.ts'

/** The part of package.json that is used here. */
interface Manifest {
  readonly name: string
  readonly version: string
  readonly exports: Readonly<Record<string, unknown>>
  readonly dependencies: Readonly<Record<string, string>>
  /** SDKs of chains. */
  readonly optionalDependencies: Readonly<Record<string, string>>
}

/**
 * Most bytes of what is built, committed and shipped: contracts and example apps. 1 120 KiB in November 2026, of which Ethereum's contracts are 248, NEAR's 150,
 * Stellar's 90 and the Internet Computer's 445, packed: the library for Candid is half of that.
 * Whoever adds a chain raises it by what its contracts weigh.
 */
const MAX_ARTEFACT_BYTES = 1190 * 1024

/** The package unpacked in a folder, with links to its dependencies and nothing else; no SDK of a chain yet. */
function install(folder: string, { name, version, dependencies }: Manifest): string {
  run(ROOT, process.execPath, [join(ROOT, 'scripts/build.ts')])
  const installed = unpack(folder, ROOT, { name, version })
  link(folder, [...Object.keys(dependencies), '@types/node'])
  return installed
}

/** What is linked from the first page is in the package, or in the repository that its manifest names; and all pages are on the list for machines. */
function followLinks(installed: string): void {
  const page = readFileSync(join(installed, 'README.md'), 'utf8')
  const links = [...page.matchAll(/\]\(([^)#\s]+)/g)].map(([, target = '']) => target)
  const dead = links.filter(
    (target) =>
      !/^(?:https:|test\/|apps\/|contracts\/|packages\/)/.test(target) &&
      !existsSync(join(installed, target)),
  )
  if (dead.length > 0)
    throw new Error(`README.md links to what is not in the package: ${dead.join(', ')}`)
  const list = readFileSync(join(installed, 'llms.txt'), 'utf8')
  const pages = globSync('docs/*.md', { cwd: installed })
  const missing = pages.filter((path) => !list.includes(`(${path})`))
  if (pages.length > 0 && missing.length === 0) return
  throw new Error(
    `expected llms.txt to list the ${pages.length} pages, it lacks ${missing.join(', ')}`,
  )
}

/** Without the SDKs what needs none works, and an anchor that needs one says which command installs it. */
function useWithoutSdks(folder: string, command: string): void {
  run(folder, command, ['--help'])
  const program = `
    import { createNode } from 'merogate/node'
    import { ethereumAnchor } from 'merogate/chains/ethereum'
    const address = '0x' + '11'.repeat(20)
    const contracts = { identityRegistry: { address }, contextAnchor: { address } }
    const deployment = { version: 1, chain: 'ethereum', network: 'none', chainId: 1, contracts }
    const anchor = ethereumAnchor({ rpcUrls: ['http://127.0.0.1:1'], deployment })
    const node = createNode({ home: 'home', anchors: [anchor] })
    const error = await node.then((started) => started.start()).catch((thrown) => thrown)
    if (error?.code !== 'CHAIN_SDK' || !error.message.endsWith('npm install ethers')) {
      console.error(error)
      process.exit(1)
    }
    process.exit(0)`
  writeFileSync(join(folder, 'without.mjs'), program)
  run(folder, process.execPath, ['without.mjs'])
}

/** What is built, committed and shipped stays within its limit: everybody downloads all of it. */
function weighArtefacts(installed: string): void {
  const sizes = globSync(['contracts/artifacts/**/*', 'apps/*/dist/*'], { cwd: installed })
    .map((path) => ({ path, file: statSync(join(installed, path)) }))
    .filter(({ file }) => file.isFile())
    .map(({ path, file }) => ({ path, size: file.size }))
    .sort((a, b) => b.size - a.size)
  const total = sizes.reduce((sum, { size }) => sum + size, 0)
  if (total > 0 && total <= MAX_ARTEFACT_BYTES) return
  const list = sizes.map(({ path, size }) => `${path} ${size}`).join(', ')
  throw new Error(
    `expected at most ${MAX_ARTEFACT_BYTES} bytes of committed artefacts in the package, got ${total}: ${list}`,
  )
}

/** Each entry loads, and its types compile in a strict program. */
function useEntries(folder: string, { name, exports }: Manifest): void {
  const entries = Object.keys(exports)
    .filter((entry) => !entry.endsWith('.json'))
    .map((entry) => `${name}${entry.slice(1)}`)
  const lines = entries.map((entry, i) => `import * as entry${i} from '${entry}'`)
  const uses = entries.map((_, i) => `if (Object.keys(entry${i}).length === 0) process.exit(1)`)
  writeFileSync(join(folder, 'use.mts'), [...lines, ...uses, ''].join('\n'))
  run(folder, process.execPath, ['use.mts'])
  // an application brings its own way to resolve modules, and checks what it imports; the third way is that of the snippets
  for (const resolution of ['node16', 'bundler'] as const) {
    compile(folder, resolution, ['es2024', 'esnext.disposable'], ['use.mts'])
  }
}

/** `merogate dev` starts a chain, two nodes and the example app, workers included, and ends when told to. */
async function runDev(folder: string, command: string): Promise<void> {
  const child = spawn(command, ['--output-format', 'json', 'dev', '--port', '0'], {
    cwd: folder,
    env: { ...process.env, PATH, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const timer = setTimeout(() => child.kill('SIGTERM'), STEP_TIMEOUT_MS)
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', resolve)
    child.once('error', () => resolve(null))
  })
  let isReady = false
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { event } = JSON.parse(line) as { event?: string } // our own program wrote it
    if (event !== 'ready') return
    isReady = true
    child.kill('SIGINT')
  })
  const code = await ended
  clearTimeout(timer)
  if (!isReady || code !== 0) throw new Error(`merogate dev: ready ${isReady}, exit code ${code}`)
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest // ours
const folder = mkdtempSync(join(tmpdir(), 'merogate-package-'))
try {
  const installed = install(folder, manifest)
  weighArtefacts(installed)
  followLinks(installed)
  const command = join(installed, 'dist/cli/main.js')
  useWithoutSdks(folder, command)
  link(folder, Object.keys(manifest.optionalDependencies))
  useEntries(folder, manifest)
  const version = run(folder, command, ['--version']).trim()
  if (version !== manifest.version) throw new Error(`expected ${manifest.version}, got ${version}`)
  run(folder, command, ['--help'])
  if (
    !readFileSync(join(installed, 'dist/login-page/index.html'), 'utf8').includes('/auth/assets/')
  ) {
    throw new Error('expected the login page to be built, it is not')
  }
  compileSnippets(folder, ['use.mts'])
  await runSnippets(folder)
  await runDev(folder, command)
  useClient(folder, manifest.version)
  console.log('package: ok')
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  console.error('package: failed')
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
