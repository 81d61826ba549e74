/**
 * Has a relayer carry envelopes, for nodes whose account has no funds or that have none. A relayer is not believed: what it says of a
 * transaction counts when this node's own endpoint has it, with the very envelope in it.
 */
import { z } from 'zod'
import { envelopeDigest } from '../../node/anchor/envelope.ts'
import {
  anchorError,
  badAnswer,
  isRefusalName,
  refusal,
  unreachable,
} from '../../node/anchor/errors.ts'
import type { SignedEnvelope } from '../../node/anchor/service.ts'
import { pause } from '../../node/anchor/watcher.ts'
import { isMerogateError, throwIfAborted } from '../../node/errors.ts'
import { toHex } from '../../node/primitives/bytes.ts'
import { shownAddress } from '../../node/primitives/shown-address.ts'
import type { Mined, OnSigned, Refused, Sent } from './delivery.ts'
import type { Endpoint } from './endpoints.ts'
import { chainError } from './errors.ts'
import { fetchJson } from './fetch-json.ts'
import {
  ANSWER_TIMEOUT_MS,
  MAX_RELAYER_ANSWER_BYTES,
  PATIENCE_MS,
  RELAYER_WAIT_MS,
} from './limits.ts'
import { untilFinal, type WaitInit } from './until-final.ts'

export interface RelayerCarrierInit extends WaitInit {
  /** Protocol of the chain, as in `ethereum`. */
  readonly chain: string
  /** Name of the network as the deployment has it. */
  readonly network: string
  /** Where the gateway of the relayer is; `/v1/operations` and `/v1/adoptions` belong behind it. */
  readonly url: string
  readonly apiKey?: string | undefined
  /** Names of transactions, as the chain writes them. */
  readonly transaction: RegExp
  /** Where a transaction lies that delivers this very envelope; undefined when the endpoint does not have it (yet). */
  readonly delivered: (
    endpoint: Endpoint,
    transaction: string,
    envelope: Uint8Array,
  ) => Promise<Mined | 'another' | undefined>
  /** The transaction that applied an envelope lately. */
  readonly applied: (endpoint: Endpoint, envelope: Uint8Array) => Promise<Mined | undefined>
}

const transaction = z.string().max(128)

const answerSchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('pending') }),
  z.object({ state: z.literal('mined'), transaction }),
  z.object({ state: z.literal('final'), transaction }),
  z.object({
    state: z.literal('refused'),
    name: z.string().refine(isRefusalName),
    expected: z
      .string()
      .regex(/^\d{1,20}$/)
      .transform(BigInt)
      .optional(),
  }),
  z.object({ state: z.literal('failed'), code: z.string().regex(/^[A-Z][A-Z_]{0,63}$/) }),
])

const adoptionSchema = z.discriminatedUnion('state', [
  z.object({ state: z.enum(['pending', 'done']) }),
  z.object({ state: z.literal('refused'), name: z.string().refine(isRefusalName) }),
])

/** What the relayer says of an operation. */
type Answer = z.infer<typeof answerSchema>

/** Its words are not repeated: they may be anything. */
const failureSchema = z.object({ code: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/) })

/** What moved to another contract, by its id. */
export type Moved = { readonly group: Uint8Array } | { readonly context: Uint8Array }

/** An envelope on its way. */
interface Operation {
  readonly id: string
  readonly signed: SignedEnvelope
}

export class RelayerCarrier {
  readonly #init: RelayerCarrierInit
  readonly #where: string
  readonly #path: string

  constructor(init: RelayerCarrierInit) {
    this.#init = init
    this.#where = shownAddress(init.url)
    this.#path = `${init.url.replace(/\/+$/, '')}/v1`
  }

  /**
   * See `Delivery.send`.
   * @throws ANCHOR_UNREACHABLE (transport): its fate is not known; ANCHOR_BUSY (limit): beyond a quota; ANCHOR_BAD_ANSWER (protocol);
   * CHAIN_RELAYER_REFUSED (denied), CHAIN_RELAYER_FAILED (chain)
   */
  async send(
    signed: SignedEnvelope,
    onSigned: OnSigned = () => {},
    signal?: AbortSignal,
  ): Promise<Sent | Refused> {
    const operation = { id: toHex(envelopeDigest(signed.envelope)), signed }
    const outcome = await this.#untilMined(operation, await this.#post(signed, signal), signal)
    if ('refusal' in outcome) return outcome
    onSigned(outcome.transaction)
    this.#init.heights.saw(outcome.block)
    return { ...outcome, final: (ended) => this.#untilFinal(operation, outcome, ended) }
  }

  /**
   * Asks it to take over what moved to a contract, by the bytes that name it in a domain, or the next part of that. Resolves when it goes on with it, or says that it
   * is there, which is not believed. @throws CHAIN_RELAYER_REFUSED (denied), ANCHOR_UNREACHABLE (transport), ANCHOR_BUSY (limit)
   */
  async adopt(contract: Uint8Array, moved: Moved, signal?: AbortSignal): Promise<void> {
    const { chain, network } = this.#init
    const what =
      'group' in moved ? { group: toHex(moved.group) } : { context: toHex(moved.context) }
    const body = { chain, network, contract: toHex(contract), ...what }
    const answer = await this.#request(adoptionSchema, '/adoptions', body, signal)
    if (answer === undefined) throw this.#refused('unknown', 404)
    if (answer.state === 'refused') throw this.#refused(answer.name, 422)
  }

  #refused(reason: string, status: number): Error {
    return chainError(
      this.#init.chain,
      'CHAIN_RELAYER_REFUSED',
      `the relayer at ${this.#where} does not carry this: ${reason}`,
      { where: this.#where, status, reason },
    )
  }

  /** Asks until the envelope lies in a block, as our own endpoint sees it. */
  async #untilMined(
    operation: Operation,
    first: Answer,
    signal: AbortSignal | undefined,
  ): Promise<Mined | Refused> {
    const { clock, pollMs, patienceMs = PATIENCE_MS } = this.#init
    const startedMs = clock.monotonicMs()
    let answer: Answer | undefined = first
    /** Since when the relayer is silent, or speaks of what nobody else sees. */
    let troubleMs: number | undefined
    for (;;) {
      const outcome = await this.#judge(operation, answer, signal)
      if (outcome !== undefined) return outcome
      if (answer?.state === 'pending') troubleMs = undefined
      else troubleMs ??= clock.monotonicMs()
      if (troubleMs !== undefined && clock.monotonicMs() - troubleMs > patienceMs) {
        if (answer === undefined) throw unreachable(this.#where)
        throw badAnswer(this.#where, 'word of a transaction that the chain does not have')
      }
      if (clock.monotonicMs() - startedMs > RELAYER_WAIT_MS) throw unreachable(this.#where)
      await pause(clock, pollMs, signal)
      throwIfAborted(signal)
      answer = await this.#ask(operation, signal)
    }
  }

  /** What an answer comes to; undefined while nothing can be said. */
  async #judge(
    { signed }: Operation,
    answer: Answer | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Mined | Refused | undefined> {
    if (answer?.state === 'pending') return undefined
    if (answer?.state === 'mined' || answer?.state === 'final') {
      return this.#search((endpoint) => this.#look(endpoint, answer.transaction, signed), signal)
    }
    // silent, or a refusal: the chain may know better
    const find = (at: Endpoint): Promise<Mined | undefined> =>
      this.#init.applied(at, signed.envelope)
    const applied = await this.#search(find, signal)
    if (applied !== undefined || answer === undefined) return applied
    if (answer.state === 'refused') return { refusal: refusal(answer.name, answer.expected) }
    if (answer.code === 'ANCHOR_UNREACHABLE') throw unreachable(this.#where)
    throw chainError(
      this.#init.chain,
      'CHAIN_RELAYER_FAILED',
      `the relayer at ${this.#where} could not send the operation: ${answer.code}`,
      { where: this.#where, reason: answer.code },
    )
  }

  async #untilFinal(operation: Operation, mined: Mined, signal?: AbortSignal): Promise<Mined> {
    const { signed } = operation
    let { transaction: hash } = mined
    const look = async (endpoint: Endpoint): Promise<Mined | undefined> => {
      const found = await this.#look(endpoint, hash, signed)
      if (found !== undefined) return found
      // the chain reorganised: the relayer may have sent another transaction
      const answer = await this.#ask(operation, signal)
      if (answer !== undefined && 'transaction' in answer) hash = answer.transaction
      return undefined
    }
    return untilFinal(this.#init, look, signal)
  }

  async #look(
    endpoint: Endpoint,
    hash: string,
    { envelope }: SignedEnvelope,
  ): Promise<Mined | undefined> {
    const found = await this.#init.delivered(endpoint, hash, envelope)
    if (found === 'another') throw badAnswer(this.#where, 'a transaction of something else')
    return found
  }

  /** What any of our endpoints knows. */
  async #search<T>(
    task: (endpoint: Endpoint) => Promise<T | undefined>,
    signal?: AbortSignal,
  ): Promise<T | undefined> {
    return this.#init.rpc.search(task, signal)
  }

  /** The state of an operation; a relayer that forgot it is given it again. Undefined when it is silent. */
  async #ask({ id, signed }: Operation, signal?: AbortSignal): Promise<Answer | undefined> {
    try {
      return (
        (await this.#request(answerSchema, `/operations/${id}`, undefined, signal)) ??
        (await this.#post(signed, signal))
      )
    } catch (error) {
      // it has taken the envelope: whatever it says now is no refusal, and the chain decides
      if (!isMerogateError(error) || signal?.aborted === true) throw error
      return undefined
    }
  }

  async #post(signed: SignedEnvelope, signal: AbortSignal | undefined): Promise<Answer> {
    const answer = await this.#request(
      answerSchema,
      '/operations',
      {
        chain: this.#init.chain,
        network: this.#init.network,
        envelope: toHex(signed.envelope),
        signature: toHex(signed.signature),
      },
      signal,
    )
    if (answer === undefined) throw badAnswer(this.#where, 'status 404: is it a relayer?')
    return answer
  }

  /** Whether a transaction that it speaks of may be one of this chain. */
  #isNamed(answer: object): boolean {
    if (!('transaction' in answer)) return true
    return this.#init.transaction.test(String(answer.transaction))
  }

  /** One question; undefined when there is no such thing. */
  async #request<T extends object>(
    schema: z.ZodType<T>,
    path: string,
    body: unknown,
    signal: AbortSignal | undefined,
  ): Promise<T | undefined> {
    const { apiKey } = this.#init
    const { status, json } = await fetchJson(this.#path + path, {
      body,
      headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
      timeoutMs: ANSWER_TIMEOUT_MS,
      maxBytes: MAX_RELAYER_ANSWER_BYTES,
      signal,
    })
    if (status === 404) return undefined
    const answer = schema.safeParse(json).data
    if (answer !== undefined && this.#isNamed(answer)) return answer
    const reason = failureSchema.safeParse(json).data?.code
    if (status >= 500) throw unreachable(this.#where, reason)
    if (reason === undefined) throw badAnswer(this.#where, `status ${status}, of another shape`)
    const details = { where: this.#where, status, reason }
    if (status === 429) {
      const message = `the relayer at ${this.#where} takes no more for now (${reason}); try again later`
      throw anchorError('ANCHOR_BUSY', message, details)
    }
    throw this.#refused(reason, status)
  }
}
