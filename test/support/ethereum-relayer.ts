/** A relayer behind the real server on a local chain, and stand-ins for relayers that misbehave. */
import { createServer, type IncomingMessage, request as httpRequest } from 'node:http'
import type { Wallet } from 'ethers'
import { DEFAULT_MAX_FEE_PER_GAS } from '../../src/chains/ethereum/limits.ts'
import { LOCAL_POLL_MS } from '../../src/chains/shared/limits.ts'
import { openRelay } from '../../src/chains/ethereum/send/relay.ts'
import type { Relay } from '../../src/chains/shared/relay.ts'
import { relayerCarrier } from '../../src/chains/ethereum/send/carrier.ts'
import { EthereumService } from '../../src/chains/ethereum/service.ts'
import type { Anchor } from '../../src/node/anchor/anchor.ts'
import { envelopeAnchor } from '../../src/node/anchor/envelope-anchor.ts'
import type { SignedEnvelope } from '../../src/node/anchor/service.ts'
import { toHex } from '../../src/node/primitives/bytes.ts'
import { type Clock, systemClock, systemRandom } from '../../src/node/primitives/clock.ts'
import { silentLogger } from '../../src/node/primitives/logger.ts'
import {
  httpServer,
  promMetrics,
  relayer,
  type PromMetrics,
  type QuotaRules,
  type RelayerInit,
  type RelayCarrier,
} from '../../src/server/index.ts'
import type { EthereumTestChain } from './ethereum.ts'
import { stubNode } from './stub-node.ts'

/** More than any test sends. */
const GENEROUS: QuotaRules = {
  keyPerHour: 10_000,
  keyPerDay: 10_000,
  addressPerHour: 10_000,
  addressPerDay: 10_000,
  signerPerHour: 10_000,
  signerPerDay: 10_000,
  groupPerHour: 10_000,
  groupPerDay: 10_000,
}

/** Index of the account that pays for others. */
const PAYER = 5

export interface RelayAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

export interface TestRelayer extends AsyncDisposable {
  readonly url: string
  readonly relay: Relay
  readonly metrics: PromMetrics
  /** Transactions that its account has sent. */
  sent(): Promise<number>
  post(body: unknown, headers?: Record<string, string>): Promise<RelayAnswer>
  /** Asks for what moved to be taken over. */
  adopt(body: unknown): Promise<RelayAnswer>
  get(id: unknown, headers?: Record<string, string>): Promise<RelayAnswer>
  /** Sends a signed envelope as a client does. */
  carry(signed: SignedEnvelope, fields?: object): Promise<RelayAnswer>
  /** The state of an operation when it is no longer pending. */
  settled(id: unknown): Promise<RelayAnswer>
  stop(): Promise<void>
}

export interface TestRelayerInit extends Partial<Omit<RelayerInit, 'quotas' | 'carriers'>> {
  readonly quotas?: Partial<QuotaRules>
  /** @default more than any test pays */
  readonly gasPerDay?: bigint
  readonly clock?: Clock
  /** The endpoint it asks. @default the chain's own */
  readonly rpcUrl?: string
  /** Changes what the relayer knows of the chain. */
  readonly wrap?: (relay: Relay) => RelayCarrier
}

/** The body that asks for a signed envelope to be carried. */
export function relayBody({ envelope, signature }: SignedEnvelope): Record<string, unknown> {
  return {
    chain: 'ethereum',
    network: 'local',
    envelope: toHex(envelope),
    signature: toHex(signature),
  }
}

/** Starts one. */
export async function startTestRelayer(
  chain: EthereumTestChain,
  init: TestRelayerInit = {},
): Promise<TestRelayer> {
  const { clock = systemClock, wrap = (relay) => relay, quotas, ...others } = init
  const { gasPerDay = 100_000_000_000n } = init
  const { rpcUrl = chain.devnet.url, ...rest } = others
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
  const metrics = promMetrics({ process: false })
  const made = relayer({
    ...{ maxUnderWay: 16, isOpen: rest.apiKeys === undefined, ...rest },
    carriers: [wrap(relay)],
    quotas: { ...GENEROUS, ...quotas },
  })({ clock, logger: silentLogger, metrics })
  const server = httpServer({ listen: [{ host: '127.0.0.1', port: 0 }] })({
    node: stubNode(),
    metrics,
    relayer: made,
  })
  await server.start()
  const { url } = server.address()
  const ask = async (path: string, options: RequestInit): Promise<RelayAnswer> => {
    const response = await fetch(`${url}/v1${path}`, options)
    return { status: response.status, body: (await response.json()) as RelayAnswer['body'] }
  }
  const post: TestRelayer['post'] = (body, headers = {}) =>
    ask('/operations', posting(body, headers))
  const get: TestRelayer['get'] = (id, headers = {}) =>
    ask(`/operations/${String(id)}`, { headers })
  const stop = async (): Promise<void> => {
    await server.stop()
    await made.stop()
  }
  return {
    ...{ url, relay, metrics, post, get, stop },
    sent: async () =>
      Number(await chain.devnet.send('eth_getTransactionCount', [relay.address, 'latest'])),
    adopt: (body) => ask('/adoptions', posting(body)),
    carry: (signed, fields = {}) => post({ ...relayBody(signed), ...fields }),
    async settled(id) {
      for (;;) {
        const answer = await get(id)
        if (answer.body['state'] !== 'pending') return answer
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
    [Symbol.asyncDispose]: stop,
  }
}

function posting(body: unknown, headers: Readonly<Record<string, string>> = {}): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  }
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
