/** Whether nodes have come to rest: nobody waits for anything, and all say the same as each other and as the anchor. */
import type { ContextInfo, IntentInfo } from '../../../src/node/index.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { idKey } from '../../../src/node/primitives/ids.ts'
import { mayWait } from '../workload/circle.ts'
import type { Company } from '../workload/company.ts'
import { readTruth, type Truth } from './truth.ts'

/** What keeps a context from rest, in words; undefined when nothing does. */
async function unrestOf({ circle, entitled, record }: Truth): Promise<string | undefined> {
  const views = await Promise.all(
    entitled.map(async (machine) => {
      const info = await machine.running?.node.contexts.get(circle.context)
      return { machine, info }
    }),
  )
  const isQuiet = views.every(({ info }) => info !== undefined && isAtRest(info, circle))
  const said = new Set(views.map(({ info }) => (info === undefined ? '' : standing(info))))
  const runs = idKey(record.application.id)
  const isUpToDate = views.every(({ info }) => info && idKey(info.application) === runs)
  if (isQuiet && said.size === 1 && isUpToDate) return undefined
  const each = views.map(({ machine, info }) => `${machine.name} ${describe(info, runs)}`)
  return `${circle.name}: ${each.join('; ')}`
}

function isAtRest(info: ContextInfo, circle: Truth['circle']): boolean {
  const { status, deltas, intents, rotation } = info
  const waiting =
    deltas.quarantined + (circle.seats.some(mayWait) ? 0 : deltas.pending + deltas.parked)
  const isOwing = rotation !== undefined || intents.some(({ state }) => isOpen(state))
  return status === 'ready' && waiting === 0 && !isOwing
}

/** Whether an intent goes on. */
export function isOpen(state: IntentInfo['state']): boolean {
  return state === 'waiting' || state === 'running'
}

/** What equal nodes have equal. */
function standing({ root, heads, deltas }: ContextInfo): string {
  return [toHex(root), deltas.applied, ...heads.map(idKey).sort()].join()
}

function describe(info: ContextInfo | undefined, runs: string): string {
  if (info === undefined) return 'has no such context'
  const { status, root, heads, deltas, application, waitsFor, intents } = info
  const reasons = Object.keys({ ...waitsFor.parked, ...waitsFor.quarantined })
  const owed = intents.map(({ kind, state, tries, reason }) => {
    return `${kind} ${state} ${tries} ${reason?.code ?? ''}`.trim()
  })
  const waiting = Object.entries(deltas)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${count}`)
  const outdated = idKey(application) === runs ? '' : ' outdated'
  const short = toHex(root).slice(0, 8)
  return `${status}${outdated} root ${short} heads ${heads.length} ${[...waiting, ...reasons, ...owed].join(' ')}`
}

/** What keeps the nodes from rest. */
export async function unrest(company: Company): Promise<string[]> {
  const { circles, ledger, busy, world } = company
  const truths = await Promise.all(circles.map((circle) => readTruth(world, circle)))
  const contexts = await Promise.all(truths.map(unrestOf))
  const calls = ledger.open.map(
    ({ machine, what, sinceMs }) =>
      `${machine.name} has not answered ${what} since ${(sinceMs / 1000).toFixed(1)} s`,
  )
  const left = [...contexts.filter((text) => text !== undefined), ...calls, ...busy]
  return left.length > 0 ? left : unhealthy(company)
}

async function unhealthy({ world }: Company): Promise<string[]> {
  const states = await Promise.all(
    world.machines.map(async ({ name, running }) => {
      const { checks } = (await running?.node.health()) ?? { checks: { running: false } }
      const failing = Object.entries(checks).filter(([, isFine]) => !isFine)
      return failing.map(([check]) => `${name} is not healthy: ${check}`)
    }),
  )
  return states.flat()
}
