/** Questions to a chain about an account or key, for wallets: to configured endpoints only, bounded in time, tries, size and number. */
import { LRUCache } from 'lru-cache'
import { authError } from '../../auth/errors.ts'
import { isMerogateError, type MerogateError } from '../../node/errors.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import { Failover } from './failover.ts'
import {
  LOOK_UP_KEPT_MS,
  LOOK_UP_PAUSE_MS,
  LOOK_UP_TRIES,
  MAX_KEPT_LOOK_UPS,
  MAX_LOOK_UPS,
} from './limits.ts'

/** Where a chain is asked. */
export interface ChainEndpoint {
  /** `http` or `https`, without user name and password. */
  readonly url: string
  /** Sent with each request, as in `authorization`: for keys of hosted endpoints. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

export interface LookUpInit<A> {
  readonly endpoints: readonly ChainEndpoint[]
  /**
   * Puts one question to one endpoint.
   * @throws ANCHOR_UNREACHABLE, ANCHOR_BAD_ANSWER when it is the endpoint's fault: the next one is asked
   */
  readonly ask: (
    endpoint: ChainEndpoint,
    question: string,
    signal: AbortSignal | undefined,
  ) => Promise<A>
  /** Whether an answer is kept for {@link LOOK_UP_KEPT_MS}: those that let somebody in, not those that keep somebody out. */
  readonly isKept: (answer: A) => boolean
}

export interface LookUpOptions {
  readonly signal?: AbortSignal | undefined
  /** Ask whatever is kept. @default false */
  readonly isFresh?: boolean
}

/** Questions of one kind, by their text. */
export class LookUp<A> {
  readonly #init: LookUpInit<A>
  readonly #clock: Clock
  readonly #failover: Failover<ChainEndpoint>
  readonly #kept = new LRUCache<string, { readonly answer: A; readonly untilMs: number }>({
    max: MAX_KEPT_LOOK_UPS,
  })
  #open = 0

  /** @throws TypeError for an endpoint that is no HTTP address, or holds a user name */
  constructor(init: LookUpInit<A>, clock: Clock) {
    for (const { url } of init.endpoints) checkUrl(url)
    this.#init = init
    this.#clock = clock
    this.#failover = new Failover(init.endpoints, clock)
  }

  /** What the chain says. @throws AUTH_CHAIN_UNAVAILABLE (transport), ABORTED */
  async ask(question: string, { signal, isFresh = false }: LookUpOptions = {}): Promise<A> {
    const kept = this.#kept.get(question)
    const now = this.#clock.monotonicMs()
    if (!isFresh && kept !== undefined && now < kept.untilMs) return kept.answer
    this.#kept.delete(question)
    if (this.#init.endpoints.length === 0) throw unavailable('no endpoint is configured')
    if (this.#open >= MAX_LOOK_UPS) throw unavailable('too many look-ups at one time')
    this.#open++
    try {
      const answer = await this.#tryAll(question, signal)
      if (this.#init.isKept(answer)) {
        this.#kept.set(question, { answer, untilMs: now + LOOK_UP_KEPT_MS })
      }
      return answer
    } finally {
      this.#open--
    }
  }

  /** Endpoint after endpoint, and from the first again, until one answers or {@link LOOK_UP_TRIES} requests are made. */
  async #tryAll(question: string, signal: AbortSignal | undefined): Promise<A> {
    let tries = 0
    let last: unknown
    const once = async (endpoint: ChainEndpoint): Promise<A> => {
      if (tries === LOOK_UP_TRIES) throw unavailable('no endpoint answered', last)
      tries++
      try {
        return await this.#init.ask(endpoint, question, signal)
      } catch (error) {
        last = error
        throw error
      }
    }
    for (let pauseMs = LOOK_UP_PAUSE_MS; tries < LOOK_UP_TRIES; pauseMs *= 2) {
      try {
        return await this.#failover.run(once, isEndpointFault, signal)
      } catch (error) {
        if (!isEndpointFault(error)) throw error
      }
      if (tries < LOOK_UP_TRIES) await this.#pause(pauseMs)
    }
    throw unavailable('no endpoint answered', last)
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.after(ms, resolve))
  }
}

function checkUrl(url: string): void {
  const { protocol, username, password } = new URL(url)
  if (!/^https?:$/.test(protocol) || username !== '' || password !== '') {
    throw new TypeError('expected an endpoint as an http address without user name and password')
  }
}

function isEndpointFault(error: unknown): boolean {
  return (
    isMerogateError(error) &&
    (error.code === 'ANCHOR_UNREACHABLE' || error.code === 'ANCHOR_BAD_ANSWER')
  )
}

/** The chain said nothing: the attempt is neither let in nor refused. */
function unavailable(reason: string, cause?: unknown): MerogateError {
  const message = `The chain could not be asked: ${reason}`
  return authError('AUTH_CHAIN_UNAVAILABLE', message, { reason }, { cause })
}
