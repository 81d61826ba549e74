/** Who must have a context in the end: the anchor says who is a member, and callers were told who has joined. */
import type { ContextRecord, MemberRecord } from '../../../src/node/anchor/anchor.ts'
import { idKey } from '../../../src/node/primitives/ids.ts'
import type { Machine } from '../machine.ts'
import type { Circle } from '../workload/circle.ts'
import type { World } from '../world.ts'

/** More members than a run has. */
const PAGE = 100

/** What the anchor holds of one context. */
export interface Truth {
  readonly circle: Circle
  readonly record: ContextRecord
  readonly members: readonly MemberRecord[]
  /** Machines with an identity that writes or reads. */
  readonly entitled: readonly Machine[]
}

/** @throws TypeError when the anchor knows no such context */
export async function readTruth({ authority }: World, circle: Circle): Promise<Truth> {
  const { value: record } = await authority.readContext(circle.context)
  const { value: page } = await authority.readMemberPage(circle.group, 0, PAGE)
  if (record === undefined || page === undefined) {
    throw new TypeError(`the anchor does not know ${circle.name}`)
  }
  const machines = page.items
    .filter(({ role }) => role !== 'relay')
    .flatMap(({ identity }) =>
      circle.seats.filter((one) => idKey(one.identity) === idKey(identity)),
    )
    .map(({ machine }) => machine)
  return { circle, record, members: page.items, entitled: [...new Set(machines)] }
}
