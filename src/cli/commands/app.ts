/** `merogate app`: the applications of a node. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Admin, Installed } from '../../client/index.ts'
import { cliError } from '../errors.ts'
import { type Output, table } from '../output.ts'
import { action } from '../session.ts'
import { authorCommands } from './app-author.ts'

interface InstallOptions {
  path?: string
  url?: string
  hash?: string
  metadata?: string
}

/** The id, and on stderr what to know of the application: a line for it, or for each of its services. */
async function show(output: Output, admin: Admin, installed: Installed): Promise<void> {
  const { verdictOf } = await import('../app/inspect.ts')
  const { applicationId } = installed
  const found = await admin.application(applicationId)
  const services = found?.services ?? []
  const others = services.map((service) => admin.application(service.applicationId))
  const modules = services.length === 0 ? [found] : await Promise.all(others)
  const lines = modules.flatMap((one) => {
    if (one === undefined) return []
    return `${one.service === undefined ? '' : `${one.service}: `}${verdictOf(one.module)}`
  })
  output.result({ ...installed, verdict: lines.join('; ') }, applicationId)
  for (const line of lines) output.note(line)
  for (const { message } of installed.warnings ?? []) output.note(`warning: ${message}`)
}

export function appCommand(program: Command): void {
  const app = program
    .command('app')
    .description('applications: write, inspect, install, list, remove')
  authorCommands(app)

  app
    .command('install')
    .description('install a .wasm module or .mpk bundle')
    .option('-p, --path <file>', "file of the node's machine")
    .option('-u, --url <url>', 'http(s) address to fetch it from')
    .option('--hash <base58>', 'SHA-256 the bytes must have')
    .option('-m, --metadata <text>', 'opaque note kept with the application')
    .addHelpText(
      'after',
      '\nExample:\n  merogate app install --path apps/kv-store-rs/dist/kv-store.mpk',
    )
    .action(
      action<InstallOptions>(async ({ options, output, client }) => {
        const { path, url, hash, metadata } = options
        const note = new TextEncoder().encode(metadata ?? '')
        const { admin } = await client()
        if (path !== undefined && url === undefined) {
          await show(output, admin, await admin.installFile(resolve(path), note))
        } else if (url !== undefined && path === undefined) {
          const more = hash === undefined ? {} : { hash }
          await show(output, admin, await admin.installUrl(url, { metadata: note, ...more }))
        } else throw cliError('CLI_USAGE', 'expected either --path or --url')
      }),
    )
  app
    .command('list')
    .alias('ls')
    .description('list installed applications')
    .option('--package <name>', 'only versions of this package')
    .action(
      action<{ package?: string }>(async ({ options, output, client }) => {
        const filter = options.package === undefined ? {} : { package: options.package }
        const apps = await (await client()).admin.applications(filter)
        const columns = {
          ID: (row: (typeof apps)[number]) => row.id,
          PACKAGE: (row: (typeof apps)[number]) => row.package,
          VERSION: (row: (typeof apps)[number]) => row.version,
          SIZE: (row: (typeof apps)[number]) => row.size,
        }
        output.result(apps, table(apps, columns, 'no applications'))
      }),
    )
  app
    .command('get <id>')
    .description('show one application')
    .action(
      action(async ({ output, client }, id) => {
        const found = await (await client()).admin.application(id)
        if (found === undefined) throw cliError('CLI_NOT_FOUND', `there is no application ${id}`)
        output.result(found)
      }),
    )
  app
    .command('uninstall <id>')
    .description('remove an application that no context runs')
    .action(
      action(async ({ output, client }, id) => {
        output.result(await (await client()).admin.uninstall(id), `removed ${id}`)
      }),
    )
  app
    .command('list-packages')
    .description('list the packages of installed bundles')
    .action(
      action(async ({ output, client }) => {
        output.result(await (await client()).admin.packages())
      }),
    )
  app
    .command('list-versions <package>')
    .description('list the installed versions of a package, oldest first')
    .action(
      action(async ({ output, client }, name) => {
        output.result(await (await client()).admin.versions(name))
      }),
    )
  app
    .command('get-latest-version <package>')
    .description('show the newest installed version of a package')
    .action(
      action(async ({ output, client }, name) => {
        const latest = await (await client()).admin.latest(name)
        if (latest.applicationId === null) {
          throw cliError('CLI_NOT_FOUND', `no version of ${name} is installed`)
        }
        output.result(latest)
      }),
    )
}
