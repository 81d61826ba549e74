/** Ethereum's JSON-RPC over several endpoints: which answer, what their errors mean, and never an endpoint of another chain. */
import { toQuantity } from 'ethers'
import { badAnswer, unreachable } from '../../../node/anchor/errors.ts'
import { isMerogateError, MerogateError, throwIfAborted } from '../../../node/errors.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import { Failover } from '../../shared/failover.ts'
import { ethereumError } from '../errors.ts'
import { type AnswerBounds, JsonRpc } from './json-rpc.ts'
import { rpcErrorKind } from './rpc-errors.ts'

/** One endpoint, as a task sees it. */
export interface Endpoint {
  /** Its place among the endpoints: two may have the same name. */
  readonly id: number
  /** Address without credentials, for messages. */
  readonly name: string
  /** One JSON-RPC call. @throws CHAIN_RPC and others; {@link isEndpointFailure} tells whose fault it is */
  send(method: string, params: readonly unknown[]): Promise<unknown>
}

export interface EthereumRpcInit {
  readonly urls: readonly string[]
  readonly chainId: number
  readonly clock: Clock
  readonly logger: Logger
  readonly bounds?: AnswerBounds | undefined
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined
  /** Id of the one endpoint that may answer. @default any */
  readonly only?: number | undefined
  /** {@link sourceOf} an endpoint that is asked after all others. @default none */
  readonly besides?: string | undefined
}

/** Tells an endpoint from others of the same name, in words. */
export function sourceOf({ id, name }: Pick<Endpoint, 'id' | 'name'>): string {
  return `${name} (${id + 1})`
}

/** Errors that are an endpoint's fault, whatever was asked. */
const FAILURES: ReadonlySet<string> = new Set([
  'ANCHOR_UNREACHABLE',
  'ANCHOR_BAD_ANSWER',
  'ANCHOR_CLOCK',
  'CHAIN_BEHIND',
  'CHAIN_TOO_LONG',
  'CHAIN_WRONG_NETWORK',
])

/** Whether an error says more about the endpoint than about what was asked: others may fare better. */
export function isEndpointFailure(error: unknown): boolean {
  if (!isMerogateError(error)) return false
  const kind = rpcErrorKind(error)
  return FAILURES.has(error.code) || kind === 'busy' || kind === 'other'
}

/** Which chain an endpoint serves, for whoever does not know yet. @throws ANCHOR_UNREACHABLE (transport), ANCHOR_BAD_ANSWER (protocol) */
export async function readChainId(url: string): Promise<number> {
  const rpc = new JsonRpc(url)
  const id = Number(await askChainId(rpc))
  if (Number.isSafeInteger(id)) return id
  throw badAnswer(rpc.name, 'a chain id of another shape')
}

async function askChainId(rpc: JsonRpc): Promise<bigint> {
  const answer = await rpc.send('eth_chainId', [])
  // some write it with leading zeros
  if (typeof answer === 'string' && /^0x[0-9a-f]{1,64}$/i.test(answer)) return BigInt(answer)
  throw badAnswer(rpc.name, 'a chain id of another shape')
}

/** An endpoint that answers only once it has shown that it serves the right chain. */
class CheckedEndpoint {
  readonly id: number
  readonly name: string
  readonly #rpc: JsonRpc
  readonly #chainId: number
  #checked: Promise<void> | undefined

  constructor(
    url: string,
    { id, chainId, bounds }: { id: number; chainId: number; bounds: AnswerBounds | undefined },
  ) {
    this.#rpc = new JsonRpc(url, bounds)
    this.name = this.#rpc.name
    this.id = id
    this.#chainId = chainId
  }

  async send(method: string, params: readonly unknown[], signal?: AbortSignal): Promise<unknown> {
    try {
      // everybody waits for the same check; who gives up must not end it for the others
      await abortable((this.#checked ??= this.#check()), signal)
      return await this.#rpc.send(method, params, signal)
    } catch (error) {
      // it may come back as another
      if (isMerogateError(error) && FAILURES.has(error.code)) this.#checked = undefined
      throw error
    }
  }

  close(): void {
    this.#rpc.close()
  }

  async #check(): Promise<void> {
    const got = await askChainId(this.#rpc)
    if (got === BigInt(this.#chainId)) return
    throw ethereumError(
      'CHAIN_WRONG_NETWORK',
      `expected chain ${this.#chainId} at ${this.name}, got ${got}: it is not asked anything else`,
      { expected: this.#chainId, got: toQuantity(got), endpoint: this.name },
    )
  }
}

export class EthereumRpc {
  readonly #endpoints: readonly CheckedEndpoint[]
  readonly #failover: Failover<CheckedEndpoint>
  readonly #logger: Logger

  constructor({ urls, chainId, clock, logger, bounds }: EthereumRpcInit) {
    this.#endpoints = urls.map((url, id) => new CheckedEndpoint(url, { id, chainId, bounds }))
    this.#failover = new Failover(this.#endpoints, clock)
    this.#logger = logger
  }

  /** Every endpoint, those that are well first. */
  get endpoints(): readonly Endpoint[] {
    return this.#failover.endpoints
  }

  /** Gives up everything under way. */
  stop(): void {
    for (const endpoint of this.#endpoints) endpoint.close()
  }

  /**
   * Runs a task that asks one endpoint several questions, so that its answers belong together; another endpoint begins anew.
   * @throws ANCHOR_UNREACHABLE when none can answer; CHAIN_BEHIND when one could but for that; CHAIN_WRONG_NETWORK, ANCHOR_BAD_ANSWER or
   * CHAIN_RPC when that is so of all; ABORTED. What the chain itself says is thrown as CHAIN_RPC at once: see `rpcErrorKind`
   */
  async run<T>(
    task: (endpoint: Endpoint) => Promise<T>,
    given?: AbortSignal | RunOptions,
  ): Promise<T> {
    const options: RunOptions = given instanceof AbortSignal ? { signal: given } : (given ?? {})
    const { signal, only, besides } = options
    const failures: MerogateError[] = []
    const attempt = async (endpoint: CheckedEndpoint): Promise<T> => {
      try {
        return await task(bound(endpoint, signal))
      } catch (error) {
        if (isMerogateError(error) && isEndpointFailure(error)) {
          failures.push(error)
          if (signal?.aborted !== true) this.#log(endpoint, error)
        }
        throw error
      }
    }
    try {
      const one = this.#endpoints.find(({ id }) => id === only)
      if (one !== undefined) return await attempt(one)
      const isLast = (endpoint: CheckedEndpoint): boolean => sourceOf(endpoint) === besides
      return await this.#failover.run(attempt, isEndpointFailure, signal, isLast)
    } catch (error) {
      throwIfAborted(signal)
      if (!isEndpointFailure(error)) throw error
      throw this.#together(failures)
    }
  }

  /** One call. @throws as {@link run} */
  async send(method: string, params: readonly unknown[], signal?: AbortSignal): Promise<unknown> {
    return this.run((endpoint) => endpoint.send(method, params), signal)
  }

  /** Asks all endpoints until one finds something; undefined when those that answer find nothing. @throws as {@link run} when none answers */
  async search<T>(
    task: (endpoint: Endpoint) => Promise<T | undefined>,
    signal?: AbortSignal,
  ): Promise<T | undefined> {
    const failures: MerogateError[] = []
    for (const endpoint of this.#failover.endpoints) {
      try {
        const found = await this.run(task, { signal, only: endpoint.id })
        if (found !== undefined) return found
      } catch (error) {
        if (!isMerogateError(error) || !isEndpointFailure(error)) throw error
        failures.push(error)
      }
    }
    if (failures.length === this.#endpoints.length) throw this.#together(failures)
    return undefined
  }

  /** What the failures of the endpoints are to whoever asked. */
  #together(failures: readonly MerogateError[]): MerogateError {
    const behind = failures.find(({ code }) => code === 'CHAIN_BEHIND')
    const last = failures.at(-1)
    if (behind !== undefined) return behind
    const isOneKind =
      last !== undefined &&
      last.code !== 'ANCHOR_UNREACHABLE' &&
      failures.every((error) => error.code === last.code && rpcErrorKind(error) !== 'busy')
    if (isOneKind) return last
    return unreachable(this.#endpoints.map(({ name }) => name).join(', '), last)
  }

  #log(endpoint: CheckedEndpoint, error: MerogateError): void {
    if (error.code === 'CHAIN_WRONG_NETWORK') {
      this.#logger.warn({ endpoint: endpoint.name }, 'endpoint serves another chain')
    } else {
      const { code, message } = error
      this.#logger.debug({ endpoint: endpoint.name, code, reason: message }, 'endpoint failed')
    }
  }
}

/** An endpoint whose questions end with the signal. */
function bound(endpoint: CheckedEndpoint, signal: AbortSignal | undefined): Endpoint {
  const { id, name } = endpoint
  return { id, name, send: (method, params) => endpoint.send(method, params, signal) }
}

/** Waits for work that others wait for too, no longer than the signal allows. @throws ABORTED */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  const { promise: ended, reject } = Promise.withResolvers<never>()
  const end = (): void => {
    reject(new MerogateError('ABORTED', 'aborted', 'the operation was aborted by its caller'))
  }
  if (signal.aborted) end()
  signal.addEventListener('abort', end)
  work.catch(() => {}) // whoever else waits hears of it
  try {
    return await Promise.race([work, ended])
  } finally {
    signal.removeEventListener('abort', end)
  }
}
