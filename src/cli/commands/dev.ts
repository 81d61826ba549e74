/** `merogate dev`: everything at once on this machine, for people who want to try or build an application. */
import { existsSync, statSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { integerArgument } from '../arguments.ts'
import { type Admin, merogateClient } from '../../client/index.ts'
import { isMerogateError } from '../../node/errors.ts'
import { LOG_LEVELS, type LogLevel } from '../../node/primitives/logger.ts'
import { CHAINS, namesOf, WALLETS } from '../chains/chains.ts'
import {
  ALL,
  allOf,
  chainsNamed,
  type RunningChain,
  settingsOn,
  startChains,
} from '../chains/running.ts'
import { cliError } from '../errors.ts'
import { readLogLine } from '../log-line.ts'
import { buildLoginPage } from '../login-page.ts'
import { startNodeProcess } from '../node-process.ts'
import type { NodeProcess } from '../node-process.ts'
import type { Output } from '../output.ts'
import { action } from '../session.ts'
import type { MethodText } from '../app/abi.ts'
import { untilSignal } from '../until-signal.ts'
import { announce, type World } from './dev-text.ts'
import { chainHelp, chainOption, withChainOptions } from './chain-options.ts'

/** The example application that comes with the package. */
const EXAMPLE_APP = join(import.meta.dirname, '../../../apps/kv-store-rs/dist/kv-store.mpk')

/** How long the second node may take until it has the context, ms. */
const JOIN_WAIT_MS = 60_000

const EXAMPLES = [
  'merogate dev',
  'merogate dev --log info --app my-app.mpk',
  'merogate dev --app . --watch',
  `merogate dev --chain ${ALL}`,
]

interface DevOptions {
  chain: string
  port: string
  app?: string
  watch?: true
  dir?: string
  log: LogLevel
}

export function devCommand(program: Command): void {
  const command = program
    .command('dev')
    .description('start a local chain and two nodes that share a context, until Ctrl-C')
    .addOption(
      chainOption(
        `${CHAINS.map(({ words }) => words.anchor).join(', or ')}; ${ALL}: every chain with contracts, and a context on each`,
        [...namesOf(CHAINS), ALL],
      ).default(CHAINS[0].name),
    )
    .option('--port <port>', 'port of the first node, the second has the next; 0: any', '2528')
    .option(
      '--app <path>',
      'application to install, or the folder of one to build; default: the key-value store',
    )
    .option('--watch', 'with a folder: build again when sources change, and update what runs')
    .option(
      '--dir <folder>',
      'keep everything in this folder; default: a new one, removed at the end',
    )
    .addOption(
      new Option('--log <level>', 'what of the nodes’ logs is shown, on stderr')
        .choices(LOG_LEVELS)
        .default('warn'),
    )
  withChainOptions(command, 'dev')
    .addHelpText('after', chainHelp('dev', EXAMPLES))
    .action(
      action<DevOptions>(async ({ options, output }) => {
        const signal = untilSignal()
        const port = integerArgument('--port', options.port, 65_534)
        const app = resolve(options.app ?? EXAMPLE_APP)
        if (!existsSync(app)) throw cliError('CLI_FILE', `cannot read ${app}: name one with --app`)
        const isSource = statSync(app).isDirectory()
        if (options.watch === true && !isSource) {
          throw cliError(
            'CLI_USAGE',
            'expected --watch with --app and the folder of an application',
          )
        }
        const folder = resolve(options.dir ?? (await mkdtemp(join(tmpdir(), 'merogate-dev-'))))
        await using cleanup = new AsyncDisposableStack()
        if (options.dir === undefined)
          cleanup.defer(() => rm(folder, { recursive: true, force: true }))

        await mkdir(folder, { recursive: true, mode: 0o700 })
        const source = { folder: app, out: join(folder, 'app.mpk'), output }
        const { buildLive, follow } = await import('../app/live.ts')
        const built = isSource ? await buildLive(source) : undefined
        await buildLoginPage()
        const chains = await startChains(chainsNamed(options.chain), folder, cleanup)
        output.note([...chains.map(({ chain }) => chain.text), 'starting two nodes'].join('\n'))
        const nodes = await startNodes({ folder, port, chains, log: options.log, output, cleanup })
        const tokens = await tokensOf(folder, nodes)
        const protocols = chains.map(({ name }) => name)
        const { methods, ...world } = await setUp(nodes, tokens, {
          app: built?.file ?? app,
          protocols,
        })
        const described = built?.abi.methods ?? (await describedMethods(app))
        announce(output, { ...world, methods: described.length > 0 ? described : methods })
        const stopped = new AbortController()
        cleanup.defer(() => stopped.abort())
        const { contexts, admins } = world
        const running = { nodes: admins, contextIds: contexts.map((each) => each.contextId) }
        const following =
          built === undefined || options.watch !== true
            ? []
            : [follow(source, running, built, stopped.signal)]
        const failed = nodes.map(async ({ name, ended }) => {
          const code = await ended
          throw cliError('CLI_NODE_FAILED', `node ${name} ended with code ${code}`, { node: name })
        })
        await Promise.race([signal, ...failed, ...following])
      }),
    )
}

interface Start {
  readonly folder: string
  readonly port: number
  readonly chains: readonly RunningChain[]
  readonly log: LogLevel
  readonly output: Output
  readonly cleanup: AsyncDisposableStack
}

async function startNodes(start: Start): Promise<readonly NodeProcess[]> {
  const { folder, port, chains, log, output, cleanup } = start
  const starting = ['alice', 'bob'].map(async (name, index) => {
    const env: Record<string, string> = {}
    const settings = await settingsOn(chains, index, (chain, key) => {
      const variable = `MEROGATE_DEV_KEY_${chain.toUpperCase()}`
      env[variable] = key
      return { env: variable }
    })
    const serverPort = port === 0 ? 0 : port + index
    const node = await startNodeProcess({
      name,
      home: folder,
      serverPort,
      env,
      settings: [...settings, ...DEV_AUTH, 'swarm.listen=/ip4/127.0.0.1/tcp/0', `log.level=${log}`],
      onLog: (line) => {
        const { fields, text } = readLogLine(name, line)
        output.log(fields, text)
      },
    }).catch((error: unknown) => {
      throw isPortTaken(error) ? portTaken(serverPort, error) : error
    })
    cleanup.defer(() => node.stop())
    return node
  })
  return allOf(starting)
}

/** Whether a node did not start because its port is taken: what it said last is in the message. */
function isPortTaken(error: unknown): boolean {
  return isMerogateError(error, 'CLI_NODE_FAILED') && error.message.includes('SERVER_PORT_IN_USE')
}

function portTaken(port: number, cause: unknown): Error {
  const message = `port ${port} is in use: choose other ports with --port, 0 for any`
  return cliError('CLI_NODE_FAILED', message, { port }, { cause })
}

/** Sign-in as on a real node, with tokens that last a working day. */
const DEV_AUTH = [
  'auth.enabled=true',
  'auth.access_seconds=43200',
  ...WALLETS.flatMap(({ chain, forDev = [] }) => forDev.map((text) => `auth.${chain}.${text}`)),
]

/** Tokens that the nodes wrote for this machine's own commands. */
async function tokensOf(folder: string, nodes: readonly NodeProcess[]): Promise<string[]> {
  const { readOperatorToken } = await import('../operator-token.ts')
  return Promise.all(
    nodes.map(async ({ name }) => (await readOperatorToken(join(folder, name))) ?? ''),
  )
}

/** Installs the application, makes a context on each chain, on the first node, and lets the others join it. */
async function setUp(
  nodes: readonly NodeProcess[],
  tokens: readonly string[],
  { app, protocols }: { app: string; protocols: readonly string[] },
): Promise<World & { readonly admins: readonly Admin[] }> {
  const admins = nodes.map(
    ({ ready }, index) => merogateClient({ url: ready.api, token: tokens[index] ?? '' }).admin,
  )
  const [first, ...others] = admins
  if (first === undefined) throw cliError('CLI_NODE_FAILED', 'expected a node, got none')
  const { applicationId } = await first.installFile(app)
  const sharing = protocols.map(async (protocol) => {
    const { contextId } = await first.createContext({ applicationId, protocol })
    for (const other of others) {
      const { publicKey } = await other.createIdentity()
      const invitation = await first.invite({ contextId, invitee: publicKey })
      await other.join(invitation ?? '')
      await other.context(contextId, JOIN_WAIT_MS)
    }
    return { protocol, contextId }
  })
  const contexts = await allOf(sharing)
  const names = (await first.application(applicationId))?.module.methods ?? []
  const methods = names.map((name) => ({ name, params: [], returns: undefined }))
  return { nodes, tokens, admins, applicationId, contexts, methods }
}

/** Methods with their parameters, where the file describes them. */
async function describedMethods(app: string): Promise<readonly MethodText[]> {
  const { readAbi } = await import('../app/abi.ts')
  const { readApplication } = await import('../app/read-application.ts')
  return readAbi((await readApplication(app)).abi).methods
}
