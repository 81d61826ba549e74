/** What anchors keep over restarts in the node's database: up to where changes were told, and what was signed and not seen to end. */
import type { CursorStore } from './anchor/anchor.ts'
import { fateCodec } from './anchor/fate-codec.ts'
import type { Fate, FateStore, KeptFate } from './anchor/fates.ts'
import { fromHex } from './primitives/bytes.ts'
import { ContextId } from './primitives/ids.ts'
import type { Logger } from './primitives/logger.ts'
import type { Globals } from './store/repositories/globals.ts'
import { INTENT_KIND, INTENT_STATUS, intentRows } from './store/repositories/intents.ts'
import type { IntentKey } from './store/repositories/intents.ts'
import type { Store } from './store/store.ts'

export function keptCursors(store: Store, globals: Globals): CursorStore {
  return {
    load: (name) => globals.cursor(name),
    save: (name, height) => store.batch([globals.putCursor(name, height)]),
  }
}

/** Rows beside those of intents: an operation is for a subject, which may be no context. */
export function keptFates(store: Store, logger: Logger): FateStore {
  const rows = intentRows(store)
  const kind = INTENT_KIND.operation
  const keyOf = ({ subject, id }: Fate): IntentKey => ({
    ...{ kind, part: fromHex(id) },
    context: ContextId.from(subject),
  })
  return {
    async load(contract) {
      const fates: KeptFate[] = []
      for (const { row } of await rows.list(kind)) {
        try {
          if (row instanceof Error) throw row
          const { contract: of, ...fate } = fateCodec.decode(row.body)
          const isRefused = row.status === INTENT_STATUS.refused
          const times = { sinceMs: Number(row.sinceMs), untilMs: Number(row.nextMs) }
          if (of === contract) fates.push({ ...fate, ...times, isRefused })
        } catch (error) {
          logger.error({ err: error }, 'row of a signed operation damaged')
        }
      }
      return fates.sort((a, b) => a.sinceMs - b.sinceMs)
    },
    async save(contract, { isRefused, ...fate }) {
      const row = rows.put(keyOf(fate), {
        status: isRefused ? INTENT_STATUS.refused : INTENT_STATUS.open,
        tries: 1,
        sinceMs: BigInt(Math.floor(fate.sinceMs)),
        nextMs: BigInt(Math.floor(fate.untilMs)),
        ...{ code: '', message: '' },
        body: fateCodec.encode({ ...fate, contract }),
      })
      await store.batch([row], { sync: true })
    },
    drop: (fate) => store.batch([rows.del(keyOf(fate))]),
  }
}
