/** Questions to a contract: each at one block of one endpoint, and the pages of a list all at the same block. */
import { toQuantity } from 'ethers'
import { LRUCache } from 'lru-cache'
import {
  badAnswer,
  type Refusal,
  refusal,
  type RefusalName,
  rejected,
} from '../../../node/anchor/errors.ts'
import type { Answer, PageOptions, QueryOptions } from '../../../node/anchor/service.ts'
import type { ContractName } from './artifacts.ts'
import { abiOf, decodeView, isRevert, refusalOf } from './codec.ts'
import { noContract } from './contract-check.ts'
import { readKnownBlock } from '../rpc/head.ts'
import type { Heights, Place } from '../../shared/heights.ts'
import { type Endpoint, type Endpoints, sourceOf } from '../../shared/endpoints.ts'

/** Lists that are read at the same time. */
const MAX_PINNED_LISTS = 1024

export interface ViewsInit {
  readonly rpc: Endpoints
  readonly heights: Heights
  readonly contract: ContractName
  readonly address: string
  /** What it refuses to answer with where it does not know the subject. */
  readonly unknown: RefusalName
}

/** A view and its arguments. */
export interface Question<T> {
  readonly name: string
  readonly args: readonly unknown[]
  readonly toValue: (result: ReturnType<typeof decodeView>) => T
}

/** A block as EIP-1898 names it, or its number. */
type At = string | { readonly blockHash: string; readonly requireCanonical: true }

/** Where the pages of a list come from: another endpoint may be behind, or on a fork. */
interface Pin {
  readonly endpoint: number
  readonly at: At
  readonly evidence: Where
}

/** Of what an answer is true. */
type Where = Pick<Answer<unknown>, 'height' | 'block' | 'source' | 'isBehind'>

export class ContractViews {
  readonly #init: ViewsInit
  readonly #pins = new LRUCache<string, Pin>({ max: MAX_PINNED_LISTS })

  constructor(init: ViewsInit) {
    this.#init = init
  }

  /** What a view says. @throws ANCHOR_REJECTED (chain) when the contract refuses to answer */
  async ask<T>(question: Question<T>, options?: QueryOptions): Promise<Answer<T>> {
    const { refused, ...answer } = await this.#read(question, options)
    if (refused !== undefined) throw rejected(refused, question.name)
    return { ...answer, value: answer.value as T } // there is a value where there is no refusal
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
    const { unknown } = this.#init
    const { at, finality = 'final', signal } = options
    if (at === undefined)
      return known(question, await this.#first(list, question, options), unknown)
    const pin = this.#pins.get(pinKey(list, at))
    if (pin !== undefined) {
      const only = { signal, only: pin.endpoint }
      try {
        const call = (endpoint: Endpoint) => this.#call(endpoint, question, pin.at)
        const answer = await this.#init.rpc.run(call, only)
        return known(question, { ...answer, ...pin.evidence, finality }, unknown)
      } catch (error) {
        if (!this.#init.rpc.isFailure(error)) throw error
      }
    }
    // the block is gone, or its endpoint: the list begins anew elsewhere
    const answer = known(question, await this.#first(list, question, options), unknown)
    return { ...answer, isDetached: true }
  }

  /** A page at a block of its own, which is remembered for those that follow. */
  async #first<T>(
    list: string,
    question: Question<T>,
    { finality = 'final', ...options }: PageOptions,
  ): Promise<Read<T>> {
    return this.#init.heights.run(
      finality,
      async (endpoint, height, place) => {
        const block = place.hash ?? (await readKnownBlock(endpoint, height)).hash
        const at: At = { blockHash: block, requireCanonical: true }
        const answer = await this.#call(endpoint, question, at)
        const evidence = { ...evidenceOf(endpoint, place), block }
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
      async (endpoint, height, place) => {
        const { hash } = place
        const at: At =
          hash === undefined ? toQuantity(height) : { blockHash: hash, requireCanonical: true }
        const answer = await this.#call(endpoint, question, at)
        return { ...answer, ...evidenceOf(endpoint, place), finality }
      },
      options,
    )
  }

  async #call<T>(
    endpoint: Endpoint,
    { name, args, toValue }: Question<T>,
    at: At,
  ): Promise<{ readonly value?: T; readonly refused?: Refusal }> {
    const { address: to, contract, unknown } = this.#init
    const data = abiOf(contract).encodeFunctionData(name, [...args])
    let answer: unknown
    try {
      answer = await endpoint.send('eth_call', [{ to, data }, at])
    } catch (error) {
      const refused = refusalOf(contract, error)
      if (refused !== undefined) return { refused }
      if (isRevert(error)) throw noContract(contract, to, 'another contract', error)
      throw error
    }
    if (answer !== '0x') {
      const result = decodeView(contract, name, answer)
      try {
        return { value: toValue(result) }
      } catch {
        throw badAnswer(endpoint.name, `an answer to ${name} of another shape`)
      }
    }
    // a contract younger than this block: nothing was known there yet
    if ((await endpoint.send('eth_getCode', [to, 'latest'])) === '0x') {
      throw noContract(contract, to, 'nothing that answers')
    }
    return { refused: refusal(unknown) }
  }
}

/** What came of a question; there is a value where there is no refusal. */
interface Read<T> extends Omit<Answer<unknown>, 'value'> {
  readonly value?: T
  readonly refused?: Refusal
}

function known<T>(
  { name }: Question<T>,
  { refused, ...answer }: Read<T>,
  absent: RefusalName,
): Answer<T | undefined> {
  if (refused !== undefined && refused.name !== absent) throw rejected(refused, name)
  return { ...answer, value: refused === undefined ? answer.value : undefined }
}

function evidenceOf(endpoint: Endpoint, { number, hash, isBehind }: Place): Where {
  const block = hash === undefined ? {} : { block: hash }
  return { height: BigInt(number), source: sourceOf(endpoint), isBehind, ...block }
}

function pinKey(list: string, height: bigint): string {
  return `${list} ${height}`
}
