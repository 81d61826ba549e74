/** A relayer behind the real server on a local chain, and stand-ins for relayers that misbehave. */
import { createServer, type IncomingMessage, request as httpRequest } from 'node:http'
import type { Wallet } from 'ethers'
import { DEFAULT_MAX_FEE_PER_GAS } from '../../src/chains/ethereum/limits.ts'
import { LOCAL_POLL_MS } from '../../src/chains/shared/limits.ts'
import { openRelay } from '../../src/chains/ethereum/send/relay.ts'
import { relayerCarrier } from '../../src/chains/ethereum/send/carrier.ts'
import { EthereumService } from '../../src/chains/ethereum/service.ts'
import type { Anchor } from '../../src/node/anchor/anchor.ts'
import { envelopeAnchor } from '../../src/node/anchor/envelope-anchor.ts'
import type { SignedEnvelope } from '../../src/node/anchor/service.ts'
import { type Clock, systemClock, systemRandom } from '../../src/node/primitives/clock.ts'
import { silentLogger } from '../../src/node/primitives/logger.ts'
import type { EthereumTestChain } from './ethereum.ts'
import { bodyFor, serveRelay, type ServeRelayInit, type TestRelayer } from './relayer.ts'

/** Index of the account that pays for others. */
const PAYER = 5

export type { RelayAnswer, TestRelayer } from './relayer.ts'

export interface TestRelayerInit extends ServeRelayInit {
  /** @default more than any test pays */
  readonly gasPerDay?: bigint
  /** The endpoint it asks. @default the chain's own */
  readonly rpcUrl?: string
}

/** The body that asks for a signed envelope to be carried. */
export function relayBody(signed: SignedEnvelope): Record<string, unknown> {
  return bodyFor({ chain: 'ethereum', network: 'local' }, signed)
}

/** Starts one. */
export async function startTestRelayer(
  chain: EthereumTestChain,
  init: TestRelayerInit = {},
): Promise<TestRelayer> {
  const { gasPerDay = 100_000_000_000n, rpcUrl = chain.devnet.url, ...rest } = init
  const relay = await openRelay(
    {
      rpcUrls: [rpcUrl],
      deployment: chain.deployment,
      finality: 0,
      gasPerDay,
      key: { env: 'KEY', from: { KEY: chain.key(PAYER) } },
    },
    { clock: systemClock, logger: silentLogger },
  )
  const sent = async (): Promise<number> =>
    Number(await chain.devnet.send('eth_getTransactionCount', [relay.address, 'latest']))
  return serveRelay(relay, sent, rest)
}

/** What a stand-in does with a request: an answer, or nothing at all, so that the connection breaks. */
export type Behaviour = (request: {
  readonly method: string
  readonly path: string
  readonly body: string
}) => Promise<{ status: number; text: string; headers?: Record<string, string> } | 'hang up'>

/** A server that answers as it is told. */
export async function startStandIn(
  behave: Behaviour,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    void (async () => {
      const body = await readText(request)
      const { method = 'GET', url: path = '/' } = request
      const answer = await behave({ method, path, body })
      if (answer === 'hang up') {
        request.socket.destroy()
        return
      }
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
      response.end(answer.text)
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Passes a request on, and resolves when it was answered. */
export async function passOn(
  url: string,
  { method, path, body }: { method: string; path: string; body: string },
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const sent = httpRequest(`${url}${path}`, { method, headers }, (response) => {
      readText(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject)
    })
    sent.on('error', reject)
    sent.end(method === 'GET' ? undefined : body)
  })
}

async function readText(message: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of message as AsyncIterable<Buffer>) parts.push(part)
  return Buffer.concat(parts).toString()
}

/** A node's side: no account, and somebody at `url` who pays. */
export function openRelayed(
  chain: EthereumTestChain,
  url: string,
  init: {
    readonly patienceMs?: number
    readonly apiKey?: string
    readonly wallet?: Wallet
    /** @default the system's */
    readonly clock?: Clock
  } = {},
): EthereumService {
  const { devnet, deployment } = chain
  const { network, chainId, contracts } = deployment
  const { wallet, clock = systemClock, ...carrying } = init
  return new EthereumService({
    // two endpoints, though of one chain: a nonce that does not follow needs a second word
    rpcUrls: [devnet.url, devnet.url],
    chainId,
    contracts: {
      identityRegistry: contracts.identityRegistry.address,
      contextAnchor: contracts.contextAnchor.address,
    },
    finality: 0,
    wallet,
    carrier: (parts) => relayerCarrier({ ...parts, ...carrying, url, network }),
    maxFeePerGas: DEFAULT_MAX_FEE_PER_GAS,
    pollMs: LOCAL_POLL_MS,
    clock,
    logger: silentLogger,
  })
}

/** An anchor over {@link openRelayed}; not started. */
export function relayedAnchor(
  { deployment }: EthereumTestChain,
  service: EthereumService,
  clock: Clock = systemClock,
): Anchor {
  return envelopeAnchor({
    protocol: 'ethereum',
    network: deployment.network,
    contract: deployment.contracts.contextAnchor.address,
    service,
  })({ clock, random: systemRandom, logger: silentLogger })
}
