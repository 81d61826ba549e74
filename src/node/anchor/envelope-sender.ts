/**
 * Sends operations to one contract: with the signer's next nonce, in the order of asking, surviving lost answers. Every anchor does this the
 * same way for every contract of its chain.
 */
import {
  type ErrorKind,
  isMerogateError,
  type MerogateError,
  throwIfAborted,
  toMerogateError,
} from '../errors.ts'
import { toHex } from '../primitives/bytes.ts'
import type { Clock } from '../primitives/clock.ts'
import { idKey } from '../primitives/ids.ts'
import type { Logger } from '../primitives/logger.ts'
import type { Evidence, Read, Receipt, SecondWord, Signer } from './anchor.ts'
import { envelopeDigest } from './envelope.ts'
import type { EnvelopeHead } from './envelope-layout.ts'
import { agreedTime, anchorError, type Refusal, type RefusalName, rejected } from './errors.ts'
import { type Fate, Fates, type FatesInit, type UnsettledOperation } from './fates.ts'
import { ENVELOPE_VALIDITY_SECONDS, MAX_QUEUED_OPERATIONS } from './limits.ts'
import { Nonces, type SaidNonce } from './nonces.ts'
import type { Domain } from './operations.ts'
import { SerialQueues } from './serial.ts'
import type {
  Answer,
  FindOptions,
  QueryOptions,
  ServiceOptions,
  Submission,
  SubmissionService,
} from './service.ts'
import { ED25519_SCHEME } from './ticket.ts'
import { pause } from './watcher.ts'

/** Pauses before a transport failure is tried again, ms; one more failure is the caller's. */
export const RETRY_PAUSES_MS: readonly number[] = [50, 150, 400]

/** An operation that was accepted. */
export type Accepted = Extract<Submission, { accepted: true }>

/** What became of an envelope, with why not at hand. */
type Judged = Submission & { readonly refusal?: Refusal }

/** One operation on its way, whatever contract it is for. */
export interface Outgoing {
  /** Name of the operation, for errors. */
  readonly kind: string
  readonly signer: Signer
  /** What is wrong with it by itself; the contract names everything but its size. */
  readonly wrong: RefusalName | undefined
  /** What it is about. */
  readonly subject: Uint8Array
  /** Nonce that it leaves. @default the next one */
  readonly leaves?: bigint | undefined
  /** The signer's next nonce as the contract knows it now. */
  readNonce(options?: SecondWord): Promise<SaidNonce>
  /** The bytes to sign: subject and operation behind this head. */
  encode(head: Omit<EnvelopeHead<unknown>, 'subject'>): Uint8Array
}

export interface EnvelopeSenderInit<V> {
  readonly service: V
  readonly clock: Clock
  readonly logger: Logger
  /** Where it is kept what was signed, and for which contract. @default in memory */
  readonly kept?: FatesInit['kept']
  /** Something took effect that nobody waits for any more. @default nobody is told */
  readonly onFound?: (subject: Uint8Array, height: bigint) => void
}

/** Failures after which it is known that this node has sent nothing; who has the bytes may, until their time is over. */
const NOT_SENT: ReadonlySet<ErrorKind> = new Set(['input', 'denied', 'limit', 'chain', 'missing'])

export class EnvelopeSender<V extends SubmissionService> {
  readonly #service: V
  readonly #clock: Clock
  /** By signer. */
  readonly #queues = new SerialQueues('this signer', MAX_QUEUED_OPERATIONS)
  readonly #nonces: Nonces
  readonly #fates: Fates
  /** What was accepted and is not final yet. */
  readonly #landed = new WeakMap<Accepted, Fate>()
  #domain: Domain | undefined
  /** Ends requests under way when the anchor stops: a service that hangs must not hold up who waits for them. */
  #ended = new AbortController()

  constructor({ service, clock, logger, kept, onFound }: EnvelopeSenderInit<V>) {
    this.#service = service
    this.#clock = clock
    this.#nonces = new Nonces(clock)
    this.#fates = new Fates({
      ...{ clock, logger, kept },
      find: (fate, finality) => this.#find(fate, { finality }),
      onFound: ({ subject }, height) => onFound?.(subject, height),
      onLeft: ({ nonce, leaves }) => this.#nonces.used(nonce, leaves),
    })
  }

  /** Requests end no sooner than this is stopped again. @throws STORE_* */
  async start(): Promise<void> {
    this.#ended = new AbortController()
    await this.#fates.start()
  }

  /** Ends requests under way. Resolves when what is known of those that were sent is stored. */
  async stop(): Promise<void> {
    this.#ended.abort()
    await this.#fates.stop()
  }

  /** What was signed and not seen to end, oldest first. */
  unsettled(): readonly UnsettledOperation[] {
    return this.#fates.list()
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
    return this.#queues.run(idKey(signer.publicKey), () => this.#signAndSend(outgoing, options))
  }

  /**
   * Waits until nothing can undo an operation any more, all of its parts: each rests on those before it. When that cannot be waited for they are
   * looked for as what was sent without an answer is. @throws as {@link send}
   */
  async settle(
    [last, ...before]: readonly [Accepted, ...Accepted[]],
    kind: string,
    options: ServiceOptions,
  ): Promise<Receipt> {
    const { final } = last
    if (final === undefined) return receiptOf(last)
    const fates = [...before, last].flatMap((part) => this.#landed.get(part) ?? [])
    let result: Submission
    try {
      result = await this.retry((_service, within) => final(within), options)
    } catch (thrown) {
      throw this.#failed(fates, toMerogateError(thrown))
    }
    for (const fate of fates) this.#fates.end(fate)
    if (!result.accepted) throw rejected(result.refusal, kind)
    return receiptOf(result)
  }

  /** Nobody waits any more for parts of an operation whose next part failed: they are looked for. */
  abandon(parts: readonly Accepted[], thrown: unknown): void {
    const fates = parts.flatMap((part) => this.#landed.get(part) ?? [])
    for (const fate of fates) this.#fates.follow(fate, toMerogateError(thrown))
  }

  /** Calls until there is an answer, within the pauses of {@link RETRY_PAUSES_MS}. Only what may have got lost is repeated. */
  async retry<T>(
    call: (service: V, options: QueryOptions) => Promise<T>,
    options: QueryOptions = {},
  ): Promise<T> {
    const ended = this.#ended.signal
    const signal = options.signal === undefined ? ended : AbortSignal.any([options.signal, ended])
    const within = { ...options, signal }
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
    await this.#fates.load()
    const wish = await this.#wishOf(outgoing, options)
    let result = await this.#sendAgain(wish, options)
    if (result === undefined || result.refusal?.name === 'BadNonce') {
      const said = await outgoing.readNonce()
      result = await this.#sendWith(wish, said, outgoing, options)
      if (!result.accepted && result.refusal.expected !== undefined) {
        // the nonce moved since we read it: somebody else signs with the same key
        const moved = { ...said, nonce: result.refusal.expected }
        result = await this.#sendWith(wish, moved, outgoing, options, 'refusal')
      }
    }
    if (result.accepted) return result
    if (result.refusal.name === 'WrongDomain') this.#domain = undefined // a new authority behind the same address
    throw rejected(result.refusal, outgoing.kind)
  }

  /** Tells one wish from another: what is to be done, whoever's nonce and time it gets. */
  async #wishOf({ signer, encode }: Outgoing, options: ServiceOptions): Promise<string> {
    const domain = await this.readDomain(options)
    const wish = encode({ domain, signer: signer.publicKey, nonce: 0n, validUntil: 0n })
    return toHex(envelopeDigest(wish))
  }

  /** The bytes that were signed for the same and may still take effect; undefined when there are none. */
  async #sendAgain(wish: string, options: ServiceOptions): Promise<Judged | undefined> {
    const fate = this.#fates.get(wish)
    if (fate === undefined) return undefined
    let height = this.#fates.isFollowed(fate) ? await this.#find(fate, options) : undefined
    if (height === undefined) {
      const result = await this.#send(fate, options)
      // somebody may have delivered it, though it was refused
      if (result.refusal?.name === 'BadNonce') height = await this.#find(fate, options)
      if (height === undefined) return result
    }
    this.#fates.end(fate)
    return { accepted: true, transaction: fate.id, height }
  }

  /** Height at which it was accepted, whoever delivered it, and before whichever restart. */
  #find({ signed }: Fate, options: FindOptions): Promise<bigint | undefined> {
    const { signal, finality } = options
    const find = (at: V, within: ServiceOptions): Promise<bigint | undefined> =>
      at.findApplied(signed.envelope, { signal: within.signal, finality })
    return this.retry(find, { signal })
  }

  async #sendWith(
    wish: string,
    said: SaidNonce,
    outgoing: Outgoing,
    options: ServiceOptions,
    from: 'reading' | 'refusal' = 'reading',
  ): Promise<Judged> {
    const { kind, signer, subject, leaves, encode } = outgoing
    await this.#nonces.check(said, () => this.#secondNonce(said, from, outgoing))
    const domain = await this.readDomain(options)
    const validUntil = (await this.#readTime(options)) + ENVELOPE_VALIDITY_SECONDS
    const { nonce } = said
    const envelope = encode({ domain, signer: signer.publicKey, nonce, validUntil })
    const scheme = this.#service.scheme ?? ED25519_SCHEME
    const signed = await scheme.signEnvelope(envelope, signer, options)
    const times = { sinceMs: this.#clock.nowMs(), untilMs: Fates.untilMs(validUntil) }
    const id = toHex(envelopeDigest(envelope))
    const about = { id, wish, kind, subject, signer: signer.publicKey }
    const fate = { ...about, ...times, signed, nonce: said, leaves }
    await this.#fates.put(fate)
    return this.#send(fate, options)
  }

  /** Another's word for a nonce; undefined where there is nobody else. Of a refusal nobody knows whose word it is: then two others count. */
  async #secondNonce(
    said: SaidNonce,
    from: 'reading' | 'refusal',
    { readNonce }: Outgoing,
  ): Promise<SaidNonce | undefined> {
    const first = from === 'reading' ? said : await readNonce()
    const second = await readNonce({ besides: first.source })
    if (second.source === first.source) return undefined
    // in another membership it is no nonce of ours
    const isSame = [first, second].every(({ series }) => series === said.series)
    if (!isSame) return { ...second, nonce: 0n }
    return first.nonce < second.nonce ? first : second
  }

  /** Sends what was signed, and keeps it until it is known what became of it. @throws ANCHOR_FATE_UNKNOWN (transport), and as `Anchor.submit` */
  async #send(fate: Fate, options: ServiceOptions): Promise<Judged> {
    const { nonce, leaves } = fate
    let result: Submission
    try {
      result = await this.#sendOnce(fate, options)
    } catch (thrown) {
      const error = toMerogateError(thrown)
      if (!NOT_SENT.has(error.kind)) this.#nonces.used(nonce, leaves)
      throw this.#failed([fate], error)
    }
    if (!result.accepted) {
      // a nonce that is used is used for good; any other refusal is a word, and another may be said later
      if (result.refusal.name === 'BadNonce') this.#fates.end(fate)
      else this.#fates.refused(fate)
      return result
    }
    this.#nonces.used(nonce, leaves)
    if (result.final === undefined) {
      this.#fates.end(fate)
    } else {
      this.#fates.landed(fate)
      this.#landed.set(result, fate)
    }
    return result
  }

  /** No answer came to what was signed. @returns what its caller is told */
  #failed(fates: readonly Fate[], error: MerogateError): MerogateError {
    let told = error
    for (const fate of fates) {
      if (NOT_SENT.has(error.kind)) this.#fates.refused(fate)
      else told = this.#fates.follow(fate, error)
    }
    return error.kind === 'aborted' ? error : told
  }

  /** The same bytes until an answer comes. A refusal after a lost answer may be the echo of our own success: then we ask. */
  async #sendOnce(fate: Fate, options: ServiceOptions): Promise<Submission> {
    let sent = 0
    const result = await this.retry((service, within) => {
      sent++
      return service.submit(fate.signed, within)
    }, options)
    if (result.accepted || sent === 1) return result
    const height = await this.#find(fate, options)
    return height === undefined ? result : { accepted: true, transaction: fate.id, height }
  }

  /** The contract's own clock where it has one, as far as this machine's allows: it may be wrong a little, and an endpoint may lie. */
  async #readTime(options: ServiceOptions): Promise<bigint> {
    const ours = (): bigint => BigInt(Math.floor(this.#clock.nowMs() / 1000))
    if (this.#service.readTime === undefined) return ours()
    const read = (at: V, within: QueryOptions): Promise<bigint> =>
      at.readTime?.(within) ?? Promise.resolve(ours())
    return agreedTime('the anchor', await this.retry(read, options), ours())
  }
}

/** Where an answer comes from. */
export function evidenceOf({
  height,
  finality = 'final',
  certified = false,
  block,
  source,
  isBehind,
}: Omit<Answer<unknown>, 'value'>): Evidence {
  return {
    ...{ height, finality, certified },
    ...(block === undefined ? {} : { block }),
    ...(source === undefined ? {} : { source }),
    ...(isBehind === undefined ? {} : { isBehind }),
  }
}

function receiptOf({ transaction, height }: Accepted): Receipt {
  return { transaction, evidence: evidenceOf({ height }) }
}

/** An answer with its evidence; undefined where it has no value. */
export function toRead<T>(answer: Answer<T | undefined>): Read<T> | undefined {
  const { value } = answer
  return value === undefined ? undefined : { value, evidence: evidenceOf(answer) }
}
