/**
 * Pays for members without funds: takes signed envelopes for one contract per network, tries them out, and sends them from an account of its
 * own. It knows no other door: no calls, no values, no reads. Whatever it does for somebody is counted against quotas first.
 */
import { OPERATION_ORDINALS, type OperationKind } from '../../node/anchor/operations.ts'
import type { Submission } from '../../node/anchor/service.ts'
import { isMerogateError, toMerogateError } from '../../node/errors.ts'
import { type Metrics, noMetrics } from '../../node/metrics.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import type { Logger } from '../../node/primitives/logger.ts'
import { type Background, background } from '../background.ts'
import type { ApiKeys } from './api-keys.ts'
import type { RelayCarrier } from './carrier.ts'
import { relayerError } from './errors.ts'
import { MAX_OPERATION_GAS, MAX_SETTLING } from './limits.ts'
import { type RelayerMetrics, relayerMetrics } from './metrics.ts'
import {
  Operations,
  type OperationState,
  type OperationView,
  stateOf,
  viewOf,
} from './operations.ts'
import { type QuotaRules, Quotas } from './quotas.ts'
import {
  type AllowList,
  judgeLocally,
  mayBeEcho,
  readRequest,
  type RelayRequest,
} from './request.ts'

export interface RelayerInit {
  readonly carriers: readonly RelayCarrier[]
  /** Names of the operations that are paid for. @default all */
  readonly operations?: readonly string[] | undefined
  readonly quotas: QuotaRules
  /** Operations that are tried out or not yet in a block, at one time. */
  readonly maxUnderWay: number
  /** Who may use it. @default whoever reaches it */
  readonly apiKeys?: ApiKeys | undefined
}

export interface RelayerComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics?: Metrics
}

export interface Relayer {
  /** @param authorization that header of a request @throws RELAYER_API_KEY (unauthenticated) */
  authorize(authorization: string | undefined): void
  /** Whether that header holds one of its API keys; false when it has none. */
  isApiKey(authorization: string | undefined): boolean
  /**
   * Takes an operation, a request's body as it was parsed, and answers how it stands. The same envelope is one operation, whoever sends it.
   * @throws RELAYER_MALFORMED (input), RELAYER_DENIED, RELAYER_TOO_DEAR (denied), RELAYER_QUOTA, RELAYER_BUSY (limit),
   * RELAYER_CHAIN_UNREACHABLE (transport)
   */
  submit(json: unknown): Promise<OperationView>
  /** How an operation stands. @throws RELAYER_OPERATION_UNKNOWN (missing) */
  find(id: string): OperationView
  /** Stops watching what was sent, which goes its way all the same. Safe to repeat. */
  stop(): Promise<void>
}

/** Makes a relayer. @throws RELAYER_CONFIG (input) for an unknown name of an operation */
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
  #underWay = 0
  #settling = 0

  constructor(init: RelayerInit, { clock, logger, metrics = noMetrics }: RelayerComponents) {
    this.#init = init
    this.#allowed = { carriers: init.carriers, operations: operationsOf(init.operations) }
    this.#clock = clock
    this.#logger = logger.child({ component: 'relayer' })
    this.#metrics = relayerMetrics(metrics)
    this.#quotas = new Quotas(init.quotas, clock)
    this.#background = background(this.#logger)
  }

  authorize(authorization: string | undefined): void {
    this.#init.apiKeys?.check(authorization)
  }

  isApiKey(authorization: string | undefined): boolean {
    try {
      this.#init.apiKeys?.check(authorization)
      return this.#init.apiKeys !== undefined
    } catch (error) {
      if (isMerogateError(error, 'RELAYER_API_KEY')) return false
      throw error
    }
  }

  async submit(json: unknown): Promise<OperationView> {
    try {
      const { answer, view } = await this.#submit(readRequest(json, this.#allowed))
      this.#metrics.requests.inc({ answer })
      return view
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

  async #submit(request: RelayRequest): Promise<{ answer: string; view: OperationView }> {
    const { id, payee } = request
    const known = (): OperationState | undefined => this.#operations.taken(id)
    const answerOf = (answer: string, state: OperationState) => ({
      answer,
      view: viewOf(id, state),
    })
    const before = known()
    if (before !== undefined) return answerOf('known', before)
    const refusal = judgeLocally(request, this.#clock.nowMs())
    if (refusal !== undefined) return answerOf('refused', { state: 'refused', ...refusal })
    this.#quotas.check(payee)

    const release = this.#enter()
    let isCarried = false
    try {
      const tried = await this.#try(request)
      const meanwhile = known()
      if (meanwhile !== undefined) return answerOf('known', meanwhile)
      if ('found' in tried) {
        this.#settle(id, tried.found)
        return answerOf('known', stateOf(tried.found, 'mined'))
      }
      if ('refusal' in tried) return answerOf('refused', { state: 'refused', ...tried.refusal })
      const giveBack = this.#quotas.take(payee, tried.gas)
      const pending = { state: 'pending' } as const
      this.#operations.set(id, pending)
      isCarried = true
      const work = this.#carry(request, tried.gas, giveBack).finally(release)
      this.#background.add('an operation for others', work)
      return answerOf('taken', pending)
    } finally {
      if (!isCarried) release()
    }
  }

  /** One more under way. @returns ends it @throws RELAYER_BUSY (limit) */
  #enter(): () => void {
    const { maxUnderWay: limit } = this.#init
    if (this.#underWay >= limit) {
      const message = `${limit} operations are under way already; try again later`
      throw relayerError('RELAYER_BUSY', message, { limit })
    }
    this.#metrics.underWay.set(++this.#underWay)
    return () => this.#metrics.underWay.set(--this.#underWay)
  }

  /** What the chain says to an operation now: its gas, a refusal, or that it was applied before. @throws RELAYER_TOO_DEAR, and as `#ask` */
  async #try(request: RelayRequest) {
    const tried = await this.#ask(request)
    if (!('gas' in tried) || tried.gas <= MAX_OPERATION_GAS) return tried
    throw relayerError(
      'RELAYER_TOO_DEAR',
      `expected an operation of at most ${MAX_OPERATION_GAS} gas, got one of ${tried.gas}`,
      { limit: String(MAX_OPERATION_GAS), gas: String(tried.gas) },
    )
  }

  /** @throws RELAYER_CHAIN_UNREACHABLE (transport): which endpoints we use, and what is wrong with them, is nobody's business */
  async #ask(request: RelayRequest) {
    const { carrier, signed } = request
    const { signal } = this.#background
    try {
      const tried = await carrier.estimate(signed, signal)
      if (!('refusal' in tried) || !mayBeEcho(request, tried.refusal)) return tried
      const found = await carrier.find(signed.envelope, signal)
      return found === undefined ? tried : { found }
    } catch (cause) {
      if (!isMerogateError(cause) || signal.aborted) throw cause
      this.#logger.warn({ err: cause }, 'the chain could not be asked')
      const message = 'the chain could not be asked; try again later'
      throw relayerError('RELAYER_CHAIN_UNREACHABLE', message, {}, { cause })
    }
  }

  /** Sends an operation; resolves when it lies in a block or never will. */
  async #carry(request: RelayRequest, gas: bigint, giveBack: () => void): Promise<void> {
    const { id, carrier, signed } = request
    const { signal } = this.#background
    let isSigned = false
    const onSigned = (): void => {
      if (!isSigned) this.#metrics.gas.inc({}, Number(gas))
      isSigned = true
    }
    try {
      const submission = await carrier.submit(signed, { gas, signal, onSigned })
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
