/**
 * A local Ethereum chain for development and tests: Hardhat's EDR in this process, behind the JSON-RPC that every Ethereum client speaks.
 * It mines a block per transaction, keeps nothing on disk, and funds accounts whose keys everybody knows: never send real funds to them.
 * Hardhat is not part of this package: `npm install --save-dev hardhat@3`.
 *
 * ```ts
 * import { deployContracts } from 'merogate/chains/ethereum'
 * import { startEthereumDevnet } from 'merogate/devnet/ethereum'
 *
 * await using chain = await startEthereumDevnet({ port: 0 })
 * const key = { env: 'KEY', from: { KEY: chain.accounts[0].privateKey } }
 * const { url, chainId } = chain
 * const deployment = await deployContracts({ rpcUrls: [url], chainId, network: 'local', key, finality: 0 })
 * ```
 *
 * @packageDocumentation
 */
import { createServer } from 'node:net'
import { join } from 'node:path'
import type * as Hardhat from 'hardhat/hre'
import { devnetError } from '../shared/errors.ts'

/** Chain id of the local chain, the one that Hardhat and its tools expect. */
export const DEVNET_CHAIN_ID = 31_337
/** Where it listens when nothing else is said: this machine only. */
export const DEFAULT_HOST = '127.0.0.1'

/** The test mnemonic of Ethereum's development tools. Public: whoever knows it owns the accounts. */
const MNEMONIC = 'test test test test test test test test test test test junk'
/** This package: Hardhat wants a project, and must not take the folder of whoever runs this for one. */
const PROJECT = join(import.meta.dirname, '../../..')
/** Accounts with funds. */
const ACCOUNTS = 10
/** Open connections are given this long when the chain stops, ms. */
const CLOSE_MS = 1000

export interface EthereumDevnetInit {
  /** TCP port; 0 lets the system choose. */
  readonly port: number
  /** @default DEFAULT_HOST */
  readonly host?: string
  /** @default DEVNET_CHAIN_ID */
  readonly chainId?: number
  /** Seconds between blocks. @default a block per transaction */
  readonly blockSeconds?: number
}

/** An account with funds. */
export interface DevnetAccount {
  /** Hexadecimal with checksum. */
  readonly address: string
  /** 32 bytes, hexadecimal with 0x. Public, as the mnemonic is. */
  readonly privateKey: string
}

/** A chain that runs. */
export interface EthereumDevnet extends AsyncDisposable {
  /** `http://host:port`. */
  readonly url: string
  /** `ws://host:port`, for subscriptions. */
  readonly wsUrl: string
  readonly chainId: number
  readonly accounts: readonly [DevnetAccount, ...DevnetAccount[]]
  /** One JSON-RPC request past the network, for what only a local chain can do: `evm_increaseTime`, `evm_snapshot`, ... @throws DEVNET_REQUEST (protocol) */
  send(method: string, params?: readonly unknown[]): Promise<unknown>
  /** Ends the chain; everything on it is gone. Safe to repeat. */
  stop(): Promise<void>
}

async function loadHardhat(): Promise<typeof Hardhat> {
  try {
    return await import('hardhat/hre')
  } catch (cause) {
    throw devnetError(
      'DEVNET_UNAVAILABLE',
      'the local Ethereum chain needs Hardhat: npm install --save-dev hardhat@3',
      {},
      { cause },
    )
  }
}

/**
 * Starts a chain and resolves when it answers.
 * @throws DEVNET_UNAVAILABLE (missing), DEVNET_LISTEN (input)
 */
export async function startEthereumDevnet(init: EthereumDevnetInit): Promise<EthereumDevnet> {
  const { port, host = DEFAULT_HOST, chainId = DEVNET_CHAIN_ID, blockSeconds } = init
  const { createHardhatRuntimeEnvironment } = await loadHardhat()
  const { HDNodeWallet, Mnemonic } = await import('ethers')
  const root = HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(MNEMONIC), "m/44'/60'/0'/0")
  const account = (index: number): DevnetAccount => {
    const { address, privateKey } = root.deriveChild(index)
    return { address, privateKey }
  }
  const accounts = Array.from({ length: ACCOUNTS - 1 }, (_, index) => account(index + 1))
  const interval = blockSeconds === undefined ? undefined : blockSeconds * 1000
  const config: Parameters<typeof createHardhatRuntimeEnvironment>[0] = {
    networks: {
      devnet: {
        type: 'edr-simulated',
        chainType: 'l1',
        chainId,
        accounts: { mnemonic: MNEMONIC, count: ACCOUNTS },
        // otherwise every block is a second later than the one before, and the chain runs ahead of this machine
        allowBlocksWithSameTimestamp: true,
        ...(interval === undefined ? {} : { mining: { auto: false, interval } }),
      },
    },
  }
  const hre = await createHardhatRuntimeEnvironment(config, {}, PROJECT)
  const server = await hre.network.createServer('devnet', host, port)
  const bound = await listen(server, host, port)
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${bound}`
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => (stopped ??= close(server))
  let id = 0
  return {
    url,
    wsUrl: url.replace('http', 'ws'),
    chainId,
    accounts: [account(0), ...accounts],
    async send(method, params = []) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params }),
      })
      const answer = (await response.json()) as { result?: unknown; error?: { message: string } }
      if (answer.error !== undefined) throw failed(method, answer.error.message)
      return answer.result
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function failed(method: string, reason: string): Error {
  return devnetError('DEVNET_REQUEST', `${method}: ${reason}`, { method })
}

/** The part of Hardhat's server that is used here. */
interface Server {
  listen(): Promise<{ readonly port: number }>
  close(): Promise<void>
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  // Hardhat's server has no word for a port that is taken, so we ask first
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (cause) =>
      reject(
        devnetError(
          'DEVNET_LISTEN',
          `cannot listen on ${host}:${port}; is the port taken?`,
          { host, port },
          { cause },
        ),
      ),
    )
    probe.listen(port, host, () => probe.close(() => resolve()))
  })
  return (await server.listen()).port
}

/** Hardhat waits for every connection to end by itself; a client that keeps one open must not keep us. */
async function close(server: Server): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, CLOSE_MS)
  await Promise.race([server.close(), late])
  clearTimeout(timer)
}
