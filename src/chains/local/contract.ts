/** A contract of the service over fetch: what is the same for each of them. */
import { envelopeDigest } from '../../node/anchor/envelope.ts'
import { z } from 'zod'
import {
  anchorError,
  badAnswer,
  rejected,
  unreachable,
  type Refusal,
  type RefusalName,
} from '../../node/anchor/errors.ts'
import type { Domain } from '../../node/anchor/operations.ts'
import type {
  Answer,
  ServiceOptions,
  Submission,
  SubmissionService,
  SignedEnvelope,
} from '../../node/anchor/service.ts'
import { toHex } from '../../node/primitives/bytes.ts'
import { shownAddress } from '../../node/primitives/shown-address.ts'
import { fetchJson } from '../shared/fetch-json.ts'
import { ANSWER_TIMEOUT_MS, MAX_ANSWER_BYTES } from './limits.ts'
import {
  acceptedAnswer,
  domainAnswer,
  refusalAnswer,
  transactionAnswer,
  type Valued,
} from './wire.ts'

interface RequestOptions extends ServiceOptions {
  /** Sent as JSON. */
  readonly body?: unknown
  /** Time the service was asked to wait, ms. @default 0 */
  readonly waitMs?: number
}

/** An answer by its status: what was asked for, or a refusal. */
type Reply<T> = { readonly value: T } | { readonly refusal: Refusal }

const failure = z.object({ code: z.string(), message: z.string() })

export class HttpContract implements SubmissionService {
  readonly #url: string
  /** The address for messages. */
  readonly #where: string
  readonly #prefix: string

  /** `url` as {@link LocalChain.url} has it, with or without a slash at the end; `prefix` begins the contract's own paths. */
  constructor(url: string, prefix: string) {
    this.#url = url.replace(/\/+$/, '')
    this.#where = shownAddress(url)
    this.#prefix = prefix
  }

  async readDomain(options?: ServiceOptions): Promise<Domain> {
    return this.get(`${this.#prefix}/domain`, domainAnswer, options)
  }

  async findApplied(envelope: Uint8Array, options?: ServiceOptions): Promise<bigint | undefined> {
    const path = `/v1/transactions/${toHex(envelopeDigest(envelope))}`
    return (await this.get(path, transactionAnswer, options)).height ?? undefined
  }

  async submit(
    { envelope, signature }: SignedEnvelope,
    options?: ServiceOptions,
  ): Promise<Submission> {
    const body = { envelope: toHex(envelope), signature: toHex(signature) }
    const path = `${this.#prefix}/operations`
    const reply = await this.#request(path, acceptedAnswer, { ...options, body })
    if ('refusal' in reply) return { accepted: false, refusal: reply.refusal }
    return { accepted: true, ...reply.value }
  }

  /** What there is at a path; the value is undefined when the service refuses because there is no such thing. */
  protected async find<T>(
    path: string,
    schema: z.ZodType<Valued<T>>,
    absent: RefusalName,
    options: ServiceOptions | undefined,
  ): Promise<Answer<T | undefined>> {
    const reply = await this.#request(path, schema, options)
    if ('value' in reply) return reply.value
    if (reply.refusal.name === absent) return { value: undefined, height: 0n }
    throw rejected(reply.refusal, 'a query')
  }

  /** @throws ANCHOR_REJECTED for any refusal */
  protected async get<T>(
    path: string,
    schema: z.ZodType<T>,
    options: RequestOptions | undefined,
  ): Promise<T> {
    const reply = await this.#request(path, schema, options)
    if ('value' in reply) return reply.value
    throw rejected(reply.refusal, 'a query')
  }

  async #request<T>(
    path: string,
    schema: z.ZodType<T>,
    options: RequestOptions = {},
  ): Promise<Reply<T>> {
    const { signal, body, waitMs = 0 } = options
    const { status, json } = await fetchJson(this.#url + path, {
      ...(body === undefined ? {} : { body }),
      timeoutMs: waitMs + ANSWER_TIMEOUT_MS,
      maxBytes: MAX_ANSWER_BYTES,
      signal,
    })
    if (status === 200) {
      const { data } = schema.safeParse(json)
      if (data === undefined) throw badAnswer(this.#where, 'an answer of another shape')
      return { value: data }
    }
    const refused = refusalAnswer.safeParse(json).data
    if (refused !== undefined) return refused
    const reason = failure.safeParse(json).data
    if (reason === undefined) throw badAnswer(this.#where, `status ${status}`)
    if (status === 429) throw anchorError('ANCHOR_BUSY', reason.message, { status })
    if (status >= 500) throw unreachable(this.#where, reason.message)
    throw badAnswer(this.#where, `status ${status}, ${reason.code}`)
  }
}
