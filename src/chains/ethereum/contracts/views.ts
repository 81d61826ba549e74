/** Questions to one of our contracts, in the language of Ethereum. */
import { toQuantity } from 'ethers'
import { badAnswer, refusal, type RefusalName } from '../../../node/anchor/errors.ts'
import type { Endpoint, Endpoints } from '../../shared/endpoints.ts'
import type { Heights } from '../../shared/heights.ts'
import { type At, type Question, type Viewed, Views } from '../../shared/views.ts'
import { readPlace } from '../rpc/head.ts'
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
export interface ViewCall<T> {
  readonly name: string
  readonly args: readonly unknown[]
  readonly toValue: (result: ReturnType<typeof decodeView>) => T
}

export class ContractViews extends Views {
  readonly #init: ViewsInit

  constructor(init: ViewsInit) {
    super({ ...init, readBlock: readPlace })
    this.#init = init
  }

  /** A view of the contract, as `Views` asks it. */
  question<T>(question: ViewCall<T>): Question<T> {
    return { name: question.name, ask: (endpoint, at) => this.#call(endpoint, question, at) }
  }

  async #call<T>(
    endpoint: Endpoint,
    { name, args, toValue }: ViewCall<T>,
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
