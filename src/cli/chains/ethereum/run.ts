/** A local Ethereum chain with the contracts on it, as `merogate chain run` serves it and `merogate dev` starts it. */
import { join, resolve } from 'node:path'
import { writeDeployment } from '../../../chains/ethereum/deploy/deployment.ts'
import { startEthereumDevnet } from '../../../devnet/ethereum/index.ts'
import type { LocalChain, RunPlace, Serving } from '../chain.ts'
import { openOutFile } from './deployment-file.ts'
import { type EthereumChain, startEthereumChain } from './local-chain.ts'

/** Accounts that are shown: one deploys, three are for nodes. */
const SHOWN_ACCOUNTS = 4
/** The account that deployed; nodes have those after it. */
const DEPLOYER_ACCOUNTS = 1

export interface RunOptions {
  readonly out?: string
  readonly empty?: true
}

/** Serves a chain until it is stopped. @throws CLI_FILE (input), DEVNET_UNAVAILABLE (missing), DEVNET_LISTEN (input) */
export function run(options: RunOptions, { port }: RunPlace): Promise<Serving> {
  return options.empty === true ? runEmpty(port) : runWithContracts(options, port)
}

async function runWithContracts(options: RunOptions, port: number): Promise<Serving> {
  const started = await startEthereumChain(port)
  const stop = (): Promise<void> => started.devnet.stop()
  try {
    const path = resolve(options.out ?? 'local.deployment.json')
    // the chain is new, so an older release's addresses in the file mean nothing any more
    const file = await openOutFile(path, started.deployment.chainId, { anyContracts: true })
    await file.write(started.deployment)
    return { ready: ready(started, path), [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function runEmpty(port: number): Promise<Serving> {
  const devnet = await startEthereumDevnet({ port })
  const { url, wsUrl, chainId } = devnet
  const accounts = devnet.accounts.slice(0, SHOWN_ACCOUNTS)
  const lines = [
    ...chainLines(devnet),
    '',
    'put the contracts on it:',
    `  DEPLOYER_KEY=${accounts[0]?.privateKey} merogate chain deploy --network local --rpc-url ${url} --key-env DEPLOYER_KEY`,
    '',
    FAREWELL,
  ]
  return {
    ready: { facts: { url, wsUrl, chainId, accounts }, text: lines.join('\n') },
    [Symbol.asyncDispose]: () => devnet.stop(),
  }
}

/** The last line of what people read. */
const FAREWELL = 'Ctrl-C stops it, and everything on it is gone.'

function chainLines({ url, wsUrl, chainId, accounts }: EthereumChain['devnet']): string[] {
  return [
    `url         ${url}`,
    `ws url      ${wsUrl}`,
    `chain id    ${chainId}`,
    '',
    'accounts with funds; everybody knows these keys, so never send anything real to them:',
    ...accounts
      .slice(0, SHOWN_ACCOUNTS)
      .map(({ address, privateKey }, i) => `  ${i}  ${address}  ${privateKey}`),
  ]
}

function ready({ devnet, deployment }: EthereumChain, path: string): Serving['ready'] {
  const { url, wsUrl, chainId } = devnet
  const accounts = devnet.accounts.slice(0, SHOWN_ACCOUNTS)
  const lines = [
    ...chainLines(devnet),
    '',
    `deployment  ${path}`,
    '',
    'point a node at it (accounts 1 to 3 are unused):',
    `  export MEROGATE_ETHEREUM_KEY=${accounts[1]?.privateKey}`,
    `  merogate node init --chain ethereum --rpc-url ${url} --deployment ${path} --key-env MEROGATE_ETHEREUM_KEY --confirmations 0`,
    '',
    FAREWELL,
  ]
  const facts = { url, wsUrl, chainId, deploymentFile: path, deployment, accounts }
  return { facts, text: lines.join('\n') }
}

/** Starts one whose accounts are for nodes; the deployment file lies in the folder. @throws DEVNET_UNAVAILABLE (missing) */
export async function start(folder: string): Promise<LocalChain> {
  const { devnet, deployment } = await startEthereumChain(0)
  const stop = (): Promise<void> => devnet.stop()
  try {
    const file = join(folder, 'local.deployment.json')
    await writeDeployment(file, deployment)
    const { url, wsUrl, accounts } = devnet
    const shared = [`rpc_urls=${url}`, `ws_url=${wsUrl}`, `deployment=${file}`, 'confirmations=0']
    return {
      ...{ url, stop, [Symbol.asyncDispose]: stop },
      text: `local Ethereum chain at ${url}, deployment ${file}`,
      key: (index) => (accounts[index + DEPLOYER_ACCOUNTS] ?? accounts[0]).privateKey,
      settings: (key) =>
        [...shared, 'file' in key ? `key_file=${key.file}` : `key_env=${key.env}`].map(
          (setting) => `anchor.ethereum.${setting}`,
        ),
      send: (method, params) => devnet.send(method, params),
    }
  } catch (error) {
    await stop()
    throw error
  }
}
