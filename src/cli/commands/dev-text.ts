/** What `merogate dev` says when all is there. */
import { type ReadyLine, readyLines } from '../app/ready-lines.ts'
import type { MethodText } from '../app/abi.ts'
import type { NodeProcess } from '../node-process.ts'
import type { Output } from '../output.ts'

/** What `dev` set up. */
export interface World {
  readonly nodes: readonly NodeProcess[]
  /** One for each node: may do everything. */
  readonly tokens: readonly string[]
  readonly applicationId: string
  /** One on each chain. */
  readonly contexts: readonly SharedContext[]
  /** Of the application. */
  readonly methods: readonly MethodText[]
}

/** A context that all nodes are members of. */
export interface SharedContext {
  /** Its chain. */
  readonly protocol: string
  readonly contextId: string
}

export function announce(output: Output, world: World): void {
  const { nodes, tokens, applicationId, contexts, methods } = world
  const shown = nodes.map(({ name, ready: { api, peerId } }, index) => ({
    ...{ name, api, peerId },
    token: tokens[index] ?? '',
  }))
  const contextId = contexts[0]?.contextId ?? ''
  const isOne = contexts.length === 1
  const [first, second] = shown
  const calls = first === undefined ? [] : linesFor(methods, contextId, first)
  const lines = [
    ...shown.map(({ name, api }) => `${name.padEnd(12)}${api}`),
    `application ${applicationId}`,
    ...contexts.map(
      (each) => `context     ${each.contextId}${isOne ? '' : ` on ${each.protocol}`}`,
    ),
    '',
    'tokens for development, good for twelve hours:',
    ...shown.map(({ name, token }) => `  ${name.toUpperCase()}=${token}`),
    '',
    `the application's methods on ${first?.name}; on ${second?.name} with its token and address:`,
    ...calls.map(({ line }) => `  ${line}`),
    '',
    'Ctrl-C stops everything.',
  ]
  const facts = { nodes: shown, applicationId, contextId, contexts, calls }
  output.event({ event: 'ready', ...facts }, lines.join('\n'))
}

function linesFor(
  methods: readonly MethodText[],
  contextId: string,
  { name, api }: { readonly name: string; readonly api: string },
): readonly ReadyLine[] {
  return readyLines(methods, contextId, { api, token: name.toUpperCase() })
}
