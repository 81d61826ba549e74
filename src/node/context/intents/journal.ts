/** How intents are kept in their column: the row around what a kind of work needs to go on. */
import type { Codec } from '../../codec/codec.ts'
import type { Logger } from '../../primitives/logger.ts'
import { INTENT_STATUS, type IntentRow, type IntentRows } from '../../store/repositories/intents.ts'
import type { Journal, Kept } from './intent.ts'

const STATUS = ['open', 'refused', 'done'] as const

/** The rows of one kind, under its number. One that is damaged is logged, and not read. */
export function intentJournal<B>(
  components: { readonly rows: IntentRows; readonly logger: Logger },
  kind: number,
  body: Codec<B>,
): Journal<B> {
  const { rows, logger } = components
  const key = ({ context, part }: Kept<B>) => ({ kind, context, part })
  return {
    async load() {
      const kept: Kept<B>[] = []
      for (const {
        key: { context, part },
        row,
      } of await rows.list(kind)) {
        try {
          if (row instanceof Error) throw row
          kept.push({ context, part, body: body.decode(row.body), ...fromRow(row) })
        } catch (error) {
          logger.error({ err: error, kind }, 'intent row damaged')
        }
      }
      return kept
    },
    put: (kept) => rows.put(key(kept), { ...toRow(kept), body: body.encode(kept.body) }),
    del: (kept) => rows.del(key(kept)),
  }
}

function toRow<B>({ status, tries, sinceMs, nextMs, reason }: Kept<B>): Omit<IntentRow, 'body'> {
  const { code, message } = reason ?? { code: '', message: '' }
  return {
    status: INTENT_STATUS[status],
    ...{ tries, code, message },
    sinceMs: BigInt(Math.floor(sinceMs)),
    nextMs: BigInt(Math.floor(nextMs)),
  }
}

function fromRow(row: IntentRow): Omit<Kept<unknown>, 'context' | 'part' | 'body'> {
  const { code, message, tries } = row
  return {
    status: STATUS[row.status] ?? 'open', // an unknown status is one that somebody still has to look at
    tries,
    sinceMs: Number(row.sinceMs),
    nextMs: Number(row.nextMs),
    reason: code === '' ? undefined : { code, message },
  }
}
