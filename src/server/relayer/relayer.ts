/**
 * Pays for members without funds: takes signed envelopes for one contract per network, tries them out, and sends them from an account of its
 * own. It knows no other door: no calls, no values, no reads. Whatever it does for somebody is counted against quotas first.
 */
import { LRUCache } from 'lru-cache'
import { OPERATION_ORDINALS, type OperationKind } from '../../node/anchor/operations.ts'
import { isSameDomain } from '../../node/anchor/envelope-layout.ts'
import type { Submission } from '../../node/anchor/service.ts'
import { isMerogateError, toMerogateError } from '../../node/errors.ts'
import { type Metrics, noMetrics } from '../../node/metrics.ts'
import { toHex } from '../../node/primitives/bytes.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import type { Logger } from '../../node/primitives/logger.ts'
import { type Background, background } from '../background.ts'
import type { ApiKeys } from './api-keys.ts'
import { Adoptions, type AdoptionView } from './adoptions.ts'
import type { CarryOptions, RelayCarrier } from './carrier.ts'
import { relayerError } from './errors.ts'
import { MAX_KNOWN_CONTEXTS, MAX_SETTLING } from './limits.ts'
import { type RelayerMetrics, relayerMetrics } from './metrics.ts'
import {
  Operations,
  type OperationState,
  type OperationView,
  stateOf,
  viewOf,
} from './operations.ts'
import { type Attempt, type Expense, type QuotaRules, Quotas, type RelayClient } from './quotas.ts'
import {
  type AllowList,
  denied,
  isSignerKnown,
  judgeLocally,
  mayBeEcho,
  readRequest,
  type RelayRequest,
  subjectOf,
} from './request.ts'
import { Slots } from './slots.ts'

export interface RelayerInit {
  readonly carriers: readonly RelayCarrier[]
  /** Names of the operations that are paid for. @default all */
  readonly operations?: readonly string[] | undefined
  readonly quotas: QuotaRules
  /** Operations that are tried out or not yet in a block, at one time. */
  readonly maxUnderWay: number
  /** Who may use it. One of both must be said. */
  readonly apiKeys?: ApiKeys | undefined
  /** Whoever reaches it may use it. @default false */
  readonly isOpen?: boolean | undefined
}

export interface RelayerComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics?: Metrics
}

export interface Relayer {
  /**
   * Lets in whoever may use it.
   * @param authorization that header of a request @returns what names the API key, where keys are asked for @throws RELAYER_API_KEY (unauthenticated)
   */
  authorize(authorization: string | undefined): string | undefined
  /** What names the API key in that header; undefined when it holds none of them. */
  apiKeyOf(authorization: string | undefined): string | undefined
  /**
   * Takes an operation, a request's body as it was parsed, and answers how it stands. The same envelope is one operation, whoever sends it.
   * Whoever asks is counted before anything is done. `client` @default all who do not say are one
   * @throws RELAYER_MALFORMED (input), RELAYER_DENIED, RELAYER_TOO_DEAR (denied), RELAYER_QUOTA, RELAYER_BUSY (limit),
   * RELAYER_CHAIN_UNREACHABLE (transport)
   */
  submit(json: unknown, client?: RelayClient): Promise<OperationView>
  /**
   * Takes over what moved to a contract that takes over from one that is carried for, a request's body as it was parsed, and answers how that stands. Ask again
   * until it is done: a group comes some members at a time. @throws as {@link submit}
   */
  adopt(json: unknown, client?: RelayClient): Promise<AdoptionView>
  /** How an operation stands. @throws RELAYER_OPERATION_UNKNOWN (missing) */
  find(id: string): OperationView
  /** Stops watching what was sent, which goes its way all the same. Safe to repeat. */
  stop(): Promise<void>
}

/** Makes a relayer. @throws RELAYER_CONFIG (input) for an unknown name of an operation, and for one that is open without being called so */
export function relayer(init: RelayerInit): (components: RelayerComponents) => Relayer {
  return (components) => new MemberRelayer(init, components)
}

class MemberRelayer implements Relayer {
  readonly #init: RelayerInit
  readonly #allowed: AllowList
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #metrics: RelayerMetrics
  readonly #quotas: Quotas
  readonly #operations = new Operations()
  readonly #background: Background
  readonly #slots: Slots
  readonly #adoptions: Adoptions
  /** Groups of contexts, hexadecimal. */
  readonly #groups = new LRUCache<string, string>({ max: MAX_KNOWN_CONTEXTS })
  #settling = 0

  constructor(init: RelayerInit, { clock, logger, metrics = noMetrics }: RelayerComponents) {
    if (init.apiKeys === undefined && init.isOpen !== true) {
      const message = 'expected API keys, or word that whoever reaches the relayer may use it'
      throw relayerError('RELAYER_CONFIG', message)
    }
    this.#init = init
    this.#allowed = { carriers: init.carriers, operations: operationsOf(init.operations) }
    this.#clock = clock
    this.#logger = logger.child({ component: 'relayer' })
    this.#metrics = relayerMetrics(metrics)
    this.#quotas = new Quotas(init.quotas, clock)
    this.#background = background(this.#logger)
    this.#slots = new Slots(init.maxUnderWay, clock, (count) => this.#metrics.underWay.set(count))
    this.#adoptions = new Adoptions({
      ...{ carriers: init.carriers, quotas: this.#quotas, slots: this.#slots },
      ...{ signal: this.#background.signal, checkCost },
      ask: (question) => this.#asked(question),
      carry: (...what) => this.#background.add('what moved', this.#take(...what)),
    })
  }

  authorize(authorization: string | undefined): string | undefined {
    return this.#init.apiKeys?.check(authorization)
  }

  apiKeyOf(authorization: string | undefined): string | undefined {
    try {
      return this.authorize(authorization)
    } catch (error) {
      if (isMerogateError(error, 'RELAYER_API_KEY')) return undefined
      throw error
    }
  }

  async submit(json: unknown, client: RelayClient = { address: '' }): Promise<OperationView> {
    const { view } = await this.#counted(client, (attempt) => this.#submit(json, client, attempt))
    return view
  }

  async adopt(json: unknown, client: RelayClient = { address: '' }): Promise<AdoptionView> {
    const { view } = await this.#counted(client, async (attempt) => {
      const made = await this.#adoptions.submit(json, client, attempt)
      const answers = { pending: 'taken', done: 'known', refused: 'refused' } as const
      return { answer: answers[made.state], view: made }
    })
    return view
  }

  /** Counts a request before anything is done for it, and its answer. */
  async #counted<T extends { readonly answer: string }>(
    client: RelayClient,
    work: (attempt: Attempt) => Promise<T>,
  ): Promise<T> {
    try {
      const answered = await work(this.#quotas.attempt(client))
      this.#metrics.requests.inc({ answer: answered.answer })
      return answered
    } catch (error) {
      this.#metrics.requests.inc({ answer: toMerogateError(error).code })
      throw error
    }
  }

  find(id: string): OperationView {
    const found = this.#operations.get(id)
    if (found !== undefined) return viewOf(id, found)
    const message = 'no operation of this id is remembered: send it again'
    throw relayerError('RELAYER_OPERATION_UNKNOWN', message)
  }

  async stop(): Promise<void> {
    await this.#background.stop()
    for (const carrier of this.#init.carriers) carrier.stop()
  }

  async #submit(json: unknown, client: RelayClient, attempt: Attempt): Promise<Answered> {
    let request: RelayRequest
    try {
      request = readRequest(json, this.#allowed)
    } catch (error) {
      attempt.refuse()
      throw error
    }
    const { id, signer } = request
    const known = this.#operations.taken(id)
    if (known !== undefined) {
      attempt.refund()
      return answered('known', id, known)
    }
    const refusal = judgeLocally(request, this.#clock.nowMs())
    if (refusal !== undefined) {
      attempt.refuse()
      return answered('refused', id, { state: 'refused', ...refusal })
    }
    this.#quotas.checkSigner(signer)
    const release = await this.#slots.enter(client.key ?? client.address)
    let isCarried = false
    try {
      const { work, ...answer } = await this.#work(request, attempt)
      if (work !== undefined) {
        isCarried = true
        this.#background.add('an operation for others', work.finally(release))
      }
      return answer
    } finally {
      if (!isCarried) release()
    }
  }

  /** Asks the chain, and begins to send what it would take. */
  async #work(
    given: RelayRequest,
    attempt: Attempt,
  ): Promise<Answered & { readonly work?: Promise<void> }> {
    const { id, signer } = given
    const refuse = (): void => attempt.refuse(isSignerKnown(given) ? signer : undefined)
    const request = await this.#placed(given, refuse)
    const payee = { signer, group: await this.#groupOf(request) }
    this.#quotas.check(payee, { ...request.carrier, cost: 0n })
    const tried = await this.#try(request, refuse)
    const meanwhile = this.#operations.taken(id)
    if (meanwhile !== undefined) return answered('known', id, meanwhile)
    if ('found' in tried) {
      this.#settle(id, tried.found)
      return answered('known', id, stateOf(tried.found, 'mined'))
    }
    if ('refusal' in tried) {
      refuse()
      return answered('refused', id, { state: 'refused', ...tried.refusal })
    }
    const expense = { ...request.carrier, cost: tried.cost }
    const giveBack = this.#quotas.take(payee, expense)
    const pending = { state: 'pending' } as const
    this.#operations.set(id, pending)
    const work = this.#carry(request, expense, giveBack)
    return { ...answered('taken', id, pending), work }
  }

  /** The request with the carrier of the very contract that it is for. @throws RELAYER_DENIED, and as `#ask` */
  async #placed(request: RelayRequest, refuse: () => void): Promise<RelayRequest> {
    const { carrier, envelope } = request
    const { domain } = envelope
    if (isSameDomain(domain, carrier.domain)) return request
    const { signal } = this.#background
    const found = await this.#asked(async () => carrier.successor?.(domain.contract, signal))
    if (found !== undefined) return { ...request, carrier: found }
    refuse()
    throw denied('contract')
  }

  /** The group that pays, hexadecimal: a group must not pay through one of its contexts as if that were another. @throws as `#ask` */
  async #groupOf(request: RelayRequest): Promise<string> {
    const { id, isContext } = subjectOf(request)
    const subject = toHex(id)
    if (!isContext) return subject
    const known = this.#groups.get(subject)
    if (known !== undefined) return known
    const { signal } = this.#background
    const found = await this.#asked(() => request.carrier.groupOf(id, signal))
    if (found === undefined) return subject
    this.#groups.set(subject, toHex(found))
    return toHex(found)
  }

  /** What the chain says to an operation now: its cost, a refusal, or that it was applied before. @throws RELAYER_TOO_DEAR, and as `#ask` */
  async #try(request: RelayRequest, refuse: () => void) {
    const tried = await this.#ask(request)
    if ('cost' in tried) checkCost({ ...request.carrier, cost: tried.cost }, refuse)
    return tried
  }

  /** @throws RELAYER_CHAIN_UNREACHABLE (transport) */
  async #ask(request: RelayRequest) {
    const { carrier, signed } = request
    const { signal } = this.#background
    return this.#asked(async () => {
      const tried = await carrier.estimate(signed, signal)
      if (!('refusal' in tried) || !mayBeEcho(request, tried.refusal)) return tried
      const found = await carrier.find(signed.envelope, signal)
      return found === undefined ? tried : { found }
    })
  }

  /** @throws RELAYER_CHAIN_UNREACHABLE (transport): which endpoints we use, and what is wrong with them, is nobody's business */
  async #asked<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question()
    } catch (cause) {
      if (!isMerogateError(cause) || this.#background.signal.aborted) throw cause
      this.#logger.warn({ err: cause }, 'the chain could not be asked')
      const message = 'the chain could not be asked; try again later'
      throw relayerError('RELAYER_CHAIN_UNREACHABLE', message, {}, { cause })
    }
  }

  /** Sends an operation; resolves when it lies in a block or never will. */
  async #carry(request: RelayRequest, expense: Expense, giveBack: () => void): Promise<void> {
    const { id, carrier, signed } = request
    const { signal } = this.#background
    let isSigned = false
    const onSigned = (): void => {
      if (!isSigned) this.#count(expense)
      isSigned = true
    }
    try {
      const submission = await carrier.submit(signed, { cost: expense.cost, signal, onSigned })
      this.#metrics.operations.inc({ outcome: submission.accepted ? 'mined' : 'refused' })
      this.#settle(id, submission)
    } catch (error) {
      if (signal.aborted) return // what was signed goes its way
      const { code } = toMerogateError(error)
      this.#metrics.operations.inc({ outcome: 'failed' })
      this.#logger.warn({ err: error, operation: id.slice(0, 8) }, 'operation could not be sent')
      this.#operations.set(id, { state: 'failed', code })
    } finally {
      if (!isSigned) giveBack()
    }
  }

  /** Sends what takes something over; resolves when it lies in a block or never will. */
  async #take(
    expense: Expense,
    send: (options: CarryOptions) => Promise<unknown>,
    end: () => void,
  ): Promise<void> {
    const { signal } = this.#background
    try {
      await send({ cost: expense.cost, signal, onSigned: () => this.#count(expense) })
    } catch (error) {
      if (!signal.aborted) this.#logger.warn({ err: error }, 'what moved could not be taken over')
    } finally {
      end()
    }
  }

  #count({ chain, network, costs: { unit }, cost }: Expense): void {
    this.#metrics.cost.inc({ chain, network, unit }, Number(cost))
  }

  /** Remembers an outcome, and follows it until nothing can undo it. */
  #settle(id: string, submission: Submission): void {
    this.#operations.set(id, stateOf(submission, 'mined'))
    if (!submission.accepted) return
    const { final } = submission
    if (final === undefined) this.#operations.set(id, stateOf(submission, 'final'))
    if (final === undefined || this.#settling >= MAX_SETTLING) return
    this.#settling++
    const work = final({ signal: this.#background.signal })
      .then((settled) => this.#operations.set(id, stateOf(settled, 'final')))
      .finally(() => this.#settling--)
    this.#background.add('an operation that is not final', work)
  }
}

/** @throws RELAYER_TOO_DEAR (denied) */
function checkCost({ cost, costs: { unit, perOperation } }: Expense, refuse: () => void): void {
  if (cost <= perOperation) return
  refuse()
  throw relayerError(
    'RELAYER_TOO_DEAR',
    `expected an operation of at most ${perOperation} ${unit}, got one of ${cost}`,
    { limit: String(perOperation), cost: String(cost), unit },
  )
}

/** What is told, and how it is counted in the metrics. */
interface Answered {
  readonly answer: 'known' | 'refused' | 'taken'
  readonly view: OperationView
}

function answered(answer: Answered['answer'], id: string, state: OperationState): Answered {
  return { answer, view: viewOf(id, state) }
}

function operationsOf(names: readonly string[] | undefined): ReadonlySet<OperationKind> {
  // Object.keys of a const object are its keys
  const kinds = Object.keys(OPERATION_ORDINALS) as OperationKind[]
  const unknown = names?.find((name) => !(kinds as string[]).includes(name))
  if (unknown !== undefined) {
    const message = `expected operations among ${kinds.join(', ')}, got ${JSON.stringify(unknown)}`
    throw relayerError('RELAYER_CONFIG', message, { operation: unknown })
  }
  return new Set(kinds.filter((kind) => names?.includes(kind) ?? true))
}
