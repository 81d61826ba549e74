/**
 * How far the chain has been seen. Endpoints lag behind each other, and an answer must not fall back behind one that was given before: where
 * an endpoint is behind what another called final, its answer is read at that height, and if it has not even that block, others are asked.
 */
import type { Finality } from '../../../node/anchor/anchor.ts'
import { isMerogateError } from '../../../node/errors.ts'
import { ethereumError } from '../errors.ts'
import { readFinal, readHead, type FinalityRule } from './head.ts'
import type { Endpoint, EthereumRpc } from './rpc.ts'

export class Heights {
  readonly #rpc: EthereumRpc
  readonly #rule: FinalityRule
  /** Highest block that was called final, and highest that held something of ours. */
  #final = 0
  #present = 0

  constructor(rpc: EthereumRpc, rule: FinalityRule) {
    this.#rpc = rpc
    this.#rule = rule
  }

  /** This block was called final before, perhaps by an earlier run. */
  sawFinal(block: number): void {
    this.#final = Math.max(this.#final, block)
  }

  /** Something of ours lies in this block: whoever does not have it yet has not seen what we did. */
  saw(block: number): void {
    this.#present = Math.max(this.#present, block)
  }

  /**
   * Runs a task at the height to read at, on an endpoint that has that block. When no endpoint has it any more the chain is another one, or
   * an endpoint lied: then what they have counts. @throws as `EthereumRpc.run`
   */
  async run<T>(
    finality: Finality,
    task: (endpoint: Endpoint, height: number) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const attempt = (isHeld: boolean): Promise<T> =>
      this.#rpc.run(async (endpoint) => {
        const height = await this.#read(endpoint, finality, isHeld)
        const value = await task(endpoint, height)
        // only what could be read at that height makes it one to hold others to
        if (finality === 'final') this.#final = Math.max(this.#final, height)
        return value
      }, signal)
    try {
      return await attempt(true)
    } catch (error) {
      if (!isMerogateError(error, 'ETHEREUM_BEHIND')) throw error
      this.#final = 0
      this.#present = 0
      return attempt(false)
    }
  }

  /** The endpoint's height; held to what was seen, or not. */
  async #read(endpoint: Endpoint, finality: Finality, isHeld: boolean): Promise<number> {
    const isFinal = finality === 'final'
    const own = isFinal ? await readFinal(endpoint, this.#rule) : await readHead(endpoint)
    const seen = isFinal ? this.#final : this.#present
    if (isHeld && own < seen) {
      const head = isFinal ? await readHead(endpoint) : own
      if (head < seen) {
        throw ethereumError(
          'ETHEREUM_BEHIND',
          `expected block ${seen} at ${endpoint.name}, its newest is ${head}`,
          { endpoint: endpoint.name, expected: seen, got: head },
        )
      }
      return seen
    }
    return own
  }
}
