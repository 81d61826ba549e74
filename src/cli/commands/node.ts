/** `merogate node`: make, configure and run a node. */
import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { integerArgument } from '../arguments.ts'
import type { Config } from '../config/schema.ts'
import type { ComposeOptions } from '../compose.ts'
import { CHAINS, chainSettings, toolsOf } from '../chains/chains.ts'
import { cliError } from '../errors.ts'
import type { Output } from '../output.ts'
import { action } from '../session.ts'
import { untilSignal } from '../until-signal.ts'
import { chainHelp, chainOption, withChainOptions } from './chain-options.ts'

/** No bound: the largest port there is. */
const MAX_PORT = 65_535

interface InitOptions {
  chain: string
  serverPort?: string
  swarmPort?: string
  bootNodes?: string[]
  mdns?: true
  force?: true
  auth: boolean
}

interface RunOptions {
  serverPort?: string
  swarmPort?: string
  set?: string[]
  create?: true
}

export function nodeCommand(program: Command): void {
  const node = program.command('node').description('make, configure and run a node')

  const init = node
    .command('init')
    .description('write the configuration of a new node')
    .option('--server-port <port>', 'port for clients on 127.0.0.1 (2528)')
    .option('--swarm-port <port>', 'port for peers on all addresses (2428)')
    .option('--boot-nodes <multiaddr...>', 'peers to dial at start')
    .option('--mdns', 'find peers on the local network')
    .option('--no-auth', 'no sign-in: whoever is on this machine may do everything')
    .option('--force', 'replace an existing configuration; keys and data stay')
    .addOption(chainOption('what decides who is a member').default(CHAINS[0].name))
    .addHelpText('after', chainHelp('init', ['merogate --node alice node init --server-port 2528']))
  withChainOptions(init, 'init').action(
    action<InitOptions>(async ({ options, output, folder }) => {
      const config = await import('../config/load.ts')
      const path = config.configPath(folder)
      if (existsSync(path) && options.force !== true) {
        output.note(`already initialised: ${path} (use --force to replace it)`)
        output.result({ config: path, created: false }, path)
        return
      }
      const { writeConfig } = await import('../config/edit.ts')
      const tools = await toolsOf(options.chain)
      const { serverPort, swarmPort, bootNodes, mdns } = options
      const secret = options.auth ? await newSecret() : undefined
      await writeConfig(
        folder,
        {
          ...(serverPort === undefined ? {} : { server: { listen: [serverAddress(serverPort)] } }),
          ...(swarmPort === undefined ? {} : { swarm: { listen: [swarmAddress(swarmPort)] } }),
          ...(bootNodes === undefined ? {} : { bootstrap: { nodes: bootNodes } }),
          ...(mdns === true ? { discovery: { mdns: true } } : {}),
          ...(secret === undefined
            ? {}
            : { auth: { enabled: true, bootstrap: { secret_hash: secret.hash } } }),
          anchor: { [options.chain]: await tools.init(options) },
        },
        await chainSettings(),
      )
      if (secret !== undefined) output.note(FIRST_SIGN_IN)
      const shown = secret === undefined ? {} : { bootstrapSecret: secret.text }
      const human = secret === undefined ? path : `${path}\nsecret  ${secret.text}`
      output.result({ config: path, created: true, ...shown }, human)
    }),
  )
  node
    .command('config [assignments...]')
    .description('show the settings, or change them: KEY=VALUE')
    .addHelpText('after', '\nExample:\n  merogate node config log.level=debug discovery.mdns=true')
    .action(
      action(async ({ options, output, folder }, ...received) => {
        const assignments = received.flat() // a variadic argument comes as one array
        if (options.node !== undefined) {
          const { assertKnown, initFirst } = await import('../known-nodes.ts')
          await assertKnown(folder, initFirst)
        }
        if (assignments.length > 0) {
          const { setConfig } = await import('../config/edit.ts')
          const path = await setConfig(folder, assignments, await chainSettings())
          output.result({ config: path }, path)
          return
        }
        const { loadConfig } = await import('../config/load.ts')
        const { redact } = await import('../config/redact.ts')
        output.result(
          redact(
            await loadConfig({ home: folder, env: process.env, chains: await chainSettings() }),
          ),
        )
      }),
    )
  node
    .command('run')
    .alias('up')
    .description('run a node until Ctrl-C or SIGTERM')
    .option('--server-port <port>', 'port for clients on 127.0.0.1; 0: any')
    .option('--swarm-port <port>', 'port for peers; 0: any')
    .option('--set <assignment...>', 'settings for this run: KEY=VALUE')
    .option(
      '--create',
      'make the node when there is none yet, with what --set and the environment say',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  merogate node run\n  merogate --node bob node run --server-port 2529 --swarm-port 2429\n' +
        '  merogate --output-format json node run --set anchor.local.url=http://127.0.0.1:2540',
    )
    .action(
      action<RunOptions>(async ({ options, output, folder }) => {
        const { loadConfig } = await import('../config/load.ts')
        const flags = flagsOf(options)
        if (options.create !== true) {
          const { assertKnown, initFirst } = await import('../known-nodes.ts')
          await assertKnown(folder, (name) => `${initFirst(name)}, or run it with --create`)
        }
        process.umask(0o077) // what the node writes is its owner's alone
        const chains = await chainSettings()
        await runNode(await loadConfig({ home: folder, env: process.env, flags, chains }), output)
      }),
    )
}

const FIRST_SIGN_IN =
  'Whoever signs in first becomes the administrator: from this machine, or with this secret. It is not shown again.'

/** A secret that nobody guesses, and what is kept of it. */
async function newSecret(): Promise<{ text: string; hash: string }> {
  const { bootstrapHash } = await import('../../auth/index.ts')
  const { systemRandom } = await import('../../node/primitives/clock.ts')
  const { toBase58 } = await import('../../node/primitives/bytes.ts')
  const text = toBase58(systemRandom.bytes(32))
  return { text, hash: bootstrapHash(text) }
}

/** Runs a node and its server until a signal comes; prints one line when it can be used. */
export async function runNode(
  config: Config,
  output: Output,
  options: ComposeOptions = {},
): Promise<void> {
  const signal = untilSignal()
  const { compose } = await import('../compose.ts')
  const { node, server, logger, start, stop } = await compose(config, options)
  await start()
  const api = server.address().url
  const { peerId } = node
  const addresses = node.addresses()
  output.event(
    { event: 'ready', api, peerId, addresses },
    [`api   ${api}`, `peer  ${peerId}`, ...addresses.map((address) => `      ${address}`)].join(
      '\n',
    ),
  )
  logger.info({ signal: await signal }, 'stopping')
  await stop()
}

function flagsOf({ serverPort, swarmPort, set = [] }: RunOptions): Record<string, unknown> {
  const flags: Record<string, unknown> = {}
  for (const assignment of set) {
    const at = assignment.indexOf('=')
    if (at < 1) throw cliError('CLI_USAGE', `expected KEY=VALUE, got ${JSON.stringify(assignment)}`)
    flags[assignment.slice(0, at)] = assignment.slice(at + 1)
  }
  if (serverPort !== undefined) flags['server.listen'] = [serverAddress(serverPort)]
  if (swarmPort !== undefined) flags['swarm.listen'] = [swarmAddress(swarmPort)]
  return flags
}

function serverAddress(port: string): string {
  return `/ip4/127.0.0.1/tcp/${integerArgument('--server-port', port, MAX_PORT)}`
}

function swarmAddress(port: string): string {
  return `/ip4/0.0.0.0/tcp/${integerArgument('--swarm-port', port, MAX_PORT)}`
}
