/** What changed: the canister remembers what it applied, read from a place on. The place is the cursor. */
import { MAX_CHANGES_PER_ANSWER, MAX_U64 } from '../../../node/anchor/limits.ts'
import type { Changes } from '../../../node/anchor/service.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { subjectOf } from '../../shared/core/events.ts'
import { LOG_PAGE, QUIET_MS } from '../limits.ts'
import { keys } from './keys.ts'
import { type Entry, entryLayout } from './records.ts'
import { type Answered, askRows, operationsIn, proveRows, type Rows, type Target } from './rows.ts'

/** Operations that a canister remembers. */
const LOG_LENGTH = 65_536n

/** Part of the log. */
interface LogPage {
  /** The place after the last operation. */
  readonly next: bigint
  /** Undefined: the log went round, and does not reach back to where it was read from, or is another's. */
  readonly entries: readonly Entry[] | undefined
}

async function askLog(endpoint: Endpoint, target: Target, from: bigint): Promise<Answered> {
  const args = [{ optNat64: from }, { nat32: LOG_PAGE }]
  return askRows(endpoint, target, { method: 'changes', args })
}

function pageIn(rows: Rows, from: bigint): LogPage {
  const next = operationsIn(rows)
  const oldest = next > LOG_LENGTH ? next - LOG_LENGTH : 0n
  if (from < oldest || from > next) return { next, entries: undefined }
  const entries: Entry[] = []
  for (let place = from; place < next && entries.length < LOG_PAGE; place++) {
    const entry = rows.read(keys.log(place % LOG_LENGTH), entryLayout)
    if (entry?.place !== place) return { next, entries: undefined }
    entries.push(entry)
  }
  return { next, entries }
}

/** Reads the changes of a canister's log. */
export class LogChanges {
  readonly #target: Target
  readonly #clock: Pick<Clock, 'monotonicMs'>
  /** What was proven last: up to where the log went, at which time, and when that was. */
  #seen: { readonly next: bigint; readonly time: bigint; readonly atMs: number } | undefined

  constructor(target: Target, clock: Pick<Clock, 'monotonicMs'>) {
    this.#target = target
    this.#clock = clock
  }

  /** Changes from a place on, of the height that was seen or above: see `ChangesInit.read`. */
  async read(endpoint: Endpoint, seen: bigint, since: bigint | undefined): Promise<Changes> {
    const first = await askLog(endpoint, this.#target, since ?? MAX_U64)
    const next = operationsIn(first.rows)
    const quiet = this.#seen
    const isQuiet = quiet !== undefined && next === since && next === quiet.next
    // an endpoint that lies hides what is new for as long, which one that is slow does too
    if (isQuiet && this.#clock.monotonicMs() - quiet.atMs < QUIET_MS) {
      const height = quiet.time > seen ? quiet.time : seen
      return { height, cursor: next, changes: [], missed: false }
    }
    let time = await this.#prove(first)
    if (since === undefined) return { height: time, cursor: next, changes: [], missed: false }
    const changes: Changes['changes'][number][] = []
    let page = pageIn(first.rows, since)
    let cursor = since
    for (;;) {
      if (page.entries === undefined) {
        return { height: time, cursor: page.next, changes: [], missed: true }
      }
      for (const { event, time: height } of page.entries) {
        if (event !== undefined) changes.push({ subject: subjectOf(endpoint.name, event), height })
      }
      cursor += BigInt(page.entries.length)
      const isAll = cursor >= page.next || page.entries.length === 0
      if (isAll || changes.length > MAX_CHANGES_PER_ANSWER - LOG_PAGE) break
      const more = await askLog(endpoint, this.#target, cursor)
      time = await this.#prove(more)
      page = pageIn(more.rows, cursor)
    }
    return { height: time, cursor, changes, missed: false }
  }

  async #prove({ rows, prove }: Answered): Promise<bigint> {
    const time = await prove()
    this.#seen = { next: operationsIn(rows), time, atMs: this.#clock.monotonicMs() }
    return time
  }
}

/** Everything that a canister remembers, oldest first. */
export async function readEvents<T>(
  endpoint: Endpoint,
  target: Target,
  decode: (where: string, event: Uint8Array) => T,
): Promise<readonly T[]> {
  const events: T[] = []
  const { rows } = await proveRows(endpoint, target, { method: 'info', args: [] })
  const end = operationsIn(rows)
  for (let place = end > LOG_LENGTH ? end - LOG_LENGTH : 0n; place < end;) {
    const more = await askLog(endpoint, target, place)
    await more.prove()
    const { entries = [] } = pageIn(more.rows, place)
    if (entries.length === 0) break
    for (const { event } of entries) {
      if (event !== undefined) events.push(decode(endpoint.name, event))
    }
    place += BigInt(entries.length)
  }
  return events
}
