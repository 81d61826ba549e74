/** What is offered for being taken: what others paid lately, within a ceiling. Resources cost what simulation says, whoever is in a hurry. */
import { z } from 'zod'
import { badAnswer } from '../../../node/anchor/errors.ts'
import { isMerogateError } from '../../../node/errors.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Endpoint, Endpoints } from '../../shared/endpoints.ts'
import { FEE_KEPT_MS, MIN_FEE } from '../limits.ts'
import { WHOLE } from '../rpc/numbers.ts'

const STATS = z.object({ sorobanInclusionFee: z.object({ p50: WHOLE }) })

async function readUsualFee(endpoint: Endpoint): Promise<bigint> {
  const answer = STATS.safeParse(await endpoint.send('getFeeStats', {}))
  if (!answer.success) throw badAnswer(endpoint.name, 'fees of another shape')
  return answer.data.sorobanInclusionFee.p50
}

export class UsualFee {
  readonly #rpc: Endpoints
  readonly #clock: Pick<Clock, 'monotonicMs'>
  #known: { readonly fee: bigint; readonly atMs: number } | undefined

  constructor(rpc: Endpoints, clock: Pick<Clock, 'monotonicMs'>) {
    this.#rpc = rpc
    this.#clock = clock
  }

  /** Stroops of an operation, `most` at most. */
  async within(most: bigint, signal?: AbortSignal): Promise<bigint> {
    const now = this.#clock.monotonicMs()
    if (this.#known === undefined || now - this.#known.atMs >= FEE_KEPT_MS) {
      this.#known = { fee: await this.#ask(signal), atMs: now }
    }
    const { fee } = this.#known
    const least = fee > MIN_FEE ? fee : MIN_FEE
    return least < most ? least : most
  }

  /** Whoever does not tell is offered the least: more is offered where that is not enough. */
  async #ask(signal: AbortSignal | undefined): Promise<bigint> {
    try {
      return await this.#rpc.run(readUsualFee, signal)
    } catch (error) {
      if (!isMerogateError(error, 'CHAIN_RPC')) throw error
      return MIN_FEE
    }
  }
}
