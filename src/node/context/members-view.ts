/** What a node knows of a group's members, as it is shown. */

/** Where the members of a group were read. */
export interface MembersView {
  /** Height of the anchor; 0 while nothing was read. */
  readonly height: bigint
  /** Hash of that block, where the anchor has blocks. */
  readonly block: string | undefined
  /** Set while an answer contradicts the view and no second one bears it out. */
  readonly doubt: ViewDoubt | undefined
  /** When it was found last that what the anchor had said was not so, and the view was replaced, since this node was started. */
  readonly replacedAtMs: number | undefined
}

/** What speaks against a view. */
export interface ViewDoubt {
  /** When an answer contradicted it first, ms since the Unix epoch. */
  readonly sinceMs: number
  /** What the newest such answer says. */
  readonly revision: bigint
  readonly height: bigint
  /** Who gave it. */
  readonly source: string | undefined
}
