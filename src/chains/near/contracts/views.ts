/** Questions to one of our contracts, in views. */
import { badAnswer, refusal, type RefusalName } from '../../../node/anchor/errors.ts'
import { isMerogateError } from '../../../node/errors.ts'
import type { Endpoint, Endpoints } from '../../shared/endpoints.ts'
import type { Heights } from '../../shared/heights.ts'
import { type Question, type Viewed, Views } from '../../shared/views.ts'
import { hashOf, SOURCE } from '../rpc/head.ts'
import { type At, callView, NO_CODE, viewAccount } from '../rpc/query.ts'
import { type ContractName, noContract } from '../../shared/core/artifacts.ts'
import { Unknown } from '../../shared/core/values.ts'
import { refusalIn } from './codec.ts'
import { type Answers, answers, type ViewName } from './layouts.ts'

/** One of our contracts. */
export interface Target {
  readonly contract: ContractName
  /** Its account. */
  readonly address: string
}

/** One view of the contract, at the block that a question is asked at. */
export type Ask = <N extends ViewName>(view: N, args: Uint8Array) => Promise<Answers[N]>

export interface ViewsInit extends Target {
  readonly rpc: Endpoints
  readonly heights: Heights
  /** What it does not know when it does not know the subject. */
  readonly unknown: RefusalName
}

/** A contract's questions and who answers them. */
export class ContractViews extends Views {
  readonly #init: ViewsInit

  constructor(init: ViewsInit) {
    super({ ...init, readBlock: SOURCE.readBlock })
    this.#init = init
  }

  /** A question that is one view. */
  question<N extends ViewName, T>(
    name: N,
    args: Uint8Array,
    toValue: (answer: Answers[N]) => T | Unknown,
  ): Question<T> {
    return this.asking(name, async (ask) => toValue(await ask(name, args)))
  }

  /** A question that takes several views, all at one block. */
  asking<T>(name: string, work: (ask: Ask) => Promise<T | Unknown>): Question<T> {
    return {
      name,
      ask: (endpoint, { number, hash }) =>
        this.#run(endpoint, work, hash === undefined ? Number(number) : hashOf(hash)),
    }
  }

  async #run<T>(
    endpoint: Endpoint,
    work: (ask: Ask) => Promise<T | Unknown>,
    at: At,
  ): Promise<Viewed<T>> {
    try {
      const value = await work((view, args) => askView(endpoint, this.#init, view, args, at))
      return value instanceof Unknown ? { refused: value.refusal } : { value }
    } catch (error) {
      if (!(await this.#isYounger(endpoint, at, error))) throw error
      // nothing was known there yet
      return { refused: refusal(this.#init.unknown) }
    }
  }

  /** Whether the contract was not there at a block, and is there by now. */
  async #isYounger(endpoint: Endpoint, at: At, error: unknown): Promise<boolean> {
    if (!isMerogateError(error, 'CHAIN_NO_CONTRACT')) return false
    const hasCode = async (when?: At): Promise<boolean> =>
      ((await viewAccount(endpoint, this.#init.address, when))?.codeHash ?? NO_CODE) !== NO_CODE
    return !(await hasCode(at)) && (await hasCode())
  }
}

/** One view at one block. @throws CHAIN_NO_CONTRACT when something else answers; ANCHOR_BAD_ANSWER (protocol), CHAIN_RPC */
export async function askView<N extends ViewName>(
  endpoint: Endpoint,
  { contract, address }: Target,
  view: N,
  args: Uint8Array,
  at?: At,
): Promise<Answers[N]> {
  const viewed = await callView(endpoint, address, view, args, at)
  if ('failed' in viewed) {
    const refused = refusalIn(viewed.failed)
    const got = refused === undefined ? 'nothing that answers' : `one that refuses ${view}`
    throw noContract('near', contract, address, got)
  }
  try {
    return answers[view].decode(viewed.result)
  } catch {
    throw badAnswer(endpoint.name, `an answer to ${view} of another shape`)
  }
}
