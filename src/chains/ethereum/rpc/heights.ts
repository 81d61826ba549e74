/**
 * How far the chain has been seen. Endpoints lag behind each other, and an answer must not fall back behind one that was given before: where
 * an endpoint is behind what another called final, its answer is read at that height, and if it has not even that block, others are asked. A
 * height that nobody but who said it has, though others are further in time, was never the chain's.
 */
import type { Finality, SecondWord } from '../../../node/anchor/anchor.ts'
import { isMerogateError } from '../../../node/errors.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import { ethereumError } from '../errors.ts'
import { HEIGHT_DOUBT_MS } from '../limits.ts'
import { type Block, type FinalityRule, readFinalBlock, readHead, readKnownBlock } from './head.ts'
import type { Endpoint, EthereumRpc } from './rpc.ts'

/** A block to read at. */
export interface Place extends Pick<Block, 'number'> {
  /** Left out at the head, where it may be another at the next question. */
  readonly hash?: string
  /** Something was seen before that is above this, and may be true. */
  readonly isBehind: boolean
}

/** Where the chain was seen, and since when, ms since the Unix epoch. */
interface Seen {
  readonly number: number
  readonly atMs: number
}

/** How a task is run: see `QueryOptions`. */
export interface HeightOptions extends SecondWord {
  readonly signal?: AbortSignal | undefined
}

const NOWHERE: Seen = { number: 0, atMs: 0 }

export class Heights {
  readonly #rpc: EthereumRpc
  readonly #rule: FinalityRule
  readonly #clock: Pick<Clock, 'nowMs'>
  /** Highest block that was called final, and highest that held something of ours. */
  #final: Seen = NOWHERE
  #present: Seen = NOWHERE

  constructor(rpc: EthereumRpc, rule: FinalityRule, clock: Pick<Clock, 'nowMs'>) {
    this.#rpc = rpc
    this.#rule = rule
    this.#clock = clock
  }

  /** This block was called final before, perhaps by an earlier run. */
  sawFinal(block: number): void {
    this.#final = this.#higher(this.#final, block)
  }

  /** Something of ours lies in this block: whoever does not have it yet has not seen what we did. */
  saw(block: number): void {
    this.#present = this.#higher(this.#present, block)
  }

  /**
   * Runs a task at the height to read at, on an endpoint that has that block. When no endpoint has it any more the chain is another one, or
   * an endpoint lied: then what they have counts. @throws as `EthereumRpc.run`
   */
  async run<T>(
    finality: Finality,
    task: (endpoint: Endpoint, height: number, place: Place) => Promise<T>,
    given?: AbortSignal | HeightOptions,
  ): Promise<T> {
    const options: HeightOptions = given instanceof AbortSignal ? { signal: given } : (given ?? {})
    const attempt = (isHeld: boolean): Promise<T> =>
      this.#rpc.run(async (endpoint) => {
        const place = await this.#read(endpoint, finality, options, isHeld)
        const value = await task(endpoint, place.number, place)
        // only what could be read at that height makes it one to hold others to
        if (finality === 'final') this.sawFinal(place.number)
        return value
      }, options)
    try {
      return await attempt(true)
    } catch (error) {
      if (!isMerogateError(error, 'CHAIN_BEHIND')) throw error
      this.#final = NOWHERE
      this.#present = NOWHERE
      return attempt(false)
    }
  }

  /** Where the endpoint is; held to what was seen, or not. */
  async #read(
    endpoint: Endpoint,
    finality: Finality,
    { since }: HeightOptions,
    isHeld: boolean,
  ): Promise<Place> {
    if (finality !== 'final') {
      const number = await readHead(endpoint)
      const seen = this.#present
      if (number >= seen.number || !isHeld) return { number, isBehind: false }
      if (!(await isFurther(endpoint, seen))) throw behind(endpoint, seen, number)
      this.#present = NOWHERE
      return { number, isBehind: false }
    }
    const { number, hash } = await readFinalBlock(endpoint, this.#rule)
    const told = since && { number: Number(since.height), atMs: since.atMs }
    const seen = told !== undefined && told.number > this.#final.number ? told : this.#final
    if (number >= seen.number) return { number, hash, isBehind: false }
    const head = await readHead(endpoint)
    if (head >= seen.number) {
      const block = await readKnownBlock(endpoint, seen.number)
      return { number: block.number, hash: block.hash, isBehind: false }
    }
    const isBehind = !(await isFurther(endpoint, seen))
    if (isBehind && isHeld) throw behind(endpoint, seen, head)
    if (!isBehind && this.#final.number >= seen.number) this.#final = NOWHERE
    return { number, hash, isBehind }
  }

  #higher(seen: Seen, number: number): Seen {
    return number > seen.number ? { number, atMs: this.#clock.nowMs() } : seen
  }
}

/**
 * Whether an endpoint has a block from well after something was seen: were that true, the endpoint would have it. What it is compared with are
 * two clocks, so it must be clearly later.
 */
async function isFurther(endpoint: Endpoint, { atMs }: Seen): Promise<boolean> {
  const { timestamp } = await readKnownBlock(endpoint, 'latest')
  return Number(timestamp) * 1000 >= atMs + HEIGHT_DOUBT_MS
}

function behind(endpoint: Endpoint, { number: expected }: Seen, got: number): Error {
  return ethereumError(
    'CHAIN_BEHIND',
    `expected block ${expected} at ${endpoint.name}, its newest is ${got}`,
    { endpoint: endpoint.name, expected, got },
  )
}
