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
  return withChainOptions(command.addOption(chainOption('only this one')), name)
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
  const { loadConfig } = await import('../../config/load.ts')
  const chains = await chainSettings()
  const { anchor } = await loadConfig({ home: folder, env: process.env, chains })
  const targets = await Promise.all(
    Object.entries(anchor)
      .filter(([name]) => chain === undefined || chain === name)
      .map(async ([name, entry]) => (await toolsOf(name)).configured(entry)),
  )
  if (targets.length > 0) return targets
  const named = chain === undefined ? 'anchor' : `anchor.${chain}`
  const message = `the configuration in ${folder} has no ${named}: write one with \`merogate node init\`, or give --deployment and --rpc-url`
  throw cliError('CLI_USAGE', message)
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
