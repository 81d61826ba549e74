/** Which anchors `chain status` and `chain doctor` look at: those of a node's configuration, or a deployment file with endpoints. */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { ChainTarget } from '../../chains/chain.ts'
import { CHAINS, chainSettings, toolsOf } from '../../chains/chains.ts'
import { cliError } from '../../errors.ts'
import type { Session } from '../../session.ts'
import { chainOption, chainOptionNames, withChainOptions } from '../chain-options.ts'

type TargetCommand = 'status' | 'doctor'

export interface TargetOptions {
  readonly chain?: string
  readonly deployment?: string
}

/** Adds the options to a command. */
export function withTargetOptions(command: Command, name: TargetCommand): Command {
  const chosen = withChainOptions(command.addOption(chainOption('only this one')), name)
  // what stands beside a node's configuration, too
  return withChainOptions(chosen, name, 'details')
}

/** What to look at. @throws CLI_USAGE, and what reading the configuration throws */
export async function resolveTargets(
  { options, folder }: Pick<Session<TargetOptions>, 'options' | 'folder'>,
  command: TargetCommand,
): Promise<readonly ChainTarget[]> {
  const { deployment, chain } = options
  if (deployment !== undefined) return [await givenTarget(deployment, options)]
  const given: ReadonlySet<string> = new Set(Object.keys(options))
  if (chainOptionNames(command).some((name) => given.has(name))) {
    throw cliError(
      'CLI_USAGE',
      'these options go with --deployment; without it the node’s configuration says them',
    )
  }
  const anchor = await anchorsOf(folder)
  const targets = await Promise.all(
    Object.entries(anchor)
      .filter(([name]) => chain === undefined || chain === name)
      .map(async ([name, entry]) => (await toolsOf(name)).configured(entry, options)),
  )
  if (targets.length > 0) return targets
  throw noAnchor(folder, chain)
}

/** What the configuration of a node says of a chain. @throws CLI_USAGE, and what reading the configuration throws */
export async function entryOf(folder: string, chain: string): Promise<object> {
  const entry = (await anchorsOf(folder))[chain]
  if (entry === undefined) throw noAnchor(folder, chain)
  return entry
}

async function anchorsOf(folder: string): Promise<Readonly<Record<string, object>>> {
  const { loadConfig } = await import('../../config/load.ts')
  const chains = await chainSettings()
  return (await loadConfig({ home: folder, env: process.env, chains })).anchor
}

function noAnchor(folder: string, chain: string | undefined): Error {
  const named = chain === undefined ? 'anchor' : `anchor.${chain}`
  const message = `the configuration in ${folder} has no ${named}: write one with \`merogate node init\`, or give --deployment and --rpc-url`
  return cliError('CLI_USAGE', message)
}

/** A deployment without a node: of the chain that is named, or that the file names, or of the first that has any. */
async function givenTarget(deployment: string, options: TargetOptions): Promise<ChainTarget> {
  const able = CHAINS.filter(({ commands }) => commands.deploy !== undefined)
  const wanted = options.chain ?? (await chainIn(deployment))
  const chain = able.find(({ name }) => name === wanted) ?? able[0]
  const tools = await chain?.tools()
  if (tools?.given === undefined) throw cliError('CLI_USAGE', 'no chain has deployments')
  return tools.given(deployment, options)
}

/** The chain that a deployment file names; undefined for what is none, of which its chain has more to say. */
async function chainIn(path: string): Promise<unknown> {
  try {
    const json: unknown = JSON.parse(await readFile(path, 'utf8'))
    return typeof json === 'object' && json !== null && 'chain' in json ? json.chain : undefined
  } catch {
    return undefined
  }
}
