/**
 * Builds the login page of a node, `src/login-page`, into `dist/login-page`: `node scripts/build-login-page.ts`, and a part of `npm run build`.
 * With `--if-stale` only when something it is made of is newer than what was built.
 */
import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { build, type Plugin } from 'vite'

const ROOT = join(import.meta.dirname, '..')
const SOURCES = ['src/{login-page,client,auth}/**/*', 'src/node/errors.ts', 'package-lock.json']
/** Below the root. */
const LOGIN_PAGE = 'dist/login-page'

/** Where the page is served: paths in it begin so. */
const BASE = '/auth/'

/** Puts the licences of what is bundled in front of the script, as they ask for. */
function licences(packages: readonly string[]): Plugin {
  return {
    name: 'licences',
    generateBundle(_options, bundle) {
      const texts = packages.map((name) => {
        const text = readFileSync(join(ROOT, 'node_modules', name, 'LICENSE'), 'utf8').trim()
        return `${name}:\n${text}`
      })
      for (const chunk of Object.values(bundle)) {
        if (chunk.type === 'chunk') chunk.code = `/*!\n${texts.join('\n\n')}\n*/\n${chunk.code}`
      }
    },
  }
}

/** Writes it. */
export async function buildLoginPage(): Promise<void> {
  await build({
    configFile: false,
    root: join(ROOT, 'src/login-page'),
    base: BASE,
    logLevel: 'warn',
    plugins: [licences(['preact'])],
    build: {
      outDir: join(ROOT, LOGIN_PAGE),
      emptyOutDir: true,
      target: 'es2022',
      // nothing inline: the policy of the page forbids it
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
  })
}

/** Builds it when it is not there, or older than its sources. */
export async function ensureLoginPage(): Promise<void> {
  const newest = Math.max(
    ...globSync(SOURCES, { cwd: ROOT }).map((path) => statSync(join(ROOT, path)).mtimeMs),
  )
  const built = statSync(join(ROOT, LOGIN_PAGE, 'index.html'), { throwIfNoEntry: false })
  if (built === undefined || built.mtimeMs < newest) await buildLoginPage()
}

if (import.meta.main) {
  await (process.argv.includes('--if-stale') ? ensureLoginPage() : buildLoginPage())
  console.log('login page: ok')
}
