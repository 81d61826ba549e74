/**
 * Sends transactions of one account, with its keys in rotation, and tells what became of each, whichever endpoint knows. A signed transaction is given again
 * as it is until its nonce is used, also when who asked for it gave up and asks again: so nothing happens twice.
 */
import { LRUCache } from 'lru-cache'
import { anchorError } from '../../../node/anchor/errors.ts'
import { pause } from '../../../node/anchor/watcher.ts'
import { isMerogateError, throwIfAborted } from '../../../node/errors.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import type { Refused, SendOptions, Sent } from '../../shared/delivery.ts'
import { type Endpoint, sourceOf } from '../../shared/endpoints.ts'
import { MAX_REPLACEMENTS, PATIENCE_MS } from '../../shared/limits.ts'
import { untilFinal, type WaitInit } from '../../shared/until-final.ts'
import { nearError } from '../errors.ts'
import { MAX_IN_FLIGHT, RESEND_MS } from '../limits.ts'
import { readBlock } from '../rpc/head.ts'
import { viewKey } from '../rpc/query.ts'
import { rpcErrorKind } from '../rpc/rpc-errors.ts'
import { type Action, type SignedBytes, type SigningKey, wishOf } from './account.ts'
import { type HeldKey, KeyRing } from './keys.ts'
import { type Executed, readOutcome, type Seen, transactionName } from './outcome.ts'

export interface SenderInit extends WaitInit {
  readonly account: string
  readonly signers: readonly SigningKey[]
  readonly logger: Logger
}

/** What a transaction does. */
export interface Wish {
  readonly receiver: string
  readonly actions: readonly Action[]
  /** The one function that it calls; undefined: it does more, which takes full access. */
  readonly method?: string | undefined
}

/** Looks in a row that must find the nonce used by something else: an endpoint may know a key's nonce before it knows the transaction. */
const REPLACED_LOOKS = 2

/** A transaction on its way. */
interface Offer {
  readonly key: HeldKey
  readonly nonce: bigint
  readonly signed: SignedBytes
  /** See {@link transactionName}. */
  readonly name: string
  /** When an endpoint was given it, by its id. */
  readonly givenMs: Map<number, number>
}

/** How things stand with an offer: no endpoint knows it (yet), or something else has its nonce. */
type Standing = Seen | { readonly state: 'waiting' | 'replaced' }

export class TransactionSender {
  readonly account: string
  readonly #init: SenderInit
  readonly #keys: KeyRing
  /** Offers whose fate nobody waited for, by their call. */
  readonly #left = new LRUCache<string, Offer>({ max: 2 * MAX_IN_FLIGHT })
  #inFlight = 0

  constructor(init: SenderInit) {
    const { account, signers, rpc, clock } = init
    this.#init = init
    this.account = account
    this.#keys = new KeyRing({ account, signers, rpc, clock })
  }

  /** Transactions that were asked for and are not executed yet. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** Whether the account's keys may attach a deposit: keys for functions may not. @throws CHAIN_KEY (input) */
  async canDeposit(receiver: string, signal?: AbortSignal): Promise<boolean> {
    const [first] = await this.#keys.usable({ receiver, method: 'apply' }, signal)
    return first?.permission === 'full'
  }

  /**
   * Sends a transaction and resolves when its receiver has executed it, or refused it in its own words. `onSigned` is told the name of every transaction that is signed
   * for it, before it is sent: whatever happens then, one of them tells the outcome. The same actions again, after a failure, is the same transaction.
   * @throws CHAIN_FUNDS (chain), CHAIN_KEY (input), NEAR_REPLACED (conflict): nothing was done; ANCHOR_UNREACHABLE (transport), ABORTED: its fate is not
   * known; ANCHOR_BUSY (limit); CHAIN_RPC for a transaction that breaks a rule
   */
  async send(wish: Wish, { onSigned, signal }: SendOptions = {}): Promise<Sent | Refused> {
    if (this.#inFlight >= MAX_IN_FLIGHT) {
      const message = `${MAX_IN_FLIGHT} transactions of ${this.account} wait already; try again later`
      throw anchorError('ANCHOR_BUSY', message, { limit: MAX_IN_FLIGHT })
    }
    this.#inFlight++
    try {
      const { mined, refusal } = await this.#sendOnce(wish, onSigned ?? (() => {}), signal)
      if (refusal !== undefined) return { refusal }
      return {
        ...mined,
        final: (ended) => untilFinal(this.#init, (at) => look(at, mined.transaction), ended),
      }
    } finally {
      this.#inFlight--
    }
  }

  async #sendOnce(
    wish: Wish,
    onSigned: (transaction: string) => void,
    signal: AbortSignal | undefined,
  ): Promise<Executed> {
    const left = await this.#takeLeft(wish, signal)
    if (left !== undefined) {
      onSigned(left.name)
      return this.#follow(wish, left, signal)
    }
    const { receiver, method } = wish
    const key = await this.#keys.take({ receiver, method }, signal)
    try {
      const offer = await this.#offer(wish, key, onSigned, signal)
      return await this.#follow(wish, offer, signal)
    } finally {
      this.#keys.giveBack(key)
    }
  }

  /** The offer that an earlier attempt left and that may still take effect. */
  async #takeLeft(wish: Wish, signal: AbortSignal | undefined): Promise<Offer | undefined> {
    const left = this.#left.get(this.#idOf(wish))
    if (left === undefined) return undefined
    const stands = await this.#init.rpc.run((endpoint) => this.#look(endpoint, left), signal)
    if (stands.state === 'replaced' && (await this.#search(left, signal)) === undefined) {
      this.#left.delete(this.#idOf(wish))
      return undefined
    }
    return left
  }

  /** Signs it and gives it to the first endpoint that takes it. */
  async #offer(
    wish: Wish,
    key: HeldKey,
    onSigned: (transaction: string) => void,
    signal: AbortSignal | undefined,
  ): Promise<Offer> {
    for (let attempt = 1; ; attempt++) {
      const offer = await this.#sign(wish, key, signal)
      onSigned(offer.name)
      try {
        await this.#init.rpc.run((endpoint) => this.#give(endpoint, offer), signal)
        key.next = offer.nonce + 1n
        return offer
      } catch (error) {
        const kind = rpcErrorKind(error)
        this.#keys.forget(key)
        if (kind === 'nonce' || kind === 'expired') {
          // another process has the key, or an endpoint took it whose word was lost; or the block is too old for this endpoint
          if ((await this.#search(offer, signal)) !== undefined) return offer
          if (attempt < MAX_REPLACEMENTS) continue
          throw this.#replaced(offer)
        }
        // an endpoint may have it
        if (kind === undefined || kind === 'busy') this.#left.set(this.#idOf(wish), offer)
        throw this.#toError(error, kind)
      }
    }
  }

  async #sign(wish: Wish, key: HeldKey, signal: AbortSignal | undefined): Promise<Offer> {
    const { rpc } = this.#init
    const nonce = await this.#keys.nextNonce(key, signal)
    const { hash: block } = await rpc.run((at) => readBlock(at, { finality: 'final' }), signal)
    const { receiver, actions } = wish
    const signed = key.signer.sign(this.account, { receiver, actions, nonce, block })
    const name = transactionName(signed.hash, this.account)
    return { key, nonce, signed, name, givenMs: new Map() }
  }

  async #give(endpoint: Endpoint, { signed, givenMs }: Offer): Promise<void> {
    await endpoint.send('send_tx', { signed_tx_base64: signed.base64, wait_until: 'NONE' })
    givenMs.set(endpoint.id, this.#init.clock.monotonicMs())
  }

  /** Looks once a poll until its call was executed, through endpoints that fail for a while. */
  async #follow(wish: Wish, offer: Offer, signal: AbortSignal | undefined): Promise<Executed> {
    try {
      const executed = await this.#untilExecuted(offer, signal)
      this.#left.delete(this.#idOf(wish))
      return executed
    } catch (error) {
      if (isMerogateError(error, 'NEAR_REPLACED')) this.#left.delete(this.#idOf(wish))
      else this.#left.set(this.#idOf(wish), offer)
      throw error
    }
  }

  async #untilExecuted(offer: Offer, signal: AbortSignal | undefined): Promise<Executed> {
    const { rpc, clock, pollMs, heights, patienceMs = PATIENCE_MS } = this.#init
    let answeredMs = clock.monotonicMs()
    let replacedLooks = 0
    for (;;) {
      throwIfAborted(signal)
      let stands: Standing = { state: 'waiting' }
      try {
        stands = await rpc.run((endpoint) => this.#look(endpoint, offer), signal)
        answeredMs = clock.monotonicMs()
      } catch (error) {
        const isLasting = clock.monotonicMs() - answeredMs >= patienceMs
        if (!isMerogateError(error, 'ANCHOR_UNREACHABLE') || isLasting) throw error
      }
      replacedLooks = stands.state === 'replaced' ? replacedLooks + 1 : 0
      if (replacedLooks >= REPLACED_LOOKS) {
        const found = await this.#search(offer, signal)
        if (found === undefined) throw this.#replaced(offer)
        stands = found
      }
      if (stands.state === 'done') {
        heights.saw(stands.mined.block)
        return stands
      }
      await pause(clock, pollMs, signal)
    }
  }

  /** What an endpoint knows of it; one that does not know it is given it again when that is due. */
  async #look(endpoint: Endpoint, offer: Offer): Promise<Standing> {
    const found = await readOutcome(endpoint, offer.name)
    if (found !== undefined) return found
    const key = await viewKey(endpoint, this.account, offer.key.signer.name)
    // executed between the two questions, or its nonce went to somebody else who has the key
    if (key !== undefined && key.nonce >= offer.nonce) {
      return (await readOutcome(endpoint, offer.name)) ?? { state: 'replaced' }
    }
    await this.#giveAgain(endpoint, offer)
    return { state: 'waiting' }
  }

  async #giveAgain(endpoint: Endpoint, offer: Offer): Promise<void> {
    const { clock, logger } = this.#init
    const givenMs = offer.givenMs.get(endpoint.id)
    if (givenMs !== undefined && clock.monotonicMs() - givenMs < RESEND_MS) return
    try {
      await this.#give(endpoint, offer)
      logger.info({ endpoint: sourceOf(endpoint) }, 'transaction sent again')
    } catch (error) {
      const kind = rpcErrorKind(error)
      if (kind === undefined || kind === 'busy') throw error
      offer.givenMs.set(endpoint.id, clock.monotonicMs())
      logger.warn({ endpoint: sourceOf(endpoint), kind }, 'transaction is not taken again')
    }
  }

  /** What any endpoint knows of it. */
  async #search(offer: Offer, signal: AbortSignal | undefined): Promise<Seen | undefined> {
    return this.#init.rpc.search((endpoint) => readOutcome(endpoint, offer.name), signal)
  }

  /** The same actions are the same wish. */
  #idOf({ receiver, actions }: Wish): string {
    return wishOf(this.account, receiver, actions)
  }

  #replaced({ key, nonce, name }: Offer): Error {
    this.#keys.forget(key)
    return nearError(
      'NEAR_REPLACED',
      `another transaction of ${this.account} took nonce ${nonce} of ${key.signer.name}: does another process have its key?`,
      { account: this.account, transaction: name },
    )
  }

  #toError(cause: unknown, kind: ReturnType<typeof rpcErrorKind>): unknown {
    const details = { account: this.account }
    if (kind === 'funds') {
      const message = `the account ${this.account}, or the allowance of its key, cannot pay for the transaction: send it funds, or add a key with \`merogate chain key\``
      return nearError('CHAIN_FUNDS', message, details, { cause })
    }
    if (kind === 'key') {
      const message = `the key of ${this.account} may not call the contract, or is its key no more: add one with \`merogate chain key\``
      return nearError('CHAIN_KEY', message, details, { cause })
    }
    return cause
  }
}

/** Where a transaction's call was executed. */
async function look(
  endpoint: Endpoint,
  transaction: string,
): Promise<Executed['mined'] | undefined> {
  const seen = await readOutcome(endpoint, transaction)
  return seen?.state === 'done' ? seen.mined : undefined
}
