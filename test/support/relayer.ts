/** A relayer behind the real server, whichever chain its account is on. */
import type { Relay } from '../../src/chains/shared/relay.ts'
import type { SignedEnvelope } from '../../src/node/anchor/service.ts'
import { toHex } from '../../src/node/primitives/bytes.ts'
import { type Clock, systemClock } from '../../src/node/primitives/clock.ts'
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

export interface ServeRelayInit extends Partial<Omit<RelayerInit, 'quotas' | 'carriers'>> {
  readonly quotas?: Partial<QuotaRules>
  readonly clock?: Clock
  /** Changes what the relayer knows of the chain. */
  readonly wrap?: (relay: Relay) => RelayCarrier
}

/** The body that asks for a signed envelope to be carried. */
export function bodyFor(
  { chain, network }: Pick<Relay, 'chain' | 'network'>,
  { envelope, signature }: SignedEnvelope,
): Record<string, unknown> {
  return { chain, network, envelope: toHex(envelope), signature: toHex(signature) }
}

/** Serves the relay of an account. @param sent transactions that the account has sent */
export async function serveRelay(
  relay: Relay,
  sent: () => Promise<number>,
  { clock = systemClock, wrap = (same) => same, quotas, ...rest }: ServeRelayInit = {},
): Promise<TestRelayer> {
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
    sent,
    adopt: (body) => ask('/adoptions', posting(body)),
    carry: (signed, fields = {}) => post({ ...bodyFor(relay, signed), ...fields }),
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
