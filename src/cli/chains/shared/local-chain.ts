/** Chains on this machine, whichever they are: as `merogate chain run` serves them, and as `merogate dev`, the demo and tests start them. */
import { join, resolve } from 'node:path'
import type { ChainDeployment, DeploymentFiles } from '../../../chains/shared/deployment.ts'
import type { SecretReference } from '../../../node/secret.ts'
import type { LocalChain, RunPlace, Serving } from '../chain.ts'
import { openDeploymentFile } from './deployment-file.ts'

/** A chain that runs. */
interface Devnet {
  readonly url: string
  /** One request to it, in its own language. Left out where it takes none. */
  send?(method: string, params?: readonly unknown[]): Promise<unknown>
  stop(): Promise<void>
}

/** A chain that runs, with the contracts on it. */
export interface DeployedChain<N extends Devnet, D extends ChainDeployment> {
  readonly devnet: N
  readonly deployment: D
}

/** An account of it, with the key that everybody knows. */
export interface ShownAccount {
  readonly name: string
  readonly key: string
}

/** What one chain says of its own. */
export interface LocalChains<N extends Devnet, D extends ChainDeployment> {
  readonly chain: string
  /** For people, as in `a local NEAR chain`. */
  readonly words: string
  readonly files: DeploymentFiles<D>
  /** By which the chain's files tell networks apart. */
  networkOf(deployment: D): string | number
  /** Without contracts. @throws DEVNET_LISTEN (input) */
  open(port: number): Promise<N>
  /** With them. */
  openDeployed(port: number): Promise<DeployedChain<N, D>>
  /** What it is, JSON-safe, and its accounts. */
  facts(devnet: N): object
  readonly accountsOf: (devnet: N) => readonly object[]
  /** The same for people: names and values. */
  lines(devnet: N): readonly (readonly [string, string])[]
  /** Accounts as they are shown: one deploys, the others are for nodes. */
  shown(devnet: N): readonly ShownAccount[]
  /** How the contracts are put on it, a line each. */
  deployHint(devnet: N): readonly string[]
  /** How a node is pointed at it. */
  nodeHint(devnet: N, path: string): readonly string[]
  /** What its nodes have in common, beside endpoint and deployment. @default nothing */
  settings?(devnet: N): readonly string[]
  /** Private key of an account, one for each node. Left out where nobody pays. */
  readonly keyOf?: ((devnet: N, index: number) => string) | undefined
}

export interface RunOptions {
  readonly out?: string
  readonly empty?: true
}

/** The last line of what people read. */
const FAREWELL = 'Ctrl-C stops it, and everything on it is gone.'

/** Serves a chain until it is stopped. @throws CLI_FILE (input), DEVNET_UNAVAILABLE (missing), DEVNET_LISTEN (input) */
export async function serve<N extends Devnet, D extends ChainDeployment>(
  chains: LocalChains<N, D>,
  { out, empty }: RunOptions,
  { port }: RunPlace,
): Promise<Serving> {
  if (empty === true) {
    const devnet = await chains.open(port)
    const lines = ['put the contracts on it:', ...chains.deployHint(devnet)]
    const facts = { ...chains.facts(devnet), accounts: chains.accountsOf(devnet) }
    return {
      ready: { facts, text: textOf(chains, devnet, lines) },
      [Symbol.asyncDispose]: () => devnet.stop(),
    }
  }
  const { devnet, deployment } = await chains.openDeployed(port)
  const stop = (): Promise<void> => devnet.stop()
  try {
    const path = resolve(out ?? 'local.deployment.json')
    const { files } = chains
    // the chain is new, so an older release's contracts in the file mean nothing any more
    const network = chains.networkOf(deployment)
    const file = await openDeploymentFile(path, { files, network })
    await file.write(deployment)
    const lines = [`deployment  ${path}`, '', ...chains.nodeHint(devnet, path)]
    const accounts = chains.accountsOf(devnet)
    const facts = { ...chains.facts(devnet), deploymentFile: path, deployment, accounts }
    return {
      ready: { facts, text: textOf(chains, devnet, lines) },
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function textOf<N extends Devnet, D extends ChainDeployment>(
  chains: LocalChains<N, D>,
  devnet: N,
  lines: readonly string[],
): string {
  const accounts = chains.shown(devnet)
  return [
    ...chains.lines(devnet).map(([name, value]) => `${name.padEnd(11)} ${value}`),
    '',
    'accounts with funds; everybody knows these keys, so never send anything real to them:',
    ...accounts.map(({ name, key }, i) => `  ${i}  ${name}  ${key}`),
    '',
    ...lines,
    '',
    FAREWELL,
  ].join('\n')
}

/** Starts one whose accounts are for nodes; the deployment file lies in the folder. @throws DEVNET_UNAVAILABLE (missing) */
export async function startLocal<N extends Devnet, D extends ChainDeployment>(
  chains: LocalChains<N, D>,
  folder: string,
): Promise<LocalChain> {
  const { chain, words, files, keyOf } = chains
  const { devnet, deployment } = await chains.openDeployed(0)
  const stop = (): Promise<void> => devnet.stop()
  try {
    const file = join(folder, 'local.deployment.json')
    await files.write(file, deployment)
    const { url } = devnet
    const shared = [`rpc_urls=${url}`, `deployment=${file}`, ...(chains.settings?.(devnet) ?? [])]
    const place = (key: SecretReference): string =>
      'file' in key ? `key_file=${key.file}` : `key_env=${key.env}`
    return {
      ...{ url, stop, [Symbol.asyncDispose]: stop },
      text: `${words} at ${url}, deployment ${file}`,
      ...(keyOf === undefined ? {} : { key: (index: number) => keyOf(devnet, index) }),
      settings: (key) =>
        [...shared, ...(keyOf === undefined ? [] : [place(key)])].map(
          (setting) => `anchor.${chain}.${setting}`,
        ),
      ...sendingOf(devnet),
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function sendingOf(devnet: Devnet): Pick<LocalChain, 'send'> {
  const send = devnet.send?.bind(devnet)
  return send === undefined ? {} : { send: (method, params) => send(method, params) }
}

/** A chain with its contracts; a chain on which that fails is stopped. */
export async function deployedOn<N extends Devnet, D extends ChainDeployment>(
  devnet: N,
  deploy: (devnet: N) => Promise<D>,
): Promise<DeployedChain<N, D>> {
  try {
    return { devnet, deployment: await deploy(devnet) }
  } catch (error) {
    await devnet.stop()
    throw error
  }
}
