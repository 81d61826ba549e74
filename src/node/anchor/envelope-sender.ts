/**
 * Sends operations to one contract: with the signer's next nonce, in the order of asking, surviving lost answers. Every anchor does this the
 * same way for every contract of its chain.
 */
import { isMerogateError, throwIfAborted } from '../errors.ts'
import { toHex } from '../primitives/bytes.ts'
import type { Clock } from '../primitives/clock.ts'
import { idKey } from '../primitives/ids.ts'
import type { Evidence, Read, Receipt, Signer } from './anchor.ts'
import { envelopeDigest } from './envelope.ts'
import type { EnvelopeHead } from './envelope-layout.ts'
import { anchorError, rejected, type RefusalName } from './errors.ts'
import { MAX_QUEUED_OPERATIONS } from './limits.ts'
import type { SignedEnvelope } from './model/checks.ts'
import type { Domain } from './operations.ts'
import { SerialQueue } from './serial.ts'
import type {
  Answer,
  QueryOptions,
  ServiceOptions,
  Submission,
  SubmissionService,
} from './service.ts'
import { ED25519_SCHEME } from './ticket.ts'
import { pause } from './watcher.ts'

/** Seconds that a signed envelope stays valid: time for a slow anchor, and little for whoever keeps a copy. */
export const ENVELOPE_VALIDITY_SECONDS = 600n
/** Pauses before a transport failure is tried again, ms; one more failure is the caller's. */
export const RETRY_PAUSES_MS: readonly number[] = [50, 150, 400]

/** An operation that was accepted. */
export type Accepted = Extract<Submission, { accepted: true }>

/** One operation on its way, whatever contract it is for. */
export interface Outgoing {
  /** Name of the operation, for errors. */
  readonly kind: string
  readonly signer: Signer
  /** What is wrong with it by itself; the contract names everything but its size. */
  readonly wrong: RefusalName | undefined
  /** The signer's next nonce as the contract knows it now. */
  readNonce(): Promise<bigint>
  /** The bytes to sign: subject and operation behind this head. */
  encode(head: Omit<EnvelopeHead<unknown>, 'subject'>): Uint8Array
}

export class EnvelopeSender<V extends SubmissionService> {
  readonly #service: V
  readonly #clock: Clock
  readonly #queues = new Map<string, SerialQueue>()
  #domain: Domain | undefined
  /** Ends requests under way when the anchor stops: a service that hangs must not hold up who waits for them. */
  #ended = new AbortController()

  constructor(service: V, clock: Clock) {
    this.#service = service
    this.#clock = clock
  }

  /** Requests end no sooner than this is stopped again. */
  start(): void {
    this.#ended = new AbortController()
  }

  /** Ends requests under way. */
  stop(): void {
    this.#ended.abort()
  }

  async readDomain(options: ServiceOptions): Promise<Domain> {
    this.#domain ??= await this.retry((service, within) => service.readDomain(within), options)
    return this.#domain
  }

  /** Operations of one signer go one after another: each needs the nonce that the one before leaves. @throws as `Anchor.submit` */
  async send(outgoing: Outgoing, options: ServiceOptions): Promise<Accepted> {
    const { wrong, kind, signer } = outgoing
    if (wrong === 'LimitExceeded') {
      throw anchorError(
        'ANCHOR_LIMIT',
        `expected ${kind} within the anchor's bounds, got one beyond; see the limits page`,
        { operation: kind },
      )
    }
    const key = idKey(signer.publicKey)
    const queue = this.#queues.get(key) ?? new SerialQueue('this signer', MAX_QUEUED_OPERATIONS)
    this.#queues.set(key, queue)
    try {
      return await queue.run(() => this.#signAndSend(outgoing, options))
    } finally {
      if (queue.size === 0) this.#queues.delete(key)
    }
  }

  /** Waits until nothing can undo it any more. */
  async settle(accepted: Accepted, kind: string, options: ServiceOptions): Promise<Receipt> {
    const { final } = accepted
    if (final === undefined) return receiptOf(accepted)
    const result = await this.retry((_service, within) => final(within), options)
    if (!result.accepted) throw rejected(result.refusal, kind)
    return receiptOf(result)
  }

  /** Calls until there is an answer, within the pauses of {@link RETRY_PAUSES_MS}. Only what may have got lost is repeated. */
  async retry<T>(
    call: (service: V, options: QueryOptions) => Promise<T>,
    { finality, ...options }: QueryOptions = {},
  ): Promise<T> {
    const ended = this.#ended.signal
    const signal = options.signal === undefined ? ended : AbortSignal.any([options.signal, ended])
    const within = finality === undefined ? { signal } : { signal, finality }
    for (const ms of RETRY_PAUSES_MS) {
      throwIfAborted(signal)
      try {
        return await call(this.#service, within)
      } catch (error) {
        if (!isMerogateError(error, 'ANCHOR_UNREACHABLE')) throw error
      }
      await pause(this.#clock, ms, signal)
    }
    throwIfAborted(signal)
    return call(this.#service, within)
  }

  async #signAndSend(outgoing: Outgoing, options: ServiceOptions): Promise<Accepted> {
    const nonce = await outgoing.readNonce()
    let result = await this.#sendWith(nonce, outgoing, options)
    if (!result.accepted && result.refusal.expected !== undefined) {
      // the nonce moved since we read it: somebody else signs with the same key
      result = await this.#sendWith(result.refusal.expected, outgoing, options)
    }
    if (result.accepted) return result
    if (result.refusal.name === 'WrongDomain') this.#domain = undefined // a new authority behind the same address
    throw rejected(result.refusal, outgoing.kind)
  }

  async #sendWith(
    nonce: bigint,
    { signer, encode }: Outgoing,
    options: ServiceOptions,
  ): Promise<Submission> {
    const domain = await this.readDomain(options)
    const validUntil = (await this.#readTime(options)) + ENVELOPE_VALIDITY_SECONDS
    const envelope = encode({ domain, signer: signer.publicKey, nonce, validUntil })
    const scheme = this.#service.scheme ?? ED25519_SCHEME
    return this.#sendOnce(await scheme.signEnvelope(envelope, signer, options), options)
  }

  /** The same bytes until an answer comes. A refusal after a lost answer may be the echo of our own success: then we ask. */
  async #sendOnce(signed: SignedEnvelope, options: ServiceOptions): Promise<Submission> {
    let sent = 0
    const result = await this.retry((service, within) => {
      sent++
      return service.submit(signed, within)
    }, options)
    if (result.accepted || sent === 1) return result
    const transaction = toHex(envelopeDigest(signed.envelope))
    const height = await this.retry(
      (service, within) => service.findTransaction(transaction, within),
      options,
    )
    return height === undefined ? result : { accepted: true, transaction, height }
  }

  /** The contract's own clock where it has one: the machine's may be wrong. */
  async #readTime(options: ServiceOptions): Promise<bigint> {
    if (this.#service.readTime === undefined) {
      return BigInt(Math.floor(this.#clock.nowMs() / 1000))
    }
    return this.retry(async (service, within) => (await service.readTime?.(within)) ?? 0n, options)
  }
}

/** Where an answer comes from. */
export function evidenceOf({
  height,
  finality = 'final',
}: Omit<Answer<unknown>, 'value'>): Evidence {
  return { height, finality, certified: false }
}

function receiptOf({ transaction, ...evidence }: Accepted): Receipt {
  return { transaction, evidence: evidenceOf(evidence) }
}

/** An answer with its evidence; undefined where it has no value. */
export function toRead<T>(answer: Answer<T | undefined>): Read<T> | undefined {
  const { value } = answer
  return value === undefined ? undefined : { value, evidence: evidenceOf(answer) }
}
