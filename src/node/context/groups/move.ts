/** In which contract a group is, and where it moves: as its row keeps it, as it is shown, and what the log says of it. */
import type { GroupRecord, MigrationRecord, Read } from '../../anchor/anchor.ts'
import { EMPTY, equalBytes, toHex } from '../../primitives/bytes.ts'
import { type GroupId, idText } from '../../primitives/ids.ts'
import type { Logger } from '../../primitives/logger.ts'
import type { GroupRow } from '../../store/repositories/groups.ts'

/** The part of a group's row that says it. */
export type MoveRow = Pick<GroupRow, 'contract' | 'successor' | 'movesAt'>

/** Of a group that is where it was made, and stays. */
export const NO_MOVE: MoveRow = { contract: '', successor: EMPTY, movesAt: 0n }

/** What the anchor says. */
export function moveOf({
  value: { migration },
  evidence: { contract },
}: Read<GroupRecord>): MoveRow {
  return { ...NO_MOVE, ...migration, contract: contract ?? '' }
}

/** Where a group moves, or has moved and nobody took it over. */
export function migrationOf({ successor, movesAt }: MoveRow): MigrationRecord | undefined {
  return successor.length === 0 ? undefined : { successor, movesAt }
}

export function isSameMove(a: MoveRow, b: MoveRow): boolean {
  return (
    a.contract === b.contract && a.movesAt === b.movesAt && equalBytes(a.successor, b.successor)
  )
}

/** Says what became of a group's contract, when it is news. */
export function tellMove(logger: Logger, id: GroupId, before: MoveRow, now: MoveRow): void {
  const group = idText(id)
  const { contract, successor, movesAt } = now
  const isElsewhere = contract !== before.contract
  if (isElsewhere && contract !== '')
    logger.warn({ group, contract }, 'group is in another contract')
  if (successor.length > 0) {
    const plan = { group, successor: toHex(successor), movesAt: String(movesAt) }
    logger.warn(plan, 'group moves to another contract')
  } else if (!isElsewhere) {
    logger.warn({ group }, 'group stays: its move to another contract was called off')
  }
}
