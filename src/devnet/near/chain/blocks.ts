/** The blocks of the chain, and its time. */
import { toBase58, utf8 } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import { u64 } from '../codec/borsh.ts'
import type { Block } from '../types.ts'

const NO_HASH = toBase58(new Uint8Array(32))
/** Height of the first block; those before it are nobody's, so that nonces and heights begin above zero. */
const GENESIS_HEIGHT = 0

/** How many blocks the last final one is behind the newest, as on the public networks. */
export const FINALITY_BLOCKS = 2

export interface BlocksInit {
  /** Nanoseconds since the Unix epoch, by whatever clock. */
  readonly now: () => bigint
  /** Goes into every hash, so that chains of different seeds have nothing in common. */
  readonly seed: string
}

/** Everything here, to come back to. */
export interface BlocksCopy {
  readonly blocks: readonly Block[]
  readonly offset: bigint
  readonly held: bigint | undefined
}

export class Blocks {
  readonly #init: BlocksInit
  #blocks: Block[] = []
  #byHash = new Map<string, Block>()
  #byHeight = new Map<number, Block>()
  /** By how much the chain's time is ahead of the clock. */
  #offset = 0n
  /** Where time stands still, nanoseconds. */
  #held: bigint | undefined

  constructor(init: BlocksInit) {
    this.#init = init
    this.append(this.begin(GENESIS_HEIGHT), [], [])
  }

  get genesis(): Block {
    return this.#at(0)
  }

  get head(): Block {
    return this.#at(this.#blocks.length - 1)
  }

  /** The block that is `behind` blocks older than the newest, or the first. */
  behind(behind: number): Block {
    return this.#at(Math.max(0, this.#blocks.length - 1 - behind))
  }

  get final(): Block {
    return this.behind(FINALITY_BLOCKS)
  }

  byHash(hash: string): Block | undefined {
    return this.#byHash.get(hash)
  }

  byHeight(height: number): Block | undefined {
    return this.#byHeight.get(height)
  }

  find(matches: (block: Block) => boolean): Block | undefined {
    return this.#blocks.findLast(matches)
  }

  /** A block that is being made: what it holds is not known yet, and its hash does not depend on it. */
  begin(height: number = this.head.height + 1): Block {
    const previous = this.#blocks.at(-1)
    const timestamp = this.#timestamp(previous)
    const parts = [utf8(`block\0${this.#init.seed}\0${previous?.hash ?? ''}`), u64(BigInt(height))]
    const hash = sha256(...parts, u64(timestamp))
    return {
      ...{ height, hash: toBase58(hash), timestamp, seed: sha256(hash, utf8('seed')) },
      previousHash: previous?.hash ?? NO_HASH,
      previousHeight: previous?.height ?? 0,
      ...{ transactions: [], receipts: [] },
    }
  }

  append(block: Block, transactions: readonly string[], receipts: readonly string[]): Block {
    const made = { ...block, transactions, receipts }
    this.#blocks.push(made)
    this.#byHash.set(made.hash, made)
    this.#byHeight.set(made.height, made)
    return made
  }

  /** Moves the chain's time on, for the blocks to come. Time that is held goes on from where it is. */
  moveTime(nanoseconds: bigint): void {
    this.releaseTime()
    this.#offset += nanoseconds
  }

  /** Holds time for the blocks to come: each is a nanosecond later than the one before. */
  holdTime(at: bigint): void {
    this.#held = at
  }

  /** Lets time go on, from where it is. */
  releaseTime(): void {
    if (this.#held === undefined) return
    this.#held = undefined
    this.#offset = this.head.timestamp - this.#init.now()
  }

  copy(): BlocksCopy {
    return { blocks: [...this.#blocks], offset: this.#offset, held: this.#held }
  }

  restore({ blocks, offset, held }: BlocksCopy): void {
    this.#blocks = [...blocks]
    this.#byHash = new Map(blocks.map((block) => [block.hash, block]))
    this.#byHeight = new Map(blocks.map((block) => [block.height, block]))
    this.#offset = offset
    this.#held = held
  }

  /** Later than the block before, whatever the clock says. */
  #timestamp(previous: Block | undefined): bigint {
    const now = this.#held ?? this.#init.now() + this.#offset
    return previous === undefined || now > previous.timestamp ? now : previous.timestamp + 1n
  }

  #at(index: number): Block {
    const block = this.#blocks[index]
    if (block === undefined) throw new RangeError(`there is no block ${index}`)
    return block
  }
}
