/** How far each author's deltas are applied in one context: what its frontier is made of. */
import { type AuthorHeight, digestWith, frontierHash, NO_DIGEST } from '../../codec/frontier.ts'
import { compareBytes } from '../../primitives/bytes.ts'
import { idKey, type PublicKey, ZERO_ID } from '../../primitives/ids.ts'
import { AUTHOR_STATE, type AuthorRow } from '../../store/repositories/deltas.ts'

/** An author and its row. */
export interface Author {
  readonly author: Uint8Array
  readonly row: AuthorRow
}

/** Of an author nothing is applied. */
const NONE: AuthorRow = {
  height: 0n,
  count: 0n,
  digest: NO_DIGEST,
  last: ZERO_ID,
  state: AUTHOR_STATE.whole,
}

/** The row of an author once its delta of number `sequence` is applied. */
export function advanced(row: AuthorRow, sequence: bigint, id: Uint8Array): AuthorRow {
  const isNewest = sequence >= row.height
  return {
    height: isNewest ? sequence : row.height,
    count: row.count + 1n,
    digest: digestWith(row.digest, id),
    last: isNewest ? id : row.last,
    state: stateWith(row, sequence),
  }
}

function stateWith(row: AuthorRow, sequence: bigint): number {
  if (row.state === AUTHOR_STATE.fork) return row.state
  if (sequence > row.height + 1n) return AUTHOR_STATE.gap
  if (sequence > row.height) return row.state
  // what fills a gap is no fork, as long as there are not more deltas than numbers
  const fills = row.state === AUTHOR_STATE.gap && row.count < row.height
  return fills ? row.state : AUTHOR_STATE.fork
}

export class Authors {
  readonly #rows: Map<string, Author>
  #heights: readonly AuthorHeight[] | undefined
  #hash: Uint8Array | undefined

  constructor(rows: readonly { author: PublicKey; row: AuthorRow }[]) {
    this.#rows = new Map(rows.map((entry) => [idKey(entry.author), entry]))
  }

  row(author: Uint8Array): AuthorRow {
    return this.#rows.get(idKey(author))?.row ?? NONE
  }

  /** Takes over rows that are stored. */
  put(changed: Iterable<Author>): void {
    for (const entry of changed) this.#rows.set(idKey(entry.author), entry)
    this.#heights = undefined
    this.#hash = undefined
  }

  /** All of them, ascending by author. */
  get heights(): readonly AuthorHeight[] {
    this.#heights ??= [...this.#rows.values()]
      .map(({ author, row: { height, digest } }) => ({ author, height, digest }))
      .sort((a, b) => compareBytes(a.author, b.author))
    return this.#heights
  }

  /** What stands for the whole list. */
  get hash(): Uint8Array {
    this.#hash ??= frontierHash(this.heights)
    return this.#hash
  }

  /** Authors that gave one number to two deltas. */
  get forked(): readonly Uint8Array[] {
    return [...this.#rows.values()].flatMap(({ author, row }) =>
      row.state === AUTHOR_STATE.fork ? [author] : [],
    )
  }
}
