/**
 * Compiles `src` into `dist`, and builds the login page there, which is what the package ships, and puts the client into its own package: `npm run build`. Relative imports get
 * `.js` on the way; workers and child processes choose their file by the ending of their own.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildClient } from './build-client.ts'
import { buildLoginPage } from './build-login-page.ts'
import { importsOf } from './support/imports.ts'

/** The part of package.json that is used here: a condition for each implementation of a `#name`. */
interface Manifest {
  readonly imports: Readonly<Record<string, Readonly<Record<string, string>>>>
}

const ROOT = join(import.meta.dirname, '..')
const DIST = join(ROOT, 'dist')

/**
 * `dist/package.json`. Files below it find the nearest package.json there, so `#platform` is the compiled file in the package and the
 * TypeScript one in a checkout.
 */
function distManifest({ imports }: Manifest): object {
  const compiled = (path: string): string =>
    path.replace(/^\.\/src\//, './').replace(/\.ts$/, '.js')
  return {
    type: 'module',
    imports: Object.fromEntries(
      Object.entries(imports).map(([name, conditions]) => [
        name,
        Object.fromEntries(
          Object.entries(conditions).map(([condition, path]) => [condition, compiled(path)]),
        ),
      ]),
    ),
  }
}

/** Imports of TypeScript files that compiled code still has. */
function findLeftOver(): string[] {
  return globSync('**/*.js', { cwd: DIST }).flatMap((path) =>
    importsOf(path, readFileSync(join(DIST, path), 'utf8'))
      .filter(({ specifier }) => specifier?.startsWith('.') && specifier.endsWith('.ts'))
      .map(({ specifier, line }) => `dist/${path}:${line}: still imports ${specifier}`),
  )
}

rmSync(DIST, { recursive: true, force: true })
const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
  cwd: ROOT,
  stdio: 'inherit',
})
const leftOver = status === 0 ? findLeftOver() : []
for (const problem of leftOver) console.error(problem)
if (status === 0 && leftOver.length === 0) {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest // ours
  writeFileSync(join(DIST, 'package.json'), `${JSON.stringify(distManifest(manifest), null, 2)}\n`)
  chmodSync(join(DIST, 'cli/main.js'), 0o755)
  await buildLoginPage()
  buildClient()
  console.log('build: ok')
} else {
  console.error('build: failed; its messages are above')
  process.exitCode = 1
}
