/** The service as an `EnvelopeService`, over fetch. */
import { z } from 'zod'
import { isMerogateError, throwIfAborted } from '../../node/errors.ts'
import type { ContextRecord, GroupRecord, MemberRecord } from '../../node/anchor/anchor.ts'
import {
  anchorError,
  badAnswer,
  rejected,
  unreachable,
  type Refusal,
} from '../../node/anchor/errors.ts'
import type { SignedEnvelope } from '../../node/anchor/model/decide.ts'
import type { MemberPage } from '../../node/anchor/model/queries.ts'
import type { Domain } from '../../node/anchor/operations.ts'
import type {
  Answer,
  Changes,
  EnvelopeService,
  ServiceOptions,
  Submission,
} from '../../node/anchor/service.ts'
import { concat, fromUtf8, toHex } from '../../node/primitives/bytes.ts'
import type { ContextId, GroupId, PublicKey } from '../../node/primitives/ids.ts'
import { ANSWER_TIMEOUT_MS, MAX_ANSWER_BYTES } from './limits.ts'
import {
  acceptedAnswer,
  changesAnswer,
  contextAnswer,
  contextPath,
  domainAnswer,
  groupAnswer,
  groupPath,
  memberAnswer,
  pageAnswer,
  refusalAnswer,
  transactionAnswer,
} from './wire.ts'

interface RequestOptions extends ServiceOptions {
  readonly body?: string
  /** Time the service was asked to wait, ms. @default 0 */
  readonly waitMs?: number
}

/** An answer by its status: what was asked for, or a refusal. */
type Reply<T> = { readonly value: T } | { readonly refusal: Refusal }

const failure = z.object({ code: z.string(), message: z.string() })

export class HttpService implements EnvelopeService {
  readonly #url: string

  /** `url` as {@link LocalChain.url} has it, with or without a slash at the end. */
  constructor(url: string) {
    this.#url = url.replace(/\/+$/, '')
  }

  async readDomain(options?: ServiceOptions): Promise<Domain> {
    return this.#get('/v1/domain', domainAnswer, options)
  }

  async readContext(
    id: ContextId,
    options?: ServiceOptions,
  ): Promise<Answer<ContextRecord | undefined>> {
    const answer = await this.#find(contextPath(id), contextAnswer, options)
    if (answer === undefined) return { value: undefined, height: 0n }
    return { value: { id, ...answer.value }, height: answer.height }
  }

  async readGroup(id: GroupId, options?: ServiceOptions): Promise<Answer<GroupRecord | undefined>> {
    const answer = await this.#find(groupPath(id), groupAnswer, options)
    if (answer === undefined) return { value: undefined, height: 0n }
    return { value: { id, ...answer.value }, height: answer.height }
  }

  async readMember(
    group: GroupId,
    identity: PublicKey,
    options?: ServiceOptions,
  ): Promise<Answer<MemberRecord | undefined>> {
    const path = `${groupPath(group)}/members/${toHex(identity)}`
    const { value, height } = await this.#get(path, memberAnswer, options)
    return { value: value ?? undefined, height }
  }

  async readMemberPage(
    group: GroupId,
    offset: number,
    length: number,
    options?: ServiceOptions,
  ): Promise<Answer<MemberPage | undefined>> {
    const path = `${groupPath(group)}/members?offset=${offset}&length=${length}`
    return (await this.#find(path, pageAnswer, options)) ?? { value: undefined, height: 0n }
  }

  async findTransaction(
    transaction: string,
    options?: ServiceOptions,
  ): Promise<bigint | undefined> {
    const path = `/v1/transactions/${transaction}`
    return (await this.#get(path, transactionAnswer, options)).height ?? undefined
  }

  async submit(
    { envelope, signature }: SignedEnvelope,
    options?: ServiceOptions,
  ): Promise<Submission> {
    const body = JSON.stringify({ envelope: toHex(envelope), signature: toHex(signature) })
    const reply = await this.#request('/v1/operations', acceptedAnswer, { ...options, body })
    if ('refusal' in reply) return { accepted: false, refusal: reply.refusal }
    return { accepted: true, ...reply.value }
  }

  async waitForChanges(
    since: bigint | undefined,
    waitMs: number,
    options?: ServiceOptions,
  ): Promise<Changes> {
    const query = since === undefined ? '' : `?since=${since}&wait=${waitMs}`
    return this.#get(`/v1/changes${query}`, changesAnswer, {
      ...options,
      waitMs: since === undefined ? 0 : waitMs,
    })
  }

  /** What there is at a path; undefined when the service knows no such context or group. */
  async #find<T>(
    path: string,
    schema: z.ZodType<T>,
    options: ServiceOptions | undefined,
  ): Promise<T | undefined> {
    const reply = await this.#request(path, schema, options)
    if ('value' in reply) return reply.value
    if (reply.refusal.name === 'ContextNotFound') return undefined
    throw rejected(reply.refusal, 'a query')
  }

  async #get<T>(
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
    const { status, json } = await this.#fetch(path, options)
    if (status === 200) {
      const { data } = schema.safeParse(json)
      if (data === undefined) throw badAnswer(this.#url, 'an answer of another shape')
      return { value: data }
    }
    const refused = refusalAnswer.safeParse(json).data
    if (refused !== undefined) return refused
    const reason = failure.safeParse(json).data
    if (reason === undefined) throw badAnswer(this.#url, `status ${status}`)
    if (status === 429) throw anchorError('ANCHOR_BUSY', reason.message, { status })
    if (status >= 500) throw unreachable(this.#url, reason.message)
    throw badAnswer(this.#url, `status ${status}, ${reason.code}`)
  }

  async #fetch(
    path: string,
    { signal, body, waitMs = 0 }: RequestOptions,
  ): Promise<{ status: number; json: unknown }> {
    const timeout = AbortSignal.timeout(waitMs + ANSWER_TIMEOUT_MS)
    const post = { method: 'POST', body, headers: { 'content-type': 'application/json' } }
    let status: number
    let bytes: Uint8Array
    try {
      const response = await fetch(this.#url + path, {
        ...(body === undefined ? {} : { ...post, body }),
        redirect: 'error',
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      })
      status = response.status
      bytes = await this.#readBody(response)
    } catch (cause) {
      throwIfAborted(signal)
      if (isMerogateError(cause)) throw cause
      throw unreachable(this.#url, cause)
    }
    try {
      return { status, json: JSON.parse(fromUtf8(bytes)) }
    } catch {
      throw badAnswer(this.#url, `status ${status} and a body that is not JSON`)
    }
  }

  async #readBody(response: Response): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    let length = 0
    const body: AsyncIterable<Uint8Array> | readonly Uint8Array[] = response.body ?? []
    for await (const part of body) {
      length += part.length
      if (length > MAX_ANSWER_BYTES) {
        throw badAnswer(this.#url, `more than ${MAX_ANSWER_BYTES} bytes`)
      }
      parts.push(part)
    }
    return concat(...parts)
  }
}
