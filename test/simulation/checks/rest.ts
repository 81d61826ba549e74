/** Whether nodes have come to rest: nobody waits for anything, and all say the same. */
import type { ContextInfo } from '../../../src/node/index.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { idKey } from '../../../src/node/primitives/ids.ts'
import type { Machine } from '../machine.ts'
import type { Circle } from '../workload/circle.ts'
import type { Ledger } from '../workload/ledger.ts'

/** Machines that must have a context in the end. */
export function entitled(circle: Circle): readonly Machine[] {
  return [...new Set(circle.seats.map(({ machine }) => machine))]
}

/** What keeps a context from rest, in words; undefined when nothing does. */
async function unrestOf(circle: Circle): Promise<string | undefined> {
  const views = await Promise.all(
    entitled(circle).map(async (machine) => {
      const info = await machine.running?.node.contexts.get(circle.context)
      return { machine, info }
    }),
  )
  const isQuiet = views.every(({ info }) => info !== undefined && isAtRest(info))
  const said = new Set(views.map(({ info }) => (info === undefined ? '' : standing(info))))
  if (isQuiet && said.size === 1) return undefined
  return views.map(({ machine, info }) => `${machine.name} ${describe(info)}`).join('; ')
}

function isAtRest({ status, deltas }: ContextInfo): boolean {
  return (
    status === 'ready' && deltas.pending === 0 && deltas.parked === 0 && deltas.quarantined === 0
  )
}

/** What equal nodes have equal. */
function standing({ root, heads, deltas, application }: ContextInfo): string {
  const sorted = heads.map(idKey).sort()
  return [toHex(root), deltas.applied, idKey(application), ...sorted].join()
}

function describe(info: ContextInfo | undefined): string {
  if (info === undefined) return 'has no such context'
  const { status, root, heads, deltas } = info
  const waiting = Object.entries(deltas)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${count}`)
  return `${status} root ${toHex(root).slice(0, 8)} heads ${heads.length} ${waiting.join(' ')}`
}

/** What keeps the nodes from rest. */
export async function unrest(circles: readonly Circle[], ledger: Ledger): Promise<string[]> {
  const contexts = await Promise.all(circles.map(unrestOf))
  const calls = ledger.open.map(
    ({ machine, what, sinceMs }) =>
      `${machine.name} has not answered ${what} since ${(sinceMs / 1000).toFixed(1)} s`,
  )
  return [...contexts.filter((text) => text !== undefined), ...calls]
}
