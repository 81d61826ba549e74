/** A chain and some nodes, each node its own process with a fresh home and free ports: for the demo, the benchmarks and end-to-end tests. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { startEthereumChain } from '../../src/cli/ethereum-chain.ts'
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

/** Where memberships are kept. */
export type ChainKind = 'local' | 'ethereum'

/** A chain that runs, and what a node needs to be told of it. */
interface Chain {
  readonly url: string
  /** One JSON-RPC request to a chain that has it. */
  send(method: string, params?: readonly unknown[]): Promise<unknown>
  /** Settings as KEY=VALUE of the node that comes as number `index`. */
  settings(index: number): Promise<string[]>
  stop(): Promise<void>
}

/** What a node of a cluster has of its own. */
export interface MoreOfNode extends Pick<NodeProcessOptions, 'env' | 'onLog' | 'main'> {
  /** As KEY=VALUE; they win. */
  readonly settings?: readonly string[]
}

export interface Cluster extends AsyncDisposable {
  readonly folder: string
  readonly chainUrl: string
  /** Starts a node, or starts one again that was ended: its home is named after it. */
  node(name: string, more?: MoreOfNode): Promise<ClusterNode>
  /** One JSON-RPC request to the Ethereum chain: `evm_mine`, ... */
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

async function startLocal(): Promise<Chain> {
  const child = spawn(process.execPath, [join(ROOT, 'src/chains/local/main.ts'), '--port', '0'], {
    // the channel tells it when this process is gone, however that came
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    detached: true,
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const { stdout } = child
  if (stdout === null) throw new Error('expected a pipe from the local chain')
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: stdout }).once('line', (line) => {
      resolve((JSON.parse(line) as { url: string }).url) // our own program wrote it
    })
    void ended.then(() => reject(new Error('the local chain did not start')))
  })
  return {
    url,
    settings: async () => [`anchor.local.url=${url}`],
    send: (method) => Promise.reject(new RangeError(`the local chain has no ${method}`)),
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** A chain of its own with the contracts on it; every node has an account with funds, whose key lies in a file. */
async function startEthereum(folder: string): Promise<Chain> {
  const { devnet, deployment } = await startEthereumChain(0)
  const file = join(folder, 'deployment.json')
  await writeFile(file, JSON.stringify(deployment))
  return {
    url: devnet.url,
    send: (method, params) => devnet.send(method, params),
    async settings(index) {
      const account = devnet.accounts[index + 1] ?? devnet.accounts[0]
      const key = join(folder, `account-${index}.key`)
      await writeFile(key, account.privateKey, { mode: 0o600 })
      return [
        `anchor.ethereum.rpc_urls=${devnet.url}`,
        `anchor.ethereum.ws_url=${devnet.wsUrl}`,
        `anchor.ethereum.deployment=${file}`,
        `anchor.ethereum.key_file=${key}`,
        'anchor.ethereum.confirmations=0',
      ]
    },
    stop: () => devnet.stop(),
  }
}

/** Starts a chain; nodes are added one by one. */
export async function startCluster(kind: ChainKind = 'local'): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'merogate-'))
  const chain = kind === 'local' ? await startLocal() : await startEthereum(folder)
  const names: string[] = []
  const running = new Map<string, ClusterNode>()
  const stop = async (): Promise<void> => {
    await Promise.all([...running.values()].map((node) => node.process.stop()))
    await chain.stop()
    await rm(folder, { recursive: true, force: true })
  }
  return {
    folder,
    chainUrl: chain.url,
    async node(name, { settings = [], ...more } = {}) {
      // a node that comes again has the account it had
      if (!names.includes(name)) names.push(name)
      const child = await startNodeProcess({
        name,
        home: folder,
        serverPort: 0,
        settings: [
          ...(await chain.settings(names.indexOf(name))),
          'swarm.listen=/ip4/127.0.0.1/tcp/0',
          'log.level=warn',
          ...settings,
        ],
        ...more,
      })
      const node = { process: child, client: merogateClient({ url: child.ready.api }) }
      running.set(name, node)
      return node
    },
    sendToChain: (method, params) => chain.send(method, params),
    stopChain: () => chain.stop(),
    stop,
    [Symbol.asyncDispose]: stop,
  }
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
