/** A local NEAR chain with the contracts on it, as `merogate chain run` serves it and `merogate dev` starts it. */
import { join, resolve } from 'node:path'
import { writeDeployment } from '../../../chains/near/deploy/deployment.ts'
import { startNearDevnet } from '../../../devnet/near/index.ts'
import type { LocalChain, RunPlace, Serving } from '../chain.ts'
import { openOutFile } from './deployment-file.ts'
import { credentialsOf, LOCAL_ACCOUNTS, type NearChain, startNearChain } from './local-chain.ts'

/** Accounts that are shown: one deploys, three are for nodes. */
const SHOWN_ACCOUNTS = 4
/** The account that deployed; nodes have those after it. */
const DEPLOYER_ACCOUNTS = 1

export interface RunOptions {
  readonly out?: string
  readonly empty?: true
}

/** Serves a chain until it is stopped. @throws CLI_FILE (input), DEVNET_LISTEN (input) */
export function run(options: RunOptions, { port }: RunPlace): Promise<Serving> {
  return options.empty === true ? runEmpty(port) : runWithContracts(options, port)
}

async function runWithContracts(options: RunOptions, port: number): Promise<Serving> {
  const started = await startNearChain(port)
  const stop = (): Promise<void> => started.devnet.stop()
  try {
    const path = resolve(options.out ?? 'local.deployment.json')
    // the chain is new, so an older release's accounts in the file mean nothing any more
    const file = await openOutFile(path, { chainId: started.deployment.chainId })
    await file.write(started.deployment)
    return { ready: ready(started, path), [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function runEmpty(port: number): Promise<Serving> {
  const devnet = await startNearDevnet({ port, accounts: LOCAL_ACCOUNTS })
  const { url, chainId } = devnet
  const accounts = devnet.accounts.slice(0, SHOWN_ACCOUNTS)
  const lines = [
    ...chainLines(devnet),
    '',
    'put the contracts on it:',
    `  export DEPLOYER_KEY='${credentialsOf(devnet.accounts[0])}'`,
    `  merogate chain deploy --chain near --network local --rpc-url ${url} --key-env DEPLOYER_KEY`,
    '',
    FAREWELL,
  ]
  return {
    ready: { facts: { url, chainId, accounts }, text: lines.join('\n') },
    [Symbol.asyncDispose]: () => devnet.stop(),
  }
}

/** The last line of what people read. */
const FAREWELL = 'Ctrl-C stops it, and everything on it is gone.'

function chainLines({ url, chainId, accounts }: NearChain['devnet']): string[] {
  return [
    `url         ${url}`,
    `chain id    ${chainId}`,
    '',
    'accounts with funds; everybody knows these keys, so never send anything real to them:',
    ...accounts
      .slice(0, SHOWN_ACCOUNTS)
      .map(({ accountId, secretKey }, i) => `  ${i}  ${accountId}  ${secretKey ?? ''}`),
  ]
}

function ready({ devnet, deployment }: NearChain, path: string): Serving['ready'] {
  const { url, chainId } = devnet
  const accounts = devnet.accounts.slice(0, SHOWN_ACCOUNTS)
  const [first] = devnet.accounts
  const lines = [
    ...chainLines(devnet),
    '',
    `deployment  ${path}`,
    '',
    'point a node at it (accounts 1 to 3 are unused):',
    `  export MEROGATE_NEAR_KEY='${credentialsOf(accounts[1] ?? first)}'`,
    `  merogate node init --chain near --rpc-url ${url} --deployment ${path} --key-env MEROGATE_NEAR_KEY`,
    '',
    FAREWELL,
  ]
  const facts = { url, chainId, deploymentFile: path, deployment, accounts }
  return { facts, text: lines.join('\n') }
}

/** Starts one whose accounts are for nodes; the deployment file lies in the folder. */
export async function start(folder: string): Promise<LocalChain> {
  const { devnet, deployment } = await startNearChain(0)
  const stop = (): Promise<void> => devnet.stop()
  try {
    const file = join(folder, 'local.deployment.json')
    await writeDeployment(file, deployment)
    const { url, accounts } = devnet
    const shared = [`rpc_urls=${url}`, `deployment=${file}`]
    return {
      ...{ url, stop, [Symbol.asyncDispose]: stop },
      text: `local NEAR chain at ${url}, deployment ${file}`,
      key: (index) => credentialsOf(accounts[index + DEPLOYER_ACCOUNTS] ?? accounts[0]),
      settings: (key) =>
        [...shared, 'file' in key ? `key_file=${key.file}` : `key_env=${key.env}`].map(
          (setting) => `anchor.near.${setting}`,
        ),
      send: (method, params) => devnet.send(method, params),
    }
  } catch (error) {
    await stop()
    throw error
  }
}
