/** A user who wants something and asks again, in the same words, until it is done or refused for good. */
import { isMerogateError, type MerogateError } from '../../../src/node/errors.ts'
import type { Node } from '../../../src/node/index.ts'
import type { Machine } from '../machine.ts'
import type { SimRandom } from '../random.ts'
import type { World } from '../world.ts'
import type { Ledger } from './ledger.ts'

/** Longest pause before somebody asks again, ms. */
const PAUSE_MS = 4_000

export interface Insisting {
  readonly world: World
  readonly ledger: Ledger
  readonly random: SimRandom
}

/** Kinds of failures that another try may mend. */
const PASSING: readonly MerogateError['kind'][] = ['transport', 'limit', 'corrupt', 'aborted']

export type Insisted<T> =
  | { readonly kind: 'done'; readonly value: T }
  /** The anchor or the node said no. */
  | { readonly kind: 'refused'; readonly code: string }

/** Whether a failure says nothing on what would become of another try. With a wrong clock what is signed is out of date at once. */
function isPassing(error: unknown): boolean {
  if (!isMerogateError(error)) return false
  return PASSING.includes(error.kind) || refusalOf(error) === 'ANCHOR_REJECTED Expired'
}

/** Resolves when it is done, or refused for good. */
export async function insist<T>(
  { world, ledger, random }: Insisting,
  machine: Machine,
  what: string,
  work: (node: Node) => Promise<T>,
): Promise<Insisted<T>> {
  for (;;) {
    const outcome = await ledger.call(machine, what, work)
    if (outcome.kind === 'done') return outcome
    if (outcome.kind === 'failed' && !isPassing(outcome.error)) {
      const { error } = outcome
      return { kind: 'refused', code: isMerogateError(error) ? refusalOf(error) : String(error) }
    }
    await world.time.sleep(random.between(100, PAUSE_MS))
  }
}

/** The code; with what the anchor said, where it was the anchor. */
function refusalOf({ code, details }: MerogateError): string {
  const { error } = details as { error?: { name?: string } }
  return typeof error?.name === 'string' ? `${code} ${error.name}` : code
}
