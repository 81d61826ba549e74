/** Questions to one of our canisters, each answered by rows that prove it. */
import { badAnswer } from '../../../node/anchor/errors.ts'
import { isMerogateError } from '../../../node/errors.ts'
import { Unknown } from '../../shared/core/values.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { type Question, type Viewed, Views, type ViewsInit } from '../../shared/views.ts'
import type { Argument } from './candid.ts'
import { type Proven, proveRows, type Target } from './rows.ts'

/** What a question is made of: a query, and what its rows say. */
export interface CanisterQuery<T> {
  readonly method: string
  readonly args: readonly Argument[]
  /** Is asked once more where a query does not say all. */
  toValue(proven: Proven, endpoint: Endpoint): T | Unknown | Promise<T | Unknown>
}

export class CanisterViews extends Views {
  readonly #target: Target

  constructor({ target, ...init }: Omit<ViewsInit, 'readBlock'> & { readonly target: Target }) {
    super(init)
    this.#target = target
  }

  question<T>(query: CanisterQuery<T>): Question<T> {
    return { name: query.method, ask: (endpoint) => this.#ask(endpoint, query) }
  }

  async #ask<T>(endpoint: Endpoint, query: CanisterQuery<T>): Promise<Viewed<T>> {
    const proven = await proveRows(endpoint, this.#target, query)
    const proof = { height: proven.time, certified: true } as const
    const value = await this.#valueOf(endpoint, query, proven)
    return value instanceof Unknown ? { refused: value.refusal, ...proof } : { value, ...proof }
  }

  async #valueOf<T>(
    endpoint: Endpoint,
    { method, toValue }: CanisterQuery<T>,
    proven: Proven,
  ): Promise<T | Unknown> {
    try {
      return await toValue(proven, endpoint)
    } catch (error) {
      if (!isMerogateError(error, 'CODEC_MALFORMED')) throw error
      throw badAnswer(endpoint.name, `an answer to ${method} of another shape`)
    }
  }
}
