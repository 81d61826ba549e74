/** What a node may be doing when it is killed, and what must hold when it is back. */
import { isMerogateError } from '../../../src/node/errors.ts'
import type { Fleet, Member } from '../fleet.ts'
import { Ledger } from '../ledger.ts'
import type { Shared } from '../operations.ts'
import { lostBy, REST_MS, untilRest } from '../rest.ts'

/** Something to be cut off. */
export interface Activity {
  readonly name: string
  /** Nodes it takes. */
  readonly nodes: number
  /** Gets everything ready for the `n`th time. */
  prepare(fleet: Fleet, n: number): Promise<Moment>
}

/** One time it is done. */
export interface Moment {
  /** Who is killed meanwhile. */
  readonly victim: Member
  /** Does it, as whoever asked for it sees it: an answer, or none. */
  act(): Promise<unknown>
  /** The victim is back: what is wrong, one line each. `isAnswered`: whoever asked was told that it is done. */
  check(isAnswered: boolean): Promise<readonly string[]>
}

/** Longest wait for an answer, ms. */
export const ANSWER_MS = 10_000

export function memberAt(fleet: Fleet, at: number): Member {
  const member = fleet.members[at]
  if (member === undefined) throw new RangeError(`expected a member ${at}`)
  return member
}

/** A context for one moment. */
export function sharedOf(contextId: string): Shared {
  return { contextId, ledger: new Ledger() }
}

/** Increments: they cost the same however many there were. */
export async function increment(
  member: Member,
  { contextId, ledger }: Shared,
  times: number,
): Promise<void> {
  const one = async (): Promise<void> => {
    try {
      const signal = AbortSignal.timeout(ANSWER_MS)
      await member.client.rpc.execute({ contextId, method: 'incr', signal })
      ledger.note('incr', '', 'acknowledged')
    } catch (error) {
      ledger.note('incr', '', 'unknown')
      if (!isMerogateError(error) && !(error instanceof DOMException)) throw error
    }
  }
  for (let left = times; left > 0; left -= WIDTH) {
    await Promise.all(Array.from({ length: Math.min(WIDTH, left) }, one))
  }
}

/** Calls at one time. */
const WIDTH = 8

/** What keeps members from rest in a context, or is missing there. */
export async function atRest(members: readonly Member[], shared: Shared): Promise<string[]> {
  const rest = await untilRest(members, [shared], REST_MS)
  if (rest.afterMs === undefined || rest.diverged.length > 0)
    return [...rest.diverged, ...rest.open]
  return lostBy(members, [shared])
}

/** Resolves with true once a condition holds, with false when it does not in time. */
export async function holdsInTime(check: () => Promise<boolean>, ms: number): Promise<boolean> {
  const end = performance.now() + ms
  while (performance.now() < end) {
    if (await check()) return true
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  return false
}

/** Between two looks, ms. */
const LOOK_MS = 100
