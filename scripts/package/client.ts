/** The package of the client, in a project of its own: it weighs little, needs nothing, and its page builds. */
import { cpSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compile, link, ROOT, run, unpack } from './stranger.ts'

const SOURCE = join(ROOT, 'packages/client')
/** Of all that is unpacked; 250 KiB in December 2026, half of which are maps and sources. */
const MAX_BYTES = 320 * 1024

interface Manifest {
  readonly name: string
  readonly version: string
  readonly dependencies?: unknown
}

export function useClient(folder: string, version: string): void {
  const project = join(folder, 'client')
  mkdirSync(project)
  const manifest = JSON.parse(readFileSync(join(SOURCE, 'package.json'), 'utf8')) as Manifest // ours
  if (manifest.version !== version || manifest.dependencies !== undefined) {
    throw new Error(`expected ${manifest.name} ${version} without dependencies`)
  }
  const installed = unpack(project, SOURCE, manifest)
  const bytes = globSync('**/*', { cwd: installed })
    .map((path) => statSync(join(installed, path)))
    .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0)
  if (bytes > MAX_BYTES) throw new Error(`expected at most ${MAX_BYTES} bytes, got ${bytes}`)
  const use = `import { merogateClient } from '${manifest.name}'\nmerogateClient({ url: 'http://127.0.0.1:1' })\n`
  writeFileSync(join(project, 'use.mts'), use)
  run(project, process.execPath, ['use.mts'])
  link(project, ['@types/node', 'vite', 'typescript'])
  compile(project, 'nodenext', ['es2024'], ['use.mts'])
  buildPage(project, installed)
}

/** What the page's own `npm run build` does. */
function buildPage(project: string, installed: string): void {
  const page = join(project, 'page')
  cpSync(join(installed, 'template'), page, { recursive: true })
  run(page, process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc')])
  run(page, process.execPath, [join(ROOT, 'node_modules/vite/bin/vite.js'), 'build'])
}
