/**
 * How far the chain has been seen. Endpoints lag behind each other, and an answer must not fall back behind one that was given before: where
 * an endpoint is behind what another called final, its answer is read at that height, and if it has not even that block, others are asked. A
 * height that nobody but who said it has, though others are further in time, was never the chain's. Where every answer says its own height there
 * is none to read at: one from below what was seen is asked for again, of others or a moment later, and is never given where heights are proven.
 */
import type { Finality, SecondWord } from '../../node/anchor/anchor.ts'
import { isMerogateError } from '../../node/errors.ts'
import type { FindOptions } from '../../node/anchor/service.ts'
import { pause } from '../../node/anchor/watcher.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import type { Endpoint, Endpoints } from './endpoints.ts'
import { chainError } from './errors.ts'
import { BEHIND_WAIT_MS, HEIGHT_DOUBT_MS } from './limits.ts'

/** A block, or whatever a chain counts. */
export interface Block {
  readonly number: bigint
  readonly hash: string
}

/** How a chain tells where it stands. */
export type HeightSource = BlockSource | ToldSource

/** It is asked. Each may throw ANCHOR_UNREACHABLE (transport), ANCHOR_BAD_ANSWER (protocol). */
export interface BlockSource {
  /** Protocol of the chain, as in `ethereum`. */
  readonly chain: string
  /** Number of the newest block. */
  readHead(endpoint: Endpoint): Promise<bigint>
  /** The newest that counts as final. */
  readFinal(endpoint: Endpoint): Promise<Block>
  /** One that the endpoint must have. */
  readBlock(endpoint: Endpoint, number: bigint): Promise<Block>
  /** Time of the newest block, Unix seconds. */
  readHeadTime(endpoint: Endpoint): Promise<bigint>
}

/** Its answers do: what is seen is final. */
export interface ToldSource extends Pick<BlockSource, 'chain'> {
  readonly clock: Clock
  /** Pause before an answer from below what was seen is asked for again, ms. */
  readonly pollMs: number
  /** Where nothing proves what an answer says of its height: time of an endpoint's newest block, Unix seconds. @default it is proven */
  readonly readHeadTime?: BlockSource['readHeadTime'] | undefined
}

/** A block to read at; where answers say their own height, the least that they may say. */
export interface Place extends Pick<Block, 'number'> {
  /** Left out at the head, where it may be another at the next question. */
  readonly hash?: string
  /** Something was seen before that is above this, and may be true. */
  readonly isBehind: boolean
  /** What an answer says of where it stands, held to what was seen. Left out where the chain was asked before. @throws CHAIN_BEHIND */
  readonly told?: (number: bigint) => Place
}

/** Where the chain was seen, and since when, ms since the Unix epoch. */
interface Seen {
  readonly number: bigint
  readonly atMs: number
}

/** How a task is run: see `QueryOptions`. */
export interface HeightOptions extends SecondWord {
  readonly signal?: AbortSignal | undefined
}

/** What is run: at a height, on an endpoint that has it. */
type Task<T> = (endpoint: Endpoint, height: bigint, place: Place) => Promise<T>

const NOWHERE: Seen = { number: 0n, atMs: 0 }

export class Heights {
  readonly #rpc: Endpoints
  readonly #source: HeightSource
  readonly #clock: Pick<Clock, 'nowMs'>
  /** Highest block that was called final, and highest that held something of ours. */
  #final: Seen = NOWHERE
  #present: Seen = NOWHERE

  constructor(rpc: Endpoints, source: HeightSource, clock: Pick<Clock, 'nowMs'>) {
    this.#rpc = rpc
    this.#source = source
    this.#clock = clock
  }

  /** This block was called final before, perhaps by an earlier run. */
  sawFinal(block: bigint): void {
    this.#final = this.#higher(this.#final, block)
  }

  /** Something of ours lies in this block: whoever does not have it yet has not seen what we did. */
  saw(block: bigint): void {
    this.#present = this.#higher(this.#present, block)
  }

  /** A height, unless what is there may still be undone and that does not count. @throws as `Endpoints.run` */
  async unlessOpen(
    height: bigint | undefined,
    { finality, signal }: FindOptions,
  ): Promise<bigint | undefined> {
    if (height === undefined || finality !== 'final' || isTold(this.#source)) return height
    const final = await this.run('final', async (_endpoint, number) => number, signal)
    return height <= final ? height : undefined
  }

  /**
   * Runs a task at the height to read at, on an endpoint that has that block. When no endpoint has it any more the chain is another one, or
   * an endpoint lied: then what they have counts. @throws as `Endpoints.run`
   */
  async run<T>(finality: Finality, task: Task<T>, given?: AbortSignal | HeightOptions): Promise<T> {
    const options: HeightOptions = given instanceof AbortSignal ? { signal: given } : (given ?? {})
    const source = this.#source
    if (isTold(source)) return this.#runTold(source, task, options)
    const attempt = (isHeld: boolean): Promise<T> =>
      this.#rpc.run(async (endpoint) => {
        const place = await this.#read(source, endpoint, finality, options, isHeld)
        const value = await task(endpoint, place.number, place)
        // only what could be read at that height makes it one to hold others to
        if (finality === 'final') this.sawFinal(place.number)
        return value
      }, options)
    try {
      return await attempt(true)
    } catch (error) {
      if (!isMerogateError(error, 'CHAIN_BEHIND')) throw error
      this.#forget()
      return attempt(false)
    }
  }

  /** Asks until an answer is from where the chain was seen, for a while. @throws CHAIN_BEHIND where heights are proven */
  async #runTold<T>(source: ToldSource, task: Task<T>, options: HeightOptions): Promise<T> {
    const { clock, pollMs, readHeadTime } = source
    const ask = (endpoint: Endpoint, isHeld: boolean): Promise<T> => {
      const place = this.#least(endpoint, options, isHeld)
      return task(endpoint, place.number, place)
    }
    const attempt = (isHeld: boolean): Promise<T> =>
      this.#rpc.run(async (endpoint) => {
        try {
          return await ask(endpoint, isHeld)
        } catch (error) {
          if (readHeadTime === undefined || !isMerogateError(error, 'CHAIN_BEHIND')) throw error
          if (!(await isFurther({ readHeadTime }, endpoint, this.#highest))) throw error
          this.#forget()
          return ask(endpoint, isHeld)
        }
      }, options)
    const until = clock.monotonicMs() + BEHIND_WAIT_MS
    for (;;) {
      const isOver = clock.monotonicMs() >= until
      // no endpoint has it any more
      if (isOver && readHeadTime !== undefined) this.#forget()
      try {
        return await attempt(!isOver)
      } catch (error) {
        if (!isMerogateError(error, 'CHAIN_BEHIND') || isOver) throw error
      }
      await pause(clock, pollMs, options.signal)
    }
  }

  get #highest(): Seen {
    return this.#final.number > this.#present.number ? this.#final : this.#present
  }

  #forget(): void {
    this.#final = NOWHERE
    this.#present = NOWHERE
  }

  /** The least height that an answer may say. What somebody else was told is only a reason to ask others. */
  #least(endpoint: Endpoint, { since }: HeightOptions, isHeld: boolean): Place {
    const seen = this.#highest
    const wanted = since !== undefined && since.height > seen.number ? since.height : seen.number
    const told = (number: bigint): Place => {
      if (number < (isHeld ? wanted : seen.number)) throw this.#behind(endpoint, wanted, number)
      this.sawFinal(number)
      return { number, isBehind: number < wanted }
    }
    return { number: wanted, isBehind: false, told }
  }

  /** Where the endpoint is; held to what was seen, or not. */
  async #read(
    source: BlockSource,
    endpoint: Endpoint,
    finality: Finality,
    { since }: HeightOptions,
    isHeld: boolean,
  ): Promise<Place> {
    if (finality !== 'final') {
      const number = await source.readHead(endpoint)
      const seen = this.#present
      if (number >= seen.number || !isHeld) return { number, isBehind: false }
      if (!(await isFurther(source, endpoint, seen))) {
        throw this.#behind(endpoint, seen.number, number)
      }
      this.#present = NOWHERE
      return { number, isBehind: false }
    }
    const { number, hash } = await source.readFinal(endpoint)
    const told = since && { number: since.height, atMs: since.atMs }
    const seen = told !== undefined && told.number > this.#final.number ? told : this.#final
    if (number >= seen.number) return { number, hash, isBehind: false }
    const head = await source.readHead(endpoint)
    if (head >= seen.number) {
      const block = await source.readBlock(endpoint, seen.number)
      return { number: block.number, hash: block.hash, isBehind: false }
    }
    const isBehind = !(await isFurther(source, endpoint, seen))
    if (isBehind && isHeld) throw this.#behind(endpoint, seen.number, head)
    if (!isBehind && this.#final.number >= seen.number) this.#final = NOWHERE
    return { number, hash, isBehind }
  }

  #behind(endpoint: Endpoint, expected: bigint, got: bigint): Error {
    return chainError(
      this.#source.chain,
      'CHAIN_BEHIND',
      `expected block ${expected} at ${endpoint.name}, its newest is ${got}`,
      { endpoint: endpoint.name, expected: String(expected), got: String(got) },
    )
  }

  #higher(seen: Seen, number: bigint): Seen {
    return number > seen.number ? { number, atMs: this.#clock.nowMs() } : seen
  }
}

/**
 * Whether an endpoint has a block from well after something was seen: were that true, the endpoint would have it. What it is compared with
 * are two clocks, so it must be clearly later.
 */
async function isFurther(
  source: Pick<BlockSource, 'readHeadTime'>,
  endpoint: Endpoint,
  { atMs }: Seen,
): Promise<boolean> {
  const timestamp = await source.readHeadTime(endpoint)
  return Number(timestamp) * 1000 >= atMs + HEIGHT_DOUBT_MS
}

function isTold(source: HeightSource): source is ToldSource {
  return !('readHead' in source)
}
