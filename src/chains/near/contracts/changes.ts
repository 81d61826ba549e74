/** What changed: the contract remembers what it applied in a ring, read from a place on. The place is the cursor. */
import { MAX_CHANGES_PER_ANSWER } from '../../../node/anchor/limits.ts'
import type { Changes } from '../../../node/anchor/service.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { RING_PAGE } from '../limits.ts'
import { type Answers, args } from './layouts.ts'
import { subjectOf } from '../../shared/core/events.ts'
import { askView, type Target } from './views.ts'
import type { At } from '../rpc/query.ts'

/** Part of the ring. */
export async function readRing(
  endpoint: Endpoint,
  target: Target,
  from: bigint | undefined,
  at: At,
): Promise<Answers['changes']> {
  const given = args.changes.encode({ from, length: from === undefined ? 0 : RING_PAGE })
  return askView(endpoint, target, 'changes', given, at)
}

/** A ring as it was seen last: at which block, and where it ended. */
interface SeenRing {
  readonly final: bigint
  readonly next: bigint
}

/** Reads the changes of a contract's ring. */
export class RingChanges {
  readonly #target: Target
  #seen: SeenRing | undefined

  constructor(target: Target) {
    this.#target = target
  }

  /** Changes from a place on, up to a final block: see `ChangesInit.read`. */
  async read(endpoint: Endpoint, final: bigint, since: bigint | undefined): Promise<Changes> {
    const seen = this.#seen
    // nothing comes to a block that was looked at to its end
    if (seen?.final === final && seen.next === since) {
      return { height: final, cursor: since, changes: [], missed: false }
    }
    const at = Number(final)
    const first = await readRing(endpoint, this.#target, since, at)
    this.#seen = { final, next: first.next }
    const here = { height: final, cursor: first.next, changes: [] }
    if (since === undefined) return { ...here, missed: false }
    // the ring has gone round since, or this is another history
    if (since < first.oldest || since > first.next) return { ...here, missed: true }
    const changes: Changes['changes'][number][] = []
    let page = first
    let next = since
    for (;;) {
      for (const { height, event } of page.items) {
        if (event !== undefined) changes.push({ subject: subjectOf(endpoint.name, event), height })
      }
      next += BigInt(page.items.length)
      const isAll = next >= page.next || page.items.length === 0
      if (isAll || changes.length > MAX_CHANGES_PER_ANSWER - RING_PAGE) break
      page = await readRing(endpoint, this.#target, next, at)
    }
    return { height: final, cursor: next, changes, missed: false }
  }
}

/** Everything that the ring remembers, oldest first. */
export async function readEvents<T>(
  endpoint: Endpoint,
  target: Target,
  final: bigint,
  decode: (where: string, event: Uint8Array) => T,
): Promise<readonly T[]> {
  const { oldest, next: end } = await readRing(endpoint, target, undefined, Number(final))
  const events: T[] = []
  for (let place = oldest; place < end;) {
    const { items } = await readRing(endpoint, target, place, Number(final))
    if (items.length === 0) break
    for (const { event } of items) {
      if (event !== undefined) events.push(decode(endpoint.name, event))
    }
    place += BigInt(items.length)
  }
  return events
}
