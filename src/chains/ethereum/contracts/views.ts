/** Questions to one of our contracts, in the language of Ethereum. */
import { toQuantity } from 'ethers'
import { badAnswer, refusal, type RefusalName } from '../../../node/anchor/errors.ts'
import type { Answer, PageOptions, QueryOptions } from '../../../node/anchor/service.ts'
import type { Endpoint, Endpoints } from '../../shared/endpoints.ts'
import type { Heights } from '../../shared/heights.ts'
import { type At, type Question as Asking, type Viewed, Views } from '../../shared/views.ts'
import { readKnownBlock } from '../rpc/head.ts'
import type { ContractName } from './artifacts.ts'
import { abiOf, decodeView, isRevert, refusalOf } from './codec.ts'
import { noContract } from './contract-check.ts'

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

export class ContractViews {
  readonly #init: ViewsInit
  readonly #views: Views

  constructor(init: ViewsInit) {
    this.#init = init
    this.#views = new Views({ ...init, readBlock: readKnownBlock })
  }

  /** See `Views.ask`. */
  ask<T>(question: Question<T>, options?: QueryOptions): Promise<Answer<T>> {
    return this.#views.ask(this.#asking(question), options)
  }

  /** See `Views.find`. */
  find<T>(
    question: Question<T>,
    options?: QueryOptions,
    absent?: RefusalName,
  ): Promise<Answer<T | undefined>> {
    return this.#views.find(this.#asking(question), options, absent)
  }

  /** See `Views.page`. */
  page<T>(
    list: string,
    question: Question<T>,
    options?: PageOptions,
  ): Promise<Answer<T | undefined>> {
    return this.#views.page(list, this.#asking(question), options)
  }

  #asking<T>(question: Question<T>): Asking<T> {
    return { name: question.name, ask: (endpoint, at) => this.#call(endpoint, question, at) }
  }

  async #call<T>(
    endpoint: Endpoint,
    { name, args, toValue }: Question<T>,
    { number, hash }: At,
  ): Promise<Viewed<T>> {
    const { address: to, contract, unknown } = this.#init
    const data = abiOf(contract).encodeFunctionData(name, [...args])
    // a block as EIP-1898 names it, or its number
    const at = hash === undefined ? toQuantity(number) : { blockHash: hash, requireCanonical: true }
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
