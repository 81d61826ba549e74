/** A signed transaction on its way: given to endpoints, again when it is due, and with more offered for it up to a ceiling. */
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { stellarError } from '../errors.ts'
import type { AccountKey } from '../key.ts'
import { BUMP_FACTOR, RESEND_MS, STUCK_MS } from '../limits.ts'
import { viewAccount } from '../rpc/entries.ts'
import { giveTransaction, lookForTransaction, type Seen } from '../rpc/transactions.ts'
import { envelopeText, feeBumpText, type Result, type Signed } from '../xdr/transactions.ts'
import type { HeldSource } from './sources.ts'

export interface OfferInit {
  readonly clock: Clock
  readonly passphrase: string
  /** Pays where the source does not. */
  readonly payer: AccountKey
  readonly source: HeldSource
  readonly sequence: bigint
  readonly signed: Signed
  /** Last second at which it may be applied. */
  readonly maxTime: bigint
  /** Stroops that it offers for being taken, an operation. */
  readonly fee: bigint
  /** Most that it may offer. */
  readonly maxFee: bigint
}

/** How things stand: no endpoint knows it (yet), another has its number, or its time is over. */
export type Standing =
  | { readonly state: 'done'; readonly seen: Seen }
  | { readonly state: 'waiting' | 'replaced' | 'over' }

/** What an endpoint says of it, and what its newest ledger is: one that is behind knows no better. */
interface Word {
  readonly word: 'taken' | 'later' | 'replaced' | 'over'
  readonly latest: number
}

export class Offer {
  readonly source: HeldSource
  readonly sequence: bigint
  readonly hash: string
  readonly #init: OfferInit
  /** When an endpoint took it, by its id. */
  readonly #givenMs = new Map<number, number>()
  #fee: bigint
  /** Since when so much is offered. */
  #sinceMs: number
  #text: string

  constructor(init: OfferInit) {
    const { source, sequence, signed, fee, clock, payer } = init
    this.#init = init
    this.source = source
    this.sequence = sequence
    this.hash = signed.hash
    this.#fee = fee
    this.#sinceMs = clock.monotonicMs()
    const isOwn = source.key.address === payer.address
    this.#text = isOwn ? envelopeText(signed) : this.#bump(fee)
  }

  /** Gives it to an endpoint. @throws CHAIN_FEE (limit), CHAIN_FUNDS, CHAIN_REVERTED (chain), CHAIN_KEY (input) */
  async give(endpoint: Endpoint): Promise<Word> {
    for (;;) {
      const { word, latest } = await giveTransaction(endpoint, this.#text)
      if (word === 'taken') this.#givenMs.set(endpoint.id, this.#init.clock.monotonicMs())
      if (word === 'taken' || word === 'later') return { word, latest }
      if (word.code === 'txBadSeq') return { word: 'replaced', latest }
      if (word.code === 'txTooLate') return { word: 'over', latest }
      if (word.code !== 'txInsufficientFee') throw this.#refused(word)
      this.#raise(this.#neededOf(word))
    }
  }

  /** What an endpoint knows of it; one that does not know it is given it again when that is due. */
  async look(endpoint: Endpoint): Promise<Standing> {
    const { seen, closeTime } = await lookForTransaction(endpoint, this.hash)
    if (seen !== undefined) return { state: 'done', seen }
    const account = await viewAccount(endpoint, this.source.key.address)
    // applied between the two questions, or its number went to somebody else who has the key
    if (account !== undefined && account.sequence >= this.sequence) {
      const again = await lookForTransaction(endpoint, this.hash)
      return again.seen === undefined ? { state: 'replaced' } : { state: 'done', seen: again.seen }
    }
    if (closeTime > this.#init.maxTime) return { state: 'over' }
    return this.#giveAgain(endpoint)
  }

  /** What an endpoint knows of it, and nothing else. */
  async search(endpoint: Endpoint): Promise<Seen | undefined> {
    return (await lookForTransaction(endpoint, this.hash)).seen
  }

  async #giveAgain(endpoint: Endpoint): Promise<Standing> {
    const nowMs = this.#init.clock.monotonicMs()
    const isStuck = nowMs - this.#sinceMs >= STUCK_MS && this.#fee < this.#init.maxFee
    const givenMs = this.#givenMs.get(endpoint.id)
    const isDue = givenMs === undefined || nowMs - givenMs >= RESEND_MS
    if (!isStuck && !isDue) return { state: 'waiting' }
    if (isStuck) {
      const more = this.#fee * BUMP_FACTOR
      this.#offer(more < this.#init.maxFee ? more : this.#init.maxFee)
    }
    const { word } = await this.give(endpoint)
    // applied since it was looked for: the next look says so
    return { state: word === 'over' ? 'over' : 'waiting' }
  }

  /** @throws CHAIN_FEE (limit) */
  #raise(needed: bigint): void {
    const { maxFee, payer } = this.#init
    if (needed > maxFee || needed <= this.#fee) {
      const message = `the network takes no transaction below ${needed} stroops, and at most ${maxFee} are offered: raise max_fee_stroops, or try again later`
      throw stellarError('CHAIN_FEE', message, {
        ...{ account: payer.address, needed: String(needed), limit: String(maxFee) },
      })
    }
    this.#offer(needed)
  }

  #offer(fee: bigint): void {
    this.#fee = fee
    this.#sinceMs = this.#init.clock.monotonicMs()
    this.#text = this.#bump(fee)
  }

  #bump(fee: bigint): string {
    const { signed, passphrase, payer } = this.#init
    return feeBumpText(signed, passphrase, payer, fee)
  }

  /** Stroops of an operation that would be enough; with an account around it that pays it counts as two. */
  #neededOf({ fee }: Result): bigint {
    const all = fee - this.#init.signed.resourceFee
    return this.#text === envelopeText(this.#init.signed) ? all : (all + 1n) / 2n
  }

  #refused({ code }: Result): Error {
    const { payer, source } = this.#init
    const details = { account: payer.address, reason: code }
    if (code === 'txInsufficientBalance' || code === 'txNoAccount') {
      const message = `the account ${payer.address} cannot pay for the transaction, or is not there: send it XLM`
      return stellarError('CHAIN_FUNDS', message, details)
    }
    if (code === 'txBadAuth' || code === 'txBadAuthExtra') {
      const message = `the key does not sign for ${source.key.address}: have its signers changed?`
      return stellarError('CHAIN_KEY', message, details)
    }
    const message = `the network takes no such transaction: ${code}`
    return stellarError('CHAIN_REVERTED', message, details)
  }
}
