/** Items of the list that `chain doctor` shows, whatever the chain. */

/** How an item of the list came out. Only `fail` keeps a node from working. */
export type Level = 'ok' | 'warn' | 'fail'

/** An item of the list. */
export interface Check {
  /** Stable, for scripts: `endpoint`, `balance`, ... */
  readonly name: string
  readonly level: Level
  readonly message: string
  /** What the reader may do. */
  readonly next?: string
}
