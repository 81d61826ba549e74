/** What every command gets: its options, an output, and a client of the node it is about. */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import type { LongOperation, MerogateClient, TokenStore } from '../client/index.ts'
import { isHttpUrl } from './arguments.ts'
import { chainSettings } from './chains/chains.ts'
import { cliError } from './errors.ts'
import { output } from './output.ts'
import type { Output, OutputFormat } from './output.ts'

/** Name of the node when none is given. */
export const DEFAULT_NODE = 'default'

/** Options that every command has. */
export interface GlobalOptions {
  readonly home?: string
  readonly node?: string
  readonly api?: string
  readonly outputFormat: OutputFormat
}

export interface Session<O> {
  readonly options: O & GlobalOptions
  readonly output: Output
  /** Folder of the node the command is about: `<home>/<node>`. */
  readonly folder: string
  /** A client of that node, or of the one at `--api`, with `MEROGATE_TOKEN`, the tokens of the last sign-in, or those for who operates it. */
  client(): Promise<MerogateClient>
  /** Where tokens of that node are kept. */
  tokens(): Promise<TokenStore>
}

/** An action for commander: takes the arguments of the command, resolves when it is done, rejects when it failed. */
export function action<O extends object>(
  run: (session: Session<O>, ...args: string[]) => Promise<void>,
): (this: Command) => Promise<void> {
  return async function (this: Command) {
    // commander has checked the options against their declarations
    const options = this.optsWithGlobals<O & GlobalOptions>()
    const folder = join(homeOf(options), options.node ?? DEFAULT_NODE)
    const session: Session<O> = {
      options,
      output: output(options.outputFormat),
      folder,
      client: () => clientOf(options, folder),
      tokens: () => tokensOf(options, folder),
    }
    const args: unknown[] = this.processedArgs
    await run(session, ...(args as string[])) // arguments without a parser are text
  }
}

/** The folder of all nodes: `--home`, `MEROGATE_HOME`, or `~/.merogate`. */
export function homeOf(options: Pick<GlobalOptions, 'home'>): string {
  return resolve(options.home ?? process.env['MEROGATE_HOME'] ?? join(homedir(), '.merogate'))
}

async function clientOf(options: GlobalOptions, folder: string): Promise<MerogateClient> {
  const { merogateClient } = await import('../client/index.ts')
  const [url, tokens] = [await addressOf(options, folder), await tokensOf(options, folder)]
  const { waitingText } = await import('./waiting-text.ts')
  const { systemClock } = await import('../node/primitives/clock.ts')
  const { note } = output(options.outputFormat)
  const onWaiting = (running: LongOperation): void =>
    note(waitingText(running, systemClock.nowMs()))
  const token = process.env['MEROGATE_TOKEN'] ?? ''
  if (token !== '') return merogateClient({ url, tokens, token, onWaiting })
  if (options.api !== undefined || (await tokens.load()) !== undefined) {
    return merogateClient({ url, tokens, onWaiting })
  }
  // nobody signed in: whoever operates the node on its own machine
  const { readOperatorToken } = await import('./operator-token.ts')
  const operator = await readOperatorToken(folder)
  return merogateClient({
    url,
    tokens,
    onWaiting,
    ...(operator === undefined ? {} : { token: operator }),
  })
}

async function tokensOf(options: GlobalOptions, folder: string): Promise<TokenStore> {
  const { tokenFile } = await import('./sign-in/token-files.ts')
  return tokenFile(homeOf(options), await addressOf(options, folder))
}

/** Where the node serves, without a slash at the end. */
async function addressOf({ api, node }: GlobalOptions, folder: string): Promise<string> {
  // a name that is mistyped would lead to whatever listens where nodes do by default
  if (api === undefined && node !== undefined) {
    const { assertKnown, initFirst } = await import('./known-nodes.ts')
    await assertKnown(folder, initFirst)
  }
  return (api === undefined ? await urlOf(folder) : checked(api)).replace(/\/+$/, '')
}

function checked(text: string): string {
  if (isHttpUrl(text)) return text
  throw cliError('CLI_USAGE', `expected --api to be an http address, got ${JSON.stringify(text)}`)
}

/** Where the configuration in a folder says that its node serves. */
async function urlOf(folder: string): Promise<string> {
  const { loadConfig } = await import('./config/load.ts')
  const { server } = await loadConfig({
    ...{ home: folder, env: process.env },
    chains: await chainSettings(),
  })
  const [first] = server.listen
  const { host, port } = first ?? { host: '127.0.0.1', port: 0 }
  if (port === 0) {
    const message = `the node in ${folder} serves at a port the system chooses: say where with --api URL`
    throw cliError('CLI_USAGE', message)
  }
  const scheme = server.tls === undefined ? 'http' : 'https'
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `${scheme}://${reached.includes(':') ? `[${reached}]` : reached}:${port}`
}
