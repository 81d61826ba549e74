/** Events of a contract, by ledger. */
import { z } from 'zod'
import { badAnswer } from '../../../node/anchor/errors.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { TRANSACTION } from '../constants.ts'
import { EVENTS_PAGE, MAX_EVENT_PAGES } from '../limits.ts'
import { base64, LEDGER, MAX_XDR_CHARS } from './numbers.ts'

const CURSOR = /^(\d{1,19})-\d{1,10}$/

/** An event of a contract. */
export interface FoundEvent {
  readonly ledger: number
  readonly contractId: string
  readonly txHash: string
  /** Base64 of each, and of the data. */
  readonly topic: readonly string[]
  readonly value: string
}

const EVENT: z.ZodType<FoundEvent> = z.object({
  ledger: LEDGER,
  contractId: z.string(),
  txHash: z.string().regex(TRANSACTION),
  topic: z.array(base64(MAX_XDR_CHARS)).max(4),
  value: base64(MAX_XDR_CHARS),
})

const ANSWER = z.object({
  latestLedger: LEDGER,
  cursor: z.string().regex(CURSOR),
  events: z.array(EVENT).max(EVENTS_PAGE),
})

/** Events of some ledgers. */
export interface FoundEvents {
  readonly events: readonly FoundEvent[]
  /** The last ledger whose events are all among them. */
  readonly until: number
  /** The endpoint's newest ledger. */
  readonly latest: number
}

/** Which events. */
export interface EventsInit {
  /** `C...`. */
  readonly contract: string
  /** First ledger: one that the endpoint has. */
  readonly from: number
  /** Base64 of topics that they must have, each in its place. @default any */
  readonly topics?: readonly string[] | undefined
}

/**
 * Events from a ledger on, up to the endpoint's newest or less far.
 * @throws ANCHOR_BAD_ANSWER (protocol); CHAIN_RPC, of the kind `window` where the endpoint does not have the ledger
 */
export async function readEvents(
  endpoint: Endpoint,
  { contract, from, topics }: EventsInit,
): Promise<FoundEvents> {
  const wanted = { type: 'contract', contractIds: [contract] }
  const filters = [topics === undefined ? wanted : { ...wanted, topics: [topics] }]
  const events: FoundEvent[] = []
  let cursor: string | undefined
  for (let page = 1; ; page++) {
    const start =
      cursor === undefined
        ? { startLedger: from, pagination: { limit: EVENTS_PAGE } }
        : { pagination: { limit: EVENTS_PAGE, cursor } }
    const answer = ANSWER.safeParse(await endpoint.send('getEvents', { ...start, filters }))
    if (!answer.success) throw badAnswer(endpoint.name, 'events of another shape')
    const { latestLedger: latest, events: found, cursor: next } = answer.data
    const last = events.at(-1)?.ledger ?? from
    const isInOrder = found.every(({ ledger }, i) => ledger >= (found[i - 1]?.ledger ?? last))
    if (!isInOrder || found.some(({ contractId }) => contractId !== contract)) {
      throw badAnswer(endpoint.name, 'events that were not asked for')
    }
    events.push(...found)
    const reached = ledgerOf(next)
    // a page that is not full goes on behind its last ledger
    if (found.length < EVENTS_PAGE && reached >= latest) return { events, until: latest, latest }
    if (page === MAX_EVENT_PAGES || next === cursor) {
      // there may be more in the ledger that it broke off in
      const until = found.length < EVENTS_PAGE ? reached : reached - 1
      return { events, until: Math.min(until, latest), latest }
    }
    cursor = next
  }
}

/** The ledger in a cursor. */
function ledgerOf(cursor: string): number {
  return Number(BigInt(CURSOR.exec(cursor)?.[1] ?? 0) >> 32n)
}
