/** Questions to one of our contracts: views, which are simulated. Each answer says which ledger it is true at. */
import { badAnswer, type RefusalName } from '../../../node/anchor/errors.ts'
import { MAX_U32 } from '../../../node/anchor/limits.ts'
import { type ContractName, noContract } from '../../shared/core/artifacts.ts'
import { Unknown } from '../../shared/core/values.ts'
import { type CoreAnswers, coreAnswers } from '../../shared/core/views.ts'
import type { Endpoint, Endpoints } from '../../shared/endpoints.ts'
import type { Heights } from '../../shared/heights.ts'
import { type Question, type Viewed, Views } from '../../shared/views.ts'
import { stellarError } from '../errors.ts'
import { MAX_SPLIT_READS } from '../limits.ts'
import { simulate } from '../rpc/simulate.ts'
import { invoke } from '../xdr/operations.ts'
import { type Argument, bytesIn, valueIn } from '../xdr/values.ts'

/** One of our contracts. */
export interface Target {
  readonly contract: ContractName
  /** `C...`. */
  readonly address: string
}

/** Name of a view. */
export type ViewName = keyof CoreAnswers

/** What a view said, and the ledger that it is true at. */
export interface Told<T> {
  readonly ledger: number
  readonly answer: T
}

/** One view of the contract. */
export type Ask = <N extends ViewName>(
  view: N,
  ...args: readonly Argument[]
) => Promise<CoreAnswers[N]>

export interface ViewsInit extends Target {
  readonly rpc: Endpoints
  readonly heights: Heights
  /** What it does not know when it does not know the subject. */
  readonly unknown: RefusalName
}

/** A contract's questions and who answers them. Pages of a list tell its revision. */
export class ContractViews extends Views {
  readonly #target: Target

  constructor(init: ViewsInit) {
    super(init)
    this.#target = init
  }

  /** A question that is one view. */
  question<N extends ViewName, T>(
    name: N,
    args: readonly Argument[],
    toValue: (answer: CoreAnswers[N]) => T | Unknown,
  ): Question<T> {
    return this.asking(name, async (ask) => toValue(await ask(name, ...args)))
  }

  /** A question that takes several views, all at one ledger. */
  asking<T>(name: string, work: (ask: Ask) => Promise<T | Unknown>): Question<T> {
    return {
      name,
      ask: async (endpoint) => {
        for (let attempt = 1; ; attempt++) {
          const viewed = await this.#run(endpoint, work)
          if (viewed !== undefined) return viewed
          if (attempt === MAX_SPLIT_READS) throw this.#torn(endpoint, name)
        }
      },
    }
  }

  /** What its views come to; undefined when a ledger closed between two of them. */
  async #run<T>(
    endpoint: Endpoint,
    work: (ask: Ask) => Promise<T | Unknown>,
  ): Promise<Viewed<T> | undefined> {
    const ledgers = new Set<number>()
    const value = await work(async (view, ...args) => {
      const { ledger, answer } = await askView(endpoint, this.#target, view, ...args)
      ledgers.add(ledger)
      return answer
    })
    const [ledger = 0] = ledgers
    if (ledgers.size > 1) return undefined
    const height = BigInt(ledger)
    return value instanceof Unknown ? { refused: value.refusal, height } : { value, height }
  }

  #torn({ name }: Endpoint, view: string): Error {
    const message = `expected the answers to ${view} from one ledger, got them from several at ${name}`
    return stellarError('CHAIN_BEHIND', message, { endpoint: name })
  }
}

/** One view. @throws CHAIN_NO_CONTRACT when something else answers; ANCHOR_BAD_ANSWER (protocol), CHAIN_RPC */
export async function askView<N extends ViewName>(
  endpoint: Endpoint,
  { contract, address }: Target,
  view: N,
  ...args: readonly Argument[]
): Promise<Told<CoreAnswers[N]>> {
  const simulated = await simulate(endpoint, invoke(address, view, args))
  if ('reason' in simulated) {
    const { failed, reason } = simulated
    if (failed === undefined) throw badAnswer(endpoint.name, `no answer to ${view}`)
    throw noContract('stellar', contract, address, `something that answers ${view} with ${reason}`)
  }
  const bytes = bytesIn(valueIn(simulated.value))
  try {
    const answer = coreAnswers[view].decode(bytes ?? new Uint8Array(0))
    return { ledger: simulated.ledger, answer }
  } catch {
    throw badAnswer(endpoint.name, `an answer to ${view} of another shape`)
  }
}

/** Arguments for part of a list; numbers beyond a u32 mean as much as the largest. */
export function pageArgs(id: Uint8Array, offset: number, length: number): readonly Argument[] {
  return [id, Math.min(offset, MAX_U32), Math.min(length, MAX_U32)]
}
