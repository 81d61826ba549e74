/** A chain and some nodes, each node its own process with a fresh home and free ports: for the demo, the benchmarks and end-to-end tests. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CHAINS } from '../../src/cli/chains/chains.ts'
import { chainsNamed, settingsOn, startChains } from '../../src/cli/chains/running.ts'
import {
  type NodeProcess,
  type NodeProcessOptions,
  startNodeProcess,
} from '../../src/cli/node-process.ts'
import { type MerogateClient, merogateClient } from '../../src/client/index.ts'
import { isMerogateError } from '../../src/node/errors.ts'

const ROOT = join(import.meta.dirname, '../..')

/** The example application's bundle. */
export const KV_STORE: string = join(ROOT, 'apps/kv-store-rs/dist/kv-store.mpk')

/** Longest wait for any one step, ms. */
const STEP_TIMEOUT_MS = 30_000

/** A node process and a client of it. */
export interface ClusterNode {
  readonly process: NodeProcess
  readonly client: MerogateClient
}

/** What a node of a cluster has of its own. */
export interface MoreOfNode extends Pick<NodeProcessOptions, 'env' | 'onLog' | 'main'> {
  /** As KEY=VALUE; they win. */
  readonly settings?: readonly string[]
}

export interface Cluster extends AsyncDisposable {
  readonly folder: string
  /** Of the chain, the first of several. */
  readonly chainUrl: string
  /** Whether each node has an account of its own, with which it pays. */
  readonly hasAccounts: boolean
  /** Starts a node, or starts one again that was ended: its home is named after it. */
  node(name: string, more?: MoreOfNode): Promise<ClusterNode>
  /** One request to a chain that takes any, as `evm_mine`. */
  sendToChain(method: string, params?: readonly unknown[]): Promise<unknown>
  /** Ends the chain, as if its endpoint had died. */
  stopChain(): Promise<void>
  /** Ends everything and removes the homes. */
  stop(): Promise<void>
}

/** A context with the example app that every given node is a member of. */
export interface SharedContext {
  readonly contextId: string
  readonly applicationId: string
  /** Identity of each node, in the order given. */
  readonly members: readonly string[]
}

/** Starts a chain, or all with contracts; nodes are added one by one. @param name as `--chain` has it, by default the first chain there is */
export async function startCluster(name: string = CHAINS[0].name): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'merogate-'))
  await using starting = new AsyncDisposableStack()
  const chains = await startChains(chainsNamed(name), folder, starting)
  const running = starting.move()
  const [{ chain } = noChain(name)] = chains
  const stopChain = (): Promise<void> => running.disposeAsync()
  const names: string[] = []
  const nodes = new Map<string, ClusterNode>()
  const stop = async (): Promise<void> => {
    await Promise.all([...nodes.values()].map((node) => node.process.stop()))
    await stopChain()
    await rm(folder, { recursive: true, force: true })
  }
  return {
    folder,
    chainUrl: chain.url,
    hasAccounts: chains.some((each) => each.chain.key !== undefined),
    async node(nodeName, { settings = [], ...more } = {}) {
      // a node that comes again has the account it had
      if (!names.includes(nodeName)) names.push(nodeName)
      const index = names.indexOf(nodeName)
      const account = await settingsOn(chains, index, async (on, key) => {
        const file = join(folder, `${on}-${index}.key`)
        await writeFile(file, key, { mode: 0o600 })
        return { file }
      })
      const child = await startNodeProcess({
        name: nodeName,
        home: folder,
        serverPort: 0,
        settings: [...account, 'swarm.listen=/ip4/127.0.0.1/tcp/0', 'log.level=warn', ...settings],
        ...more,
      })
      const node = { process: child, client: merogateClient({ url: child.ready.api }) }
      nodes.set(nodeName, node)
      return node
    },
    async sendToChain(method, params) {
      if (chain.send === undefined) throw new RangeError(`the chain ${name} has no ${method}`)
      return chain.send(method, params)
    },
    stopChain,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function noChain(name: string): never {
  throw new RangeError(`expected a chain, got none for ${name}`)
}

/** Installs the example app on the first node, makes a context there and lets the others join it. */
export async function shareContext(nodes: readonly ClusterNode[]): Promise<SharedContext> {
  const [first, ...others] = nodes
  if (first === undefined) throw new RangeError('expected at least one node')
  const { applicationId } = await first.client.admin.installFile(KV_STORE)
  const { contextId, memberPublicKey } = await first.client.admin.createContext({ applicationId })
  const members = [memberPublicKey]
  for (const { client } of others) {
    const { publicKey } = await client.admin.createIdentity()
    const invitation = await first.client.admin.invite({ contextId, invitee: publicKey })
    await client.admin.join(invitation ?? '')
    await client.admin.context(contextId, STEP_TIMEOUT_MS)
    members.push(publicKey)
  }
  return { contextId, applicationId, members }
}

/** Resolves when all nodes show the same root and nothing waits; the condition is looked at on every change that a node reports. */
export async function equalRoots(
  nodes: readonly ClusterNode[],
  contextId: string,
): Promise<string> {
  const signal = AbortSignal.timeout(STEP_TIMEOUT_MS)
  for (;;) {
    const states = await Promise.all(nodes.map(({ client }) => client.admin.context(contextId)))
    const roots = new Set(states.map(({ rootHash }) => rootHash))
    const settled = states.every(({ deltas }) => deltas.pending + deltas.parked === 0)
    const [root] = roots
    if (roots.size === 1 && settled && root !== undefined) return root
    signal.throwIfAborted()
    await Promise.all(nodes.map(({ client }) => client.admin.sync(contextId, 1_000)))
  }
}

/** What a node said no with, its own code; `none` when it did not. */
export async function refusalOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (!isMerogateError(error)) throw error
    const { apiCode, type } = error.details
    return [apiCode, type].find((one) => typeof one === 'string') ?? error.code
  }
  return 'none'
}
