/** Several endpoints of one network: which answers, what their failures together mean, and never one of another network. */
import { unreachable } from '../../node/anchor/errors.ts'
import { isMerogateError, MerogateError, throwIfAborted } from '../../node/errors.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import type { Logger } from '../../node/primitives/logger.ts'
import { chainError } from './errors.ts'
import { Failover } from './failover.ts'

/** One endpoint, as a task sees it. */
export interface Endpoint {
  /** Its place among the endpoints: two may have the same name. */
  readonly id: number
  /** Address without credentials, for messages. */
  readonly name: string
  /** One question. @throws CHAIN_RPC and others; {@link Endpoints.isFailure} tells whose fault it is */
  send(method: string, params: object): Promise<unknown>
}

/** What asks an endpoint. */
export interface EndpointClient {
  readonly name: string
  /** @throws CHAIN_RPC, ANCHOR_UNREACHABLE (transport), ANCHOR_BAD_ANSWER (protocol), ABORTED */
  send(method: string, params: object, signal?: AbortSignal): Promise<unknown>
  /** Gives up what is under way, and everything asked afterwards. */
  close(): void
}

/**
 * Whose fault an error is: the `chain` has answered, and would everywhere; the `endpoint` will not answer this, others may; it is `busy`, or
 * not as far yet.
 */
export type Blame = 'chain' | 'endpoint' | 'busy'

export interface EndpointsInit {
  /** Protocol of the chain, as in `ethereum`. */
  readonly chain: string
  readonly clients: readonly EndpointClient[]
  /** The network that every endpoint must serve, as {@link readNetwork} gives it. */
  readonly network: string
  /** Which network an endpoint serves. */
  readonly readNetwork: (client: EndpointClient) => Promise<string>
  /** Whose fault a CHAIN_RPC is. */
  readonly blame: (error: MerogateError) => Blame
  /** Codes of the chain's own by which an endpoint says that it does not answer this: others may. @default none */
  readonly failures?: readonly string[] | undefined
  readonly clock: Clock
  readonly logger: Logger
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

/** An endpoint that answers only once it has shown that it serves the right network. */
class CheckedEndpoint {
  readonly id: number
  readonly name: string
  readonly #client: EndpointClient
  readonly #init: EndpointsInit
  #checked: Promise<void> | undefined

  constructor(client: EndpointClient, id: number, init: EndpointsInit) {
    this.#client = client
    this.name = client.name
    this.id = id
    this.#init = init
  }

  async send(method: string, params: object, signal?: AbortSignal): Promise<unknown> {
    try {
      // everybody waits for the same check; who gives up must not end it for the others
      await abortable((this.#checked ??= this.#check()), signal)
      return await this.#client.send(method, params, signal)
    } catch (error) {
      // it may come back as another
      if (isMerogateError(error) && FAILURES.has(error.code)) this.#checked = undefined
      throw error
    }
  }

  close(): void {
    this.#client.close()
  }

  async #check(): Promise<void> {
    const { chain, network: expected, readNetwork } = this.#init
    const got = await readNetwork(this.#client)
    if (got === expected) return
    throw chainError(
      chain,
      'CHAIN_WRONG_NETWORK',
      `expected chain ${expected} at ${this.name}, got ${got}: it is not asked anything else`,
      { expected, got, endpoint: this.name },
    )
  }
}

export class Endpoints {
  /** Whether an error says more about the endpoint than about what was asked: others may fare better. */
  readonly isFailure: (error: unknown) => boolean
  readonly #init: EndpointsInit
  readonly #endpoints: readonly CheckedEndpoint[]
  readonly #failover: Failover<CheckedEndpoint>

  constructor(init: EndpointsInit) {
    this.#init = init
    const own: ReadonlySet<string> = new Set(init.failures)
    this.isFailure = (error) =>
      isEndpointFailure(error, init.blame) || (isMerogateError(error) && own.has(error.code))
    this.#endpoints = init.clients.map((client, id) => new CheckedEndpoint(client, id, init))
    this.#failover = new Failover(this.#endpoints, init.clock)
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
   * CHAIN_RPC when that is so of all; ABORTED. What the chain itself says is thrown as CHAIN_RPC at once
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
        if (isMerogateError(error) && this.isFailure(error)) {
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
      return await this.#failover.run(attempt, this.isFailure, signal, isLast)
    } catch (error) {
      throwIfAborted(signal)
      if (!this.isFailure(error)) throw error
      throw this.#together(failures)
    }
  }

  /** One question. @throws as {@link run} */
  async send(method: string, params: object, signal?: AbortSignal): Promise<unknown> {
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
        if (!isMerogateError(error) || !this.isFailure(error)) throw error
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
      failures.every((error) => error.code === last.code && !this.#isBusy(error))
    if (isOneKind) return last
    return unreachable(this.#endpoints.map(({ name }) => name).join(', '), last)
  }

  #isBusy(error: MerogateError): boolean {
    return isMerogateError(error, 'CHAIN_RPC') && this.#init.blame(error) === 'busy'
  }

  #log(endpoint: CheckedEndpoint, error: MerogateError): void {
    const { logger } = this.#init
    if (error.code === 'CHAIN_WRONG_NETWORK') {
      logger.warn({ endpoint: endpoint.name }, 'endpoint serves another chain')
    } else {
      const { code, message } = error
      logger.debug({ endpoint: endpoint.name, code, reason: message }, 'endpoint failed')
    }
  }
}

/** Whether an error says more about the endpoint than about what was asked. */
export function isEndpointFailure(error: unknown, blame: EndpointsInit['blame']): boolean {
  if (!isMerogateError(error)) return false
  return FAILURES.has(error.code) || (error.code === 'CHAIN_RPC' && blame(error) !== 'chain')
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
