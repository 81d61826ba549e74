/**
 * Sends transactions of one account, by its own sequence numbers and those of its channels, and tells what became of each, whichever endpoint knows. A signed
 * transaction is given again as it is until its time is over, also when who asked for it gave up and asks again: so nothing happens twice.
 */
import { LRUCache } from 'lru-cache'
import { anchorError, unreachable } from '../../../node/anchor/errors.ts'
import { pause } from '../../../node/anchor/watcher.ts'
import { isMerogateError, throwIfAborted } from '../../../node/errors.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import type { OnSigned, SendOptions, Sent } from '../../shared/delivery.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { PATIENCE_MS, MAX_REPLACEMENTS } from '../../shared/limits.ts'
import type { WaitInit } from '../../shared/until-final.ts'
import { stellarError } from '../errors.ts'
import type { AccountKey } from '../key.ts'
import { DEFAULT_MAX_FEE, MAX_IN_FLIGHT, MIN_FEE, VALIDITY_SECONDS } from '../limits.ts'
import { readTimeOf } from '../rpc/head.ts'
import type { Seen } from '../rpc/transactions.ts'
import { wishOf } from '../xdr/operations.ts'
import { type Prepared, resourceFeeOf, signTransaction } from '../xdr/transactions.ts'
import { UsualFee } from './fees.ts'
import { Offer, type Standing } from './offer.ts'
import { type HeldSource, Sources } from './sources.ts'

export interface SenderInit extends WaitInit {
  readonly passphrase: string
  /** Pays. */
  readonly key: AccountKey
  /** Accounts of which those that there are lend their sequence numbers. @default none */
  readonly channels?: readonly AccountKey[] | undefined
  /** Most that is offered for being taken, stroops of an operation. @default DEFAULT_MAX_FEE */
  readonly maxFee?: bigint | undefined
  readonly logger: Logger
}

/** Looks in a row that must find the number used by something else: an endpoint may know an account before it knows the transaction. */
const REPLACED_LOOKS = 2

export class TransactionSender {
  readonly address: string
  readonly #init: SenderInit
  readonly #sources: Sources
  readonly #usual: UsualFee
  readonly #readTime: ReturnType<typeof readTimeOf>
  /** Offers whose fate nobody waited for, by their operation. */
  readonly #left = new LRUCache<string, Offer>({ max: 2 * MAX_IN_FLIGHT })
  #inFlight = 0

  constructor(init: SenderInit) {
    const { key, channels = [], heights, clock, rpc, passphrase } = init
    this.#init = init
    this.address = key.address
    this.#sources = new Sources({ key, channels, heights, clock })
    this.#usual = new UsualFee(rpc, clock)
    this.#readTime = readTimeOf(passphrase)
  }

  /** Transactions that were asked for and lie in no ledger yet. */
  get inFlight(): number {
    return this.#inFlight
  }

  /**
   * Sends a transaction and resolves when it lies in a ledger, which is final; where it failed, `failure` is the name of its result. `onSigned` is told the name
   * of every transaction that is signed for it, before it is sent: whatever happens then, one of them tells the outcome. The same operation again, after a failure, is the
   * same transaction. `cost`: stroops that it may cost at most.
   * @throws CHAIN_FUNDS, CHAIN_REVERTED (chain), CHAIN_KEY (input), CHAIN_FEE (limit), STELLAR_REPLACED (conflict): nothing was done; ANCHOR_UNREACHABLE
   * (transport), ABORTED: its fate is not known; ANCHOR_BUSY (limit)
   */
  async send(prepared: Prepared, { onSigned, signal, cost }: SendOptions = {}): Promise<Sent> {
    if (this.#inFlight >= MAX_IN_FLIGHT) {
      const message = `${MAX_IN_FLIGHT} transactions of ${this.address} wait already; try again later`
      throw anchorError('ANCHOR_BUSY', message, { limit: MAX_IN_FLIGHT })
    }
    this.#inFlight++
    try {
      const maxFee = this.#mostFor(prepared, cost)
      const { mined } = await this.#sendOnce(prepared, {
        maxFee,
        onSigned: onSigned ?? (() => {}),
        signal,
      })
      return { ...mined, final: async () => mined }
    } finally {
      this.#inFlight--
    }
  }

  /** @throws CHAIN_FEE (limit) */
  #mostFor({ resources }: Prepared, cost: bigint | undefined): bigint {
    const { maxFee = DEFAULT_MAX_FEE } = this.#init
    if (cost === undefined) return maxFee
    const resourceFee = resources === undefined ? 0n : resourceFeeOf(resources)
    // an account around it that pays counts for another operation
    const left = (cost - resourceFee) / 2n
    if (left < MIN_FEE) {
      const message = `the transaction needs ${resourceFee + 2n * MIN_FEE} stroops, and may cost ${cost}`
      throw stellarError('CHAIN_FEE', message, { account: this.address, limit: String(cost) })
    }
    return left < maxFee ? left : maxFee
  }

  async #sendOnce(prepared: Prepared, options: Sending): Promise<Seen> {
    const { onSigned, signal } = options
    const left = await this.#takeLeft(prepared, signal)
    if (left !== undefined) {
      onSigned(left.hash)
      return this.#follow(prepared, left, signal)
    }
    const source = await this.#sources.take(signal)
    try {
      const offer = await this.#offer(prepared, source, options)
      const seen = await this.#follow(prepared, offer, signal)
      source.next = offer.sequence + 1n
      return seen
    } catch (error) {
      source.next = undefined
      throw error
    } finally {
      this.#sources.giveBack(source)
    }
  }

  /** The offer that an earlier attempt left and that may still take effect, or has. */
  async #takeLeft(prepared: Prepared, signal: AbortSignal | undefined): Promise<Offer | undefined> {
    const left = this.#left.get(wishOf(prepared.call))
    if (left === undefined) return undefined
    const stands = await this.#init.rpc.run((endpoint) => left.look(endpoint), signal)
    const isOver = stands.state === 'replaced' || stands.state === 'over'
    if (!isOver || (await this.#search(left, signal)) !== undefined) return left
    this.#left.delete(wishOf(prepared.call))
    return undefined
  }

  /** Signs it and gives it to the first endpoint that takes it. */
  async #offer(prepared: Prepared, source: HeldSource, options: Sending): Promise<Offer> {
    const { onSigned, signal } = options
    for (let attempt = 1; ; attempt++) {
      const offer = await this.#sign(prepared, source, options)
      onSigned(offer.hash)
      try {
        if (await this.#give(offer, signal)) return offer
      } catch (error) {
        // an endpoint may have it
        const isOpen = this.#init.rpc.isFailure(error) || isMerogateError(error, 'ABORTED')
        if (isOpen) this.#left.set(wishOf(prepared.call), offer)
        throw error
      }
      // another process has the account, or an endpoint took it whose word was lost; or its time is over
      if ((await this.#search(offer, signal)) !== undefined) return offer
      source.next = undefined
      if (attempt === MAX_REPLACEMENTS) throw this.#replaced(offer)
    }
  }

  /** Whether an endpoint takes it, or will; that it is too late is the word of one that knows of what this node sent before. */
  async #give(offer: Offer, signal: AbortSignal | undefined): Promise<boolean> {
    return this.#init.heights.run(
      'final',
      async (endpoint, _height, { told }) => {
        const { word, latest } = await offer.give(endpoint)
        const isTaken = word === 'taken' || word === 'later'
        if (!isTaken) told?.(BigInt(latest))
        return isTaken
      },
      signal,
    )
  }

  async #sign(prepared: Prepared, source: HeldSource, options: Sending): Promise<Offer> {
    const { rpc, clock, passphrase, key: payer } = this.#init
    const { maxFee, signal } = options
    const sequence = await this.#sources.nextSequence(source, signal)
    const seconds = BigInt(Math.floor(clock.nowMs() / 1000))
    const time = await rpc.run((endpoint) => this.#readTime(endpoint, seconds), signal)
    const maxTime = time + BigInt(VALIDITY_SECONDS)
    const fee = await this.#usual.within(maxFee, signal)
    const isOwn = source.key.address === payer.address
    const signed = signTransaction(prepared, {
      ...{ passphrase, source: source.key, sequence, maxTime },
      // the account around it offers the rest
      fee: isOwn ? fee : MIN_FEE,
    })
    const facts = { clock, passphrase, payer, source, sequence, signed, maxTime }
    return new Offer({ ...facts, fee, maxFee })
  }

  /** Looks once a poll until it lies in a ledger, through endpoints that fail for a while. */
  async #follow(prepared: Prepared, offer: Offer, signal: AbortSignal | undefined): Promise<Seen> {
    const wish = wishOf(prepared.call)
    try {
      const seen = await this.#untilSeen(offer, signal)
      this.#left.delete(wish)
      return seen
    } catch (error) {
      if (isMerogateError(error, 'STELLAR_REPLACED')) this.#left.delete(wish)
      else this.#left.set(wish, offer)
      throw error
    }
  }

  async #untilSeen(offer: Offer, signal: AbortSignal | undefined): Promise<Seen> {
    const { rpc, clock, pollMs, heights, patienceMs = PATIENCE_MS } = this.#init
    const startedMs = clock.monotonicMs()
    let answeredMs = startedMs
    let replacedLooks = 0
    for (;;) {
      throwIfAborted(signal)
      // an endpoint whose ledgers stand still never says that its time is over
      const isStill = clock.monotonicMs() - startedMs > VALIDITY_SECONDS * 1000 + patienceMs
      if (isStill) throw unreachable('the chain: a transaction is neither applied nor over')
      let stands: Standing = { state: 'waiting' }
      try {
        stands = await rpc.run((endpoint: Endpoint) => offer.look(endpoint), signal)
        answeredMs = clock.monotonicMs()
      } catch (error) {
        const isLasting = clock.monotonicMs() - answeredMs >= patienceMs
        if (!isMerogateError(error, 'ANCHOR_UNREACHABLE') || isLasting) throw error
      }
      const isGone = stands.state === 'replaced' || stands.state === 'over'
      replacedLooks = isGone ? replacedLooks + 1 : 0
      if (replacedLooks >= REPLACED_LOOKS) {
        const seen = await this.#search(offer, signal)
        if (seen === undefined) throw this.#replaced(offer)
        stands = { state: 'done', seen }
      }
      if (stands.state === 'done') {
        heights.saw(stands.seen.mined.block)
        return stands.seen
      }
      await pause(clock, pollMs, signal)
    }
  }

  /** What any endpoint knows of it. */
  async #search(offer: Offer, signal: AbortSignal | undefined): Promise<Seen | undefined> {
    return this.#init.rpc.search((endpoint) => offer.search(endpoint), signal)
  }

  #replaced({ hash, sequence, source }: Offer): Error {
    const { address } = source.key
    return stellarError(
      'STELLAR_REPLACED',
      `the transaction ${hash} did nothing: another one took number ${sequence} of ${address}, or its time was over`,
      { account: address, transaction: hash },
    )
  }
}

/** How a transaction is sent. */
interface Sending {
  readonly maxFee: bigint
  readonly onSigned: OnSigned
  readonly signal: AbortSignal | undefined
}
