/** Members that differ though they have applied the same deltas, and what comes of mending it: as the node's users see it. */

/** Somebody who has applied the same deltas has another root. */
export interface Divergence {
  /**
   * `suspected` seen, or seen again after a replay here, when it is the other member's turn; `repairing` the history is being replayed; `diverged`
   * that did not help, and nothing more is done before an operator asks for it (`Contexts.repair`).
   */
  readonly state: 'suspected' | 'repairing' | 'diverged'
  /** ms since the Unix epoch. */
  readonly sinceMs: number
  /** Members known to differ. */
  readonly members: number
  /** Replays since all agreed. */
  readonly replays: number
  /** One line. */
  readonly reason: string
}

/** What the replay of a history came to. */
export interface Repaired {
  /** Deltas replayed. */
  readonly deltas: number
  /** Whether the root is another than before. */
  readonly changed: boolean
  readonly root: Uint8Array
}
