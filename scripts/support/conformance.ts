/**
 * The conformance list: which rows each anchor has to pass, and what a run of the tests said of them. A test belongs to a row by `[12]` in its title,
 * and to an anchor by `anchor: NAME` at the beginning of the suite around it.
 */

/** Anchors that have a column. */
export const ANCHORS = ['model', 'local', 'ethereum', 'near', 'icp', 'stellar'] as const

/** Name of an anchor. */
export type AnchorName = (typeof ANCHORS)[number]

/** Numbers from `first` to `last`. */
function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

/**
 * Rows that every anchor passes: contexts, members, signed bytes, capabilities and invitations (1 to 52), one door (71), packages (72, 73), queued
 * operations (80), the event log (83), shared groups and roles (84 to 90), moves to another contract (91 to 93). Governance (53 to 70) is not part of
 * the list yet.
 */
const EVERYWHERE: readonly number[] = [
  ...range(1, 43),
  ...range(45, 52),
  ...[71, 72, 73, 80],
  ...range(83, 93),
]

/** Rows that are not for all: cost (44; the local anchor runs the model), bindings, entries that lapse, faults of endpoints, finality, the relayer. */
const ONLY: Readonly<Partial<Record<AnchorName, readonly number[]>>> = {
  model: [44],
  ethereum: [44, 74, 75, 79, 81, 82],
  near: [44, 77, 79, 81, 82],
  icp: [44, 78, 79],
  stellar: [44, 76, 79, 82],
}

/** Rows an anchor has to pass, in order. */
export function rowsOf(anchor: AnchorName): readonly number[] {
  return [...EVERYWHERE, ...(ONLY[anchor] ?? [])].sort((a, b) => a - b)
}

/** The anchor of a suite's title. */
function anchorOf(title: string): AnchorName | undefined {
  const name = /^anchor: ([a-z]+)/.exec(title)?.[1]
  return ANCHORS.find((anchor) => anchor === name)
}

/** Rows in a test's title. */
export function rowsIn(title: string): number[] {
  return Array.from(title.matchAll(/\[(\d+)\]/g), ([, digits]) => Number(digits))
}

/** What is known of a row. */
interface Tally {
  passed: number
  failed: number
}

export class Conformance {
  readonly #tallies = new Map<string, Tally>()

  /** Notes a test that ran. `path` are the titles around it, the outermost first, and its own. */
  add(path: readonly string[], hasPassed: boolean): void {
    const anchor = path.map(anchorOf).find((name) => name !== undefined)
    if (anchor === undefined) return
    for (const row of rowsIn(path.at(-1) ?? '')) {
      const key = `${anchor} ${row}`
      const tally = this.#tallies.get(key) ?? { passed: 0, failed: 0 }
      if (hasPassed) tally.passed++
      else tally.failed++
      this.#tallies.set(key, tally)
    }
  }

  /** Rows of an anchor of which no test ran. */
  missing(anchor: AnchorName): readonly number[] {
    return rowsOf(anchor).filter((row) => this.#mark(anchor, row) === 'missing')
  }

  /** Rows of an anchor that have tests, all of which passed. */
  passed(anchor: AnchorName): readonly number[] {
    return rowsOf(anchor).filter((row) => this.#mark(anchor, row) === 'ok')
  }

  /** A line per row with a mark per anchor. */
  table(anchors: readonly AnchorName[] = ANCHORS): string {
    const rows = [...new Set(anchors.flatMap(rowsOf))].sort((a, b) => a - b)
    const line = (first: string, cells: readonly string[]): string =>
      [first.padEnd(4), ...cells.map((cell) => cell.padEnd(9))].join(' ').trimEnd()
    return [
      line('row', anchors),
      ...rows.map((row) =>
        line(
          String(row),
          anchors.map((anchor) => this.#mark(anchor, row)),
        ),
      ),
    ].join('\n')
  }

  /** `conformance NAME: P of R rows` for each anchor. */
  lines(anchors: readonly AnchorName[] = ANCHORS): string {
    return anchors
      .map((anchor) => {
        const total = rowsOf(anchor).length
        return `conformance ${anchor}: ${this.passed(anchor).length} of ${total} rows`
      })
      .join('\n')
  }

  #mark(anchor: AnchorName, row: number): 'ok' | 'FAILED' | 'missing' | '-' {
    if (!rowsOf(anchor).includes(row)) return '-'
    const tally = this.#tallies.get(`${anchor} ${row}`)
    if (tally === undefined) return 'missing'
    return tally.failed === 0 ? 'ok' : 'FAILED'
  }
}
