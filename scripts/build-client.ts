/**
 * Puts what the package `merogate-client` ships into `packages/client`, out of what `npm run build` compiled: the client, its sources for maps, the licences. It is the code of
 * `merogate/client`, for pages and programs that do not run a node.
 */
import { cpSync, globSync, mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const PACKAGE = join(ROOT, 'packages/client')

/** The client, and the module that has the type of its errors' kinds. */
const MODULES = ['client/**/*', 'node/errors.*', 'node/error-codes.*']

export function buildClient(): void {
  for (const folder of ['dist', 'src']) {
    rmSync(join(PACKAGE, folder), { recursive: true, force: true })
    for (const path of globSync(MODULES, { cwd: join(ROOT, folder) })) {
      mkdirSync(dirname(join(PACKAGE, folder, path)), { recursive: true })
      cpSync(join(ROOT, folder, path), join(PACKAGE, folder, path), { recursive: true })
    }
  }
  for (const licence of ['LICENSE-MIT', 'LICENSE-APACHE']) {
    cpSync(join(ROOT, licence), join(PACKAGE, licence))
  }
}
