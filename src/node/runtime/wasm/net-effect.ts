/**
 * What a call of a guest did in the end, as the actions that take another copy to the same state.
 *
 * The guest records each step as it goes: an inner collection is added under a random id, removed, and added again under one that follows
 * from its place; a filled one with all its entries. Replayed step by step that fails, or leaves behind what its author does not have. So
 * the record is only asked which entities were touched and how they were written last; whether and how they are sent is decided by the
 * rows before and after the call:
 *
 * | before | after | sent                                                          |
 * | ------ | ----- | ------------------------------------------------------------- |
 * | –      | alive | `add`, with the bytes of the row                              |
 * | there  | alive | `update`, with the bytes of the row                           |
 * | there  | gone  | `remove`                                                      |
 * | –      | gone  | nothing, and the author forgets that there was ever something |
 *
 * They come in the order in which the guest first touched them, which is parents before children.
 */
import type { Action, IndexRecord, Layout, Removal, Upsert } from '../artifact/layout.ts'
import { isFrozen } from '../artifact/signing.ts'
import {
  bury,
  entryKey,
  exhume,
  indexKey,
  isKnown,
  load,
  purge,
  type RowAccess,
  store,
} from './entities.ts'
import { latin1 } from './rows.ts'

/** Every touched entity once, with its last action, in the order in which they were first touched. */
function lastActions(layout: Layout, recorded: readonly Action[]): Iterable<Action> {
  const last = new Map<string, Action>()
  for (const action of recorded) {
    const key = latin1(action.id)
    // guests of older eras save what they have removed once more
    const isGhost =
      layout.name !== 'E5' && action.kind === 'update' && last.get(key)?.kind === 'remove'
    if (!isGhost) last.set(key, action)
  }
  return last.values()
}

/** The net effect of a call, and the author's rows settled accordingly. */
export function netEffect(layout: Layout, rows: RowAccess, recorded: readonly Action[]): Action[] {
  const removals: Removal[] = []
  const upserts: Upsert[] = []
  for (const action of lastActions(layout, recorded)) {
    const before = rows.before(indexKey(action.id))
    const data = action.kind === 'remove' ? undefined : rows.get(entryKey(action.id))
    const isAlive =
      data !== undefined &&
      action.kind !== 'remove' &&
      [action, ...action.ancestors].every(({ id }) => isKnown(rows, id))
    if (isAlive) {
      settleUpsert(layout, rows, action)
      // adding a frozen value again changes nothing, and receivers refuse it
      if (before !== undefined && isFrozen(action)) continue
      upserts.push({ ...action, data, kind: before === undefined ? 'add' : 'update' })
    } else if (before === undefined) {
      purge(rows, action.id)
    } else if (action.kind === 'remove') {
      // a collection that moved to another place took its children along and left no rows
      const left = load(layout, rows, action.id)
      const record = left ?? { ...layout.decodeIndex(before), children: undefined }
      settleRemoval(layout, rows, action, record)
      removals.push(action)
    }
  }
  return [...removals, ...upserts]
}

/**
 * After an upsert that took effect: it lifts a removal that is older, and its time of creation, by which the guest orders the children of a
 * collection, counts from now on. The guest does neither for an entity that it knew.
 */
export function settleUpsert(layout: Layout, rows: RowAccess, action: Upsert): void {
  exhume(rows, action.id)
  const record = load(layout, rows, action.id)
  if (record === undefined) return
  const { createdAt, updatedAt } = action.metadata
  const isLifted = record.deletedAt !== undefined && updatedAt > record.deletedAt
  if (!isLifted && record.metadata.createdAt === createdAt) return
  store(layout, rows, {
    ...record,
    deletedAt: isLifted ? undefined : record.deletedAt,
    metadata: { ...record.metadata, createdAt },
  })
}

/**
 * After a removal that took effect. Of an entry the guest would keep a tombstone that it never lifts, and that hides the entry for ever; the
 * host remembers the removal itself and the guest forgets the entry. Of a whole collection the tombstone stays, since children may come
 * that do not know of the removal: they belong to something that is not part of the state.
 *
 * @param record what there is, or was, of the entity
 */
export function settleRemoval(
  layout: Layout,
  rows: RowAccess,
  { id, deletedAt }: Pick<Removal, 'id' | 'deletedAt'>,
  record: IndexRecord,
): void {
  if (!isCollection(rows, record)) {
    purge(rows, id)
    bury(rows, id, deletedAt)
    return
  }
  rows.remove(entryKey(id))
  const updatedAt = deletedAt
  store(layout, rows, { ...record, deletedAt, metadata: { ...record.metadata, updatedAt } })
}

/** Whether other entities may lie below this one: what lies directly below the root, or has had children. */
function isCollection(rows: RowAccess, record: IndexRecord): boolean {
  if (record.children !== undefined || record.deletedChildren.length > 0) return true
  const parent = record.parent && rows.get(indexKey(record.parent))
  // an index record is its id, then the option of a parent: the root has none
  return parent !== undefined && parent[32] === 0
}
