/** Whole nodes in the process of the test: real database, real guests, real TCP on loopback, one local chain. */
import { join } from 'node:path'
import { type LocalChain, localAnchor, startLocalChain } from '../../src/chains/local/index.ts'
import {
  type ContextId,
  type ContextInfo,
  type ContextStatus,
  createNode,
  idText,
  type Node,
  type NodeInit,
  type PublicKey,
  type Role,
} from '../../src/node/index.ts'
import type { NodePorts } from '../../src/node/node.ts'
import { systemClock } from '../../src/node/primitives/clock.ts'
import type { Logger } from '../../src/node/primitives/logger.ts'
import { kvInput, kvOutput } from './kv-app.ts'
import { tempFolder } from './temp-folder.ts'

/** The example app's bundle. */
export const KV_BUNDLE: string = join(
  import.meta.dirname,
  '../../apps/kv-store-rs/dist/kv-store.mpk',
)

/** Longest wait for any one condition, ms. */
const WAIT_MS = 15_000
/** Between two looks at a condition that no event tells of, ms. */
const LOOK_MS = 5

/** Errors and warnings of nodes on stderr when a test is run with DEBUG_NODE=1. */
function debugLogger(name: string): Logger {
  const line =
    (level: string) =>
    (fields: Record<string, unknown>, message: string): void => {
      const { err, ...rest } = fields
      const cause = err instanceof Error ? ` ${err.stack ?? err.message}` : ''
      process.stderr.write(
        `${systemClock.nowMs() % 100_000} ${name} ${level} ${message} ${JSON.stringify(rest)}${cause}\n`,
      )
    }
  const none = (): void => {}
  const [warn, error] = [line('warn'), line('error')]
  const logger: Logger = {
    child: () => logger,
    trace: none,
    debug: process.env['DEBUG_NODE'] === 'all' ? line('debug') : none,
    info: line('info'),
    warn,
    error,
  }
  return logger
}

export interface NodeWorld extends AsyncDisposable {
  readonly chain: LocalChain
  /** Home of a node. */
  home(name: string): string
  /** Starts a node, or starts one again that was stopped: its home is named after it. */
  node(name: string, init?: Partial<NodeInit>, ports?: NodePorts): Promise<Node>
}

/** A local chain, and nodes that use it; all are stopped at the end of the scope. */
export async function nodeWorld(): Promise<NodeWorld> {
  const folder = await tempFolder()
  const chain = await startLocalChain({ port: 0 })
  const nodes: Node[] = []
  const home = (name: string): string => join(folder.path, name)
  return {
    chain,
    home,
    async node(name, init = {}, ports = {}) {
      const whole: NodeInit = {
        home: home(name),
        anchors: [localAnchor({ url: chain.url })],
        network: { listen: ['/ip4/127.0.0.1/tcp/0'] },
        runtime: { workers: 1 },
        ...(process.env['DEBUG_NODE'] === undefined ? {} : { logger: debugLogger(name) }),
        ...init,
      }
      const node = await createNode(whole, ports)
      nodes.push(node)
      await node.start()
      return node
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node.stop()))
      await chain.stop()
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** Installs the example app on a node and makes a context there. */
export async function newContext(
  node: Node,
  options: Partial<Parameters<Node['contexts']['create']>[0]> = {},
): ReturnType<Node['contexts']['create']> {
  const { id: application } = await node.applications.installFile(KV_BUNDLE)
  return node.contexts.create({ application, ...options })
}

/** Lets a node join a context of another through an invitation, and waits until it is ready unless it is a relay. */
export async function admit(
  host: Node,
  guest: Node,
  context: ContextId,
  role: Role = 'writer',
): Promise<PublicKey> {
  const invitee = await guest.identities.create()
  const { text } = await host.contexts.invite({ context, invitee, role })
  await guest.contexts.join(text)
  if (role !== 'relay') {
    await guest.contexts.waitReady(context, { signal: AbortSignal.timeout(WAIT_MS) })
  }
  return invitee
}

/** Calls a method of the example app. */
export async function call(
  node: Node,
  context: ContextId,
  method: string,
  params: Readonly<Record<string, unknown>> = {},
  executor?: PublicKey,
): Promise<unknown> {
  const as = executor === undefined ? {} : { executor }
  const input = kvInput(params)
  const { output } = await node.contexts.execute({ context, method, input, ...as })
  return kvOutput(output)
}

/** Writes a key. */
export async function set(
  node: Node,
  context: ContextId,
  key: string,
  value: string = key,
): Promise<void> {
  await call(node, context, 'set', { key, value })
}

/** The context as the node shows it. */
export async function infoOf(node: Node, context: ContextId): Promise<ContextInfo> {
  const info = await node.contexts.get(context)
  if (info === undefined) throw new TypeError('expected the node to have the context')
  return info
}

/** Resolves when a condition holds that no single event tells of. */
export async function becomes(
  what: string,
  check: () => boolean | Promise<boolean>,
  ms: number = WAIT_MS,
): Promise<void> {
  const end = systemClock.monotonicMs() + ms
  while (!(await check())) {
    if (systemClock.monotonicMs() > end)
      throw new TypeError(`did not come true in ${ms} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

/** Resolves when all nodes have one root and the given number of applied deltas or, without it, one number of them. */
export async function converged(
  nodes: readonly Node[],
  context: ContextId,
  options: { applied?: number; ms?: number } = {},
): Promise<string> {
  let states: ContextInfo[] = []
  const isDone = async (): Promise<boolean> => {
    states = await Promise.all(nodes.map((node) => infoOf(node, context)))
    const seen = states.map(({ root, deltas }) => `${idText(root)} ${deltas.applied}`)
    const isOne = new Set(seen).size === 1
    return isOne && (options.applied === undefined || states[0]?.deltas.applied === options.applied)
  }
  try {
    await becomes('equal roots', isDone, options.ms)
  } catch (error) {
    const lines = states.map(({ root, deltas, status }) => ({
      root: idText(root),
      status,
      ...deltas,
    }))
    throw new TypeError(`roots stay apart: ${JSON.stringify(lines)}`, { cause: error })
  }
  return idText(states[0]?.root ?? new Uint8Array())
}

/** Resolves when a node shows a status of a context. */
export function hasStatus(node: Node, context: ContextId, status: ContextStatus): Promise<void> {
  return becomes(`status ${status}`, async () => {
    return (await node.contexts.get(context))?.status === status
  })
}
