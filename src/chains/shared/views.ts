/** Questions to a contract: each at one block of one endpoint, and the pages of a list all at the same block. */
import { LRUCache } from 'lru-cache'
import { type Refusal, type RefusalName, rejected } from '../../node/anchor/errors.ts'
import type { Answer, PageOptions, QueryOptions } from '../../node/anchor/service.ts'
import { type Endpoint, type Endpoints, sourceOf } from './endpoints.ts'
import type { Block, Heights, Place } from './heights.ts'
import { MAX_PINNED_LISTS } from './limits.ts'

/** What a contract answered: a value, or why it gives none. */
export type Viewed<T> = ({ readonly value: T } | { readonly refused: Refusal }) & Proof

/** What an answer says of itself. */
interface Proof {
  /** Where it is true, where answers say that themselves. */
  readonly height?: bigint
  /** Whether it came with a proof, which was checked. @default false */
  readonly certified?: boolean
}

/** A view and its arguments. */
export interface Question<T> {
  readonly name: string
  /** Asks it at a block, or at the head as it is then where there is no hash. */
  ask(endpoint: Endpoint, at: At): Promise<Viewed<T>>
}

/** Where a question is asked. */
export type At = Pick<Place, 'number' | 'hash'>

export interface ViewsInit {
  readonly rpc: Endpoints
  readonly heights: Heights
  /** A block that the endpoint has: pages are read at its hash. Left out where none can be read at: pages tell a revision. */
  readonly readBlock?: ((endpoint: Endpoint, number: bigint) => Promise<Block>) | undefined
  /** What the contract refuses to answer with where it does not know the subject. */
  readonly unknown: RefusalName
}

/** Of what an answer is true. */
type Where = Pick<Answer<unknown>, 'height' | 'block' | 'source' | 'isBehind'>

/** Where the pages of a list come from: another endpoint may be behind, or on a fork. */
interface Pin {
  readonly endpoint: number
  readonly at: At
  readonly evidence: Where
}

export class Views {
  readonly #init: ViewsInit
  readonly #pins = new LRUCache<string, Pin>({ max: MAX_PINNED_LISTS })

  constructor(init: ViewsInit) {
    this.#init = init
  }

  /** What a view says. @throws ANCHOR_REJECTED (chain) when the contract refuses to answer */
  async ask<T>(question: Question<T>, options?: QueryOptions): Promise<Answer<T>> {
    const answer = await this.#read(question, options)
    if ('refused' in answer) throw rejected(answer.refused, question.name)
    return answer
  }

  /** The same; the value is undefined when the contract answers with this refusal. */
  async find<T>(
    question: Question<T>,
    options?: QueryOptions,
    absent: RefusalName = this.#init.unknown,
  ): Promise<Answer<T | undefined>> {
    return known(question, await this.#read(question, options), absent)
  }

  /** A page of the list that `list` names; at the block of the page before where `at` names it and its endpoint still has it. */
  async page<T>(
    list: string,
    question: Question<T>,
    options: PageOptions = {},
  ): Promise<Answer<T | undefined>> {
    const { unknown, rpc, readBlock } = this.#init
    if (readBlock === undefined) return this.find(question, options)
    const { at, finality = 'final', signal } = options
    if (at === undefined)
      return known(question, await this.#first(list, question, options, readBlock), unknown)
    const pin = this.#pins.get(pinKey(list, at))
    if (pin !== undefined) {
      const only = { signal, only: pin.endpoint }
      try {
        const answer = await rpc.run((endpoint) => question.ask(endpoint, pin.at), only)
        return known(question, { ...answer, ...pin.evidence, finality }, unknown)
      } catch (error) {
        if (!rpc.isFailure(error)) throw error
      }
    }
    // the block is gone, or its endpoint: the list begins anew elsewhere
    const first = await this.#first(list, question, options, readBlock)
    const answer = known(question, first, unknown)
    return { ...answer, isDetached: true }
  }

  /** A page at a block of its own, which is remembered for those that follow. */
  async #first<T>(
    list: string,
    question: Question<T>,
    { finality = 'final', ...options }: PageOptions,
    readBlock: NonNullable<ViewsInit['readBlock']>,
  ): Promise<Read<T>> {
    return this.#init.heights.run(
      finality,
      async (endpoint, height, place) => {
        const hash = place.hash ?? (await readBlock(endpoint, height)).hash
        const at = { number: height, hash }
        const answer = await question.ask(endpoint, at)
        const evidence = evidenceOf(endpoint, { ...place, hash })
        this.#pins.set(pinKey(list, evidence.height), { endpoint: endpoint.id, at, evidence })
        return { ...answer, ...evidence, finality }
      },
      options,
    )
  }

  async #read<T>(
    question: Question<T>,
    { finality = 'final', ...options }: QueryOptions = {},
  ): Promise<Read<T>> {
    return this.#init.heights.run(
      finality,
      async (endpoint, _height, place) => {
        const answer = await question.ask(endpoint, place)
        const { height } = answer
        const where = height === undefined ? place : (place.told?.(height) ?? place)
        return { ...answer, ...evidenceOf(endpoint, where), finality }
      },
      options,
    )
  }
}

/** What came of a question. */
type Read<T> = Omit<Answer<T>, 'value'> & ({ readonly value: T } | { readonly refused: Refusal })

function known<T>(
  { name }: Question<T>,
  answer: Read<T>,
  absent: RefusalName,
): Answer<T | undefined> {
  if (!('refused' in answer)) return answer
  const { refused, ...where } = answer
  if (refused.name !== absent) throw rejected(refused, name)
  return { ...where, value: undefined }
}

function evidenceOf(endpoint: Endpoint, { number, hash, isBehind }: Place): Where {
  const block = hash === undefined ? {} : { block: hash }
  return { height: number, source: sourceOf(endpoint), isBehind, ...block }
}

function pinKey(list: string, height: bigint): string {
  return `${list} ${height}`
}
