/**
 * Brings signed envelopes to a contract: tried out first, so that a refusal costs nothing, then sent, then waited for. An envelope is one
 * transaction however often it is given, and its fate can be asked for by its digest.
 */
import { LRUCache } from 'lru-cache'
import { envelopeDigest } from '../../node/anchor/envelope.ts'
import { refusal } from '../../node/anchor/errors.ts'
import type { ServiceOptions, SignedEnvelope, Submission } from '../../node/anchor/service.ts'
import { throwIfAborted } from '../../node/errors.ts'
import { toHex } from '../../node/primitives/bytes.ts'
import type { Delivery, Mined, SendOptions, Sent } from './delivery.ts'
import { abortable } from './endpoints.ts'
import { chainError } from './errors.ts'
import { MAX_REMEMBERED_ENVELOPES, MAX_REPLACEMENTS } from './limits.ts'

/** What is known of an envelope that was sent. */
interface Remembered {
  /** Names of the transactions that were signed for it. */
  readonly transactions: Set<string>
  /** Whether somebody was told that it was accepted: who sends it again wants it refused. */
  isTold: boolean
}

/** An envelope on its way, and how many wait for it: it ends with the last of them. */
interface Running {
  readonly submission: Promise<Submission>
  readonly abort: AbortController
  waiting: number
}

/** Options of an envelope that goes on for as long as anybody waits. */
type Sending = SendOptions & { readonly signal: AbortSignal }

export class Submitter {
  readonly #delivery: Delivery
  readonly #remembered = new LRUCache<string, Remembered>({ max: MAX_REMEMBERED_ENVELOPES })
  readonly #running = new Map<string, Running>()
  #isChecked = false

  constructor(delivery: Delivery) {
    this.#delivery = delivery
  }

  /** See `EnvelopeService.submit`. Resolves when the envelope lies in a block; `final` of the submission waits for more. */
  async submit(signed: SignedEnvelope, options: SendOptions = {}): Promise<Submission> {
    throwIfAborted(options.signal)
    const digest = toHex(envelopeDigest(signed.envelope))
    const running = this.#running.get(digest) ?? this.#begin(digest, signed, options)
    running.waiting++
    try {
      return await abortable(running.submission, options.signal)
    } finally {
      running.waiting--
      if (running.waiting === 0) this.#end(digest, running)
    }
  }

  /** See `SubmissionService.findApplied`. */
  async find(envelope: Uint8Array, { signal }: ServiceOptions = {}): Promise<bigint | undefined> {
    const { transactions = [] } = this.#remembered.get(toHex(envelopeDigest(envelope))) ?? {}
    for (const transaction of transactions) {
      const found = await this.#delivery.look(transaction, signal)
      if (found?.succeeded === true) return found.block
    }
    // somebody else carried it, or this node did before it was started anew
    const found = await this.#delivery.find(envelope, signal)
    return found?.block
  }

  /** See `Delivery.check`; once it is so it stays so. */
  async check(signal?: AbortSignal): Promise<void> {
    if (this.#isChecked) return
    await this.#delivery.check(signal)
    this.#isChecked = true
  }

  #begin(digest: string, signed: SignedEnvelope, options: SendOptions): Running {
    const abort = new AbortController()
    const submission = this.#submit(digest, signed, { ...options, signal: abort.signal })
    const running = { submission, abort, waiting: 0 }
    this.#running.set(digest, running)
    return running
  }

  /** Nobody waits any more. */
  #end(digest: string, running: Running): void {
    running.abort.abort()
    if (this.#running.get(digest) === running) this.#running.delete(digest)
  }

  async #submit(digest: string, signed: SignedEnvelope, options: Sending): Promise<Submission> {
    const remembered = this.#remembered.get(digest) ?? {
      transactions: new Set<string>(),
      isTold: false,
    }
    this.#remembered.set(digest, remembered)
    await this.check(options.signal)
    for (let attempt = 1; ; attempt++) {
      try {
        const submission = await this.#attempt(signed, remembered, options)
        if (!submission.accepted) {
          const judged = await this.#judged(digest, submission, options.signal)
          return await this.#withNonce(judged, signed, options.signal)
        }
        remembered.isTold = true
        return submission
      } catch (error) {
        // its place went to something else, and nothing was done: it may go again
        if (attempt >= MAX_REPLACEMENTS || !this.#isReplaced(error)) throw error
      }
    }
  }

  #isReplaced(error: unknown): boolean {
    return this.#delivery.isReplaced?.(error) === true
  }

  /** A refusal may be the echo of our own success, of which we heard nothing. */
  async #judged(digest: string, refused: Submission, signal: AbortSignal): Promise<Submission> {
    const remembered = this.#remembered.get(digest)
    if (remembered === undefined || remembered.isTold) return refused
    for (const transaction of remembered.transactions) {
      const mined = await this.#delivery.look(transaction, signal)
      if (mined?.succeeded !== true) continue
      remembered.isTold = true
      return { accepted: true, transaction: mined.transaction, height: mined.block }
    }
    return refused
  }

  /** A refusal for a wrong nonce with the right one, where the chain's own word has no room for it. */
  async #withNonce(
    submission: Submission,
    { envelope }: SignedEnvelope,
    signal: AbortSignal,
  ): Promise<Submission> {
    if (submission.accepted) return submission
    const { name, expected } = submission.refusal
    if (name !== 'BadNonce' || expected !== undefined) return submission
    const nonce = await this.#delivery.readNonce?.(envelope, signal)
    return nonce === undefined ? submission : { accepted: false, refusal: refusal(name, nonce) }
  }

  async #attempt(
    signed: SignedEnvelope,
    remembered: Remembered,
    options: Sending,
  ): Promise<Submission> {
    const refused = await this.#delivery.tryOut?.(signed, options.signal)
    if (refused !== undefined) return { accepted: false, refusal: refused }
    const onSigned = (transaction: string): void => {
      remembered.transactions.add(transaction)
      options.onSigned?.(transaction)
    }
    const sent = await this.#delivery.send(signed, { ...options, onSigned })
    if ('refusal' in sent) return { accepted: false, refusal: sent.refusal }
    return this.#outcome(signed, sent, remembered, options.signal)
  }

  async #outcome(
    signed: SignedEnvelope,
    sent: Sent,
    remembered: Remembered,
    signal: AbortSignal,
  ): Promise<Submission> {
    const submission = await this.#toSubmission(signed, sent, signal)
    if (!submission.accepted) return submission
    return {
      ...submission,
      final: async (options = {}) => {
        try {
          return await this.#toSubmission(signed, await sent.final(options.signal), options.signal)
        } catch (error) {
          if (!this.#isReplaced(error)) throw error
          // the chain reorganised, and something else has its place now
          remembered.isTold = false
          const again = await this.submit(signed, options)
          return again.accepted && again.final !== undefined ? again.final(options) : again
        }
      },
    }
  }

  async #toSubmission(
    signed: SignedEnvelope,
    mined: Mined,
    signal: AbortSignal | undefined,
  ): Promise<Submission> {
    if (mined.succeeded) {
      return { accepted: true, transaction: mined.transaction, height: mined.block }
    }
    // it was fine when it was tried out: something else came first. What now stands in its way is the reason
    const refused = await this.#delivery.tryOut?.(signed, signal)
    if (refused !== undefined) return { accepted: false, refusal: refused }
    throw chainError(
      this.#delivery.chain,
      'CHAIN_REVERTED',
      `the transaction ${mined.transaction} failed and changed nothing; it may be tried again`,
      {
        transaction: mined.transaction,
        ...(mined.failure === undefined ? {} : { reason: mined.failure }),
      },
    )
  }
}

/** Nothing can be sent from here. `settings`: what would change that. */
export function readOnlyError(chain: string, settings: string): Error {
  return chainError(
    chain,
    'CHAIN_READ_ONLY',
    `this node has no account on the chain and no relayer: set ${settings} of its anchor`,
  )
}
