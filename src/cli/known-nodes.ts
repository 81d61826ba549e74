/** Which nodes there are in a home, so that a name that is mistyped is told from them. */
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { NODE_KEY_FILE } from '../node/node-key.ts'
import { configPath } from './config/load.ts'
import { cliError } from './errors.ts'

/** Names in a message. */
const MAX_SHOWN = 20

/** Whether a folder is a node's: it has been configured, or has run. */
function isNode(folder: string): boolean {
  return existsSync(configPath(folder)) || existsSync(join(folder, NODE_KEY_FILE))
}

/** Refuses a folder that is no node's. @param next what may be done about it @throws CLI_NODE_UNKNOWN (missing) */
export async function assertKnown(folder: string, next: (name: string) => string): Promise<void> {
  if (isNode(folder)) return
  const [home, name] = [dirname(folder), basename(folder)]
  const nodes = await knownIn(home)
  const shown = nodes.slice(0, MAX_SHOWN).join(', ')
  const known =
    nodes.length === 0 ? 'there is none' : `there ${nodes.length > 1 ? 'are' : 'is'} ${shown}`
  throw cliError(
    'CLI_NODE_UNKNOWN',
    `there is no node ${JSON.stringify(name)} in ${home}, ${known}: ${next(name)}`,
    { node: name, home, nodes: nodes.slice(0, MAX_SHOWN) },
  )
}

async function knownIn(home: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(home, { withFileTypes: true })
    return entries
      .filter((entry) => entry.isDirectory() && isNode(join(home, entry.name)))
      .map(({ name }) => name)
      .sort()
  } catch {
    return [] // there is no home yet
  }
}

/** What to do where a node should be that has been made before. */
export function initFirst(name: string): string {
  return `give the name of one with --node, or make it with \`merogate --node ${name} node init\``
}
