/** That everyone entitled has everything acknowledged, and that all have come to the same. */
import { idKey } from '../../../src/node/primitives/ids.ts'
import { kvInput, kvOutput } from '../../support/kv-app.ts'
import type { Machine } from '../machine.ts'
import { type Circle, mayWait, type Seat } from '../workload/circle.ts'
import type { Company } from '../workload/company.ts'
import type { Acknowledged } from '../workload/ledger.ts'
import { type History, readHistory } from './history.ts'
import { readTruth } from './truth.ts'
import type { Finding } from './verdict.ts'

/** Whether a loss of power may have taken a write that nobody else had. */
export type MayBeGone = (write: Acknowledged) => boolean

interface View {
  readonly machine: Machine
  readonly history: History
  /** What the application says of its whole content. */
  readonly content: string
}

export async function checkConvergence(
  { world, circles, ledger }: Company,
  mayBeGone: MayBeGone,
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const circle of circles) {
    const views: View[] = []
    for (const machine of (await readTruth(world, circle)).entitled) {
      const view = await look(machine, circle)
      if (view === undefined) {
        findings.push({ verdict: 'lost', text: `${machine.name} has no rows of ${circle.name}` })
      } else views.push(view)
    }
    findings.push(...views.flatMap((view) => ownFindings(circle, view)), ...compare(views))
    const writes = ledger.acknowledged.filter(
      ({ context }) => idKey(context) === idKey(circle.context),
    )
    findings.push(...lostWrites(views, writes, mayBeGone))
  }
  return findings
}

async function look(machine: Machine, { context, seats }: Circle): Promise<View | undefined> {
  const { running } = machine
  if (running === undefined) return undefined
  const history = await readHistory(running.store, context)
  if (history === undefined) return undefined
  const executor = seats.findLast((one) => one.machine === machine)?.identity
  if (executor === undefined) return undefined
  const call = { context, executor, method: 'summary', input: kvInput(), readOnly: true }
  const { output } = await running.node.contexts.execute(call)
  return { machine, history, content: JSON.stringify(kvOutput(output)) }
}

/** What one node's rows say against each other. */
function ownFindings({ seats }: Circle, { machine, history }: View): Finding[] {
  const findings: Finding[] = []
  if (history.rootMismatches > 0) {
    const text = `${machine.name} got another root than the author ${history.rootMismatches} times`
    findings.push({ verdict: 'diverged', text })
  }
  if (history.heads.join() !== history.headsOfApplied.join()) {
    const text = `${machine.name} stores ${history.heads.length} heads, its deltas have ${history.headsOfApplied.length}`
    findings.push({ verdict: 'diverged', text })
  }
  // who is none of them has come to the group by another context of it, and builds on what it wrote while sent away as somebody else
  const awaited = new Set(seats.filter((one) => !mayWait(one)).map(nameOf))
  const waiting = [...history.waiting.values()].filter(({ member }) => awaited.has(idKey(member)))
  if (waiting.length > 0) {
    const each = waiting.map(({ member, sequence }) => {
      const author = seats.find((one) => nameOf(one) === idKey(member))?.machine.name
      return `${sequence} of ${author}`
    })
    const text = `${machine.name} has ${waiting.length} rows of deltas that wait: ${each.join()}`
    findings.push({ verdict: 'stuck', text })
  }
  return findings
}

function nameOf({ identity }: Seat): string {
  return idKey(identity)
}

function compare([first, ...others]: readonly View[]): Finding[] {
  if (first === undefined) return []
  return others.flatMap(({ machine, history, content }): Finding[] => {
    const pair = `${first.machine.name} and ${machine.name}`
    if (history.applied.join() !== first.history.applied.join()) {
      return [{ verdict: 'stuck', text: `${pair} have applied other sets of deltas` }]
    }
    if (history.root !== first.history.root) {
      return [{ verdict: 'diverged', text: `${pair} have other roots of equal histories` }]
    }
    if (history.state !== first.history.state) {
      return [{ verdict: 'diverged', text: `${pair} have rows of other keys under one root` }]
    }
    if (content !== first.content) {
      return [{ verdict: 'diverged', text: `${pair} have other values under one root` }]
    }
    return []
  })
}

function lostWrites(
  views: readonly View[],
  writes: readonly Acknowledged[],
  mayBeGone: MayBeGone,
): Finding[] {
  const sets = views.map(({ machine, history }) => ({ machine, has: new Set(history.applied) }))
  return writes.flatMap((write) => {
    const id = idKey(write.delta)
    const lacking = sets.filter(({ has }) => !has.has(id)).map(({ machine }) => machine.name)
    if (lacking.length === 0) return []
    const isNowhere = lacking.length === sets.length
    if (isNowhere && (write.author.mayLose || mayBeGone(write))) return []
    const text = `a write acknowledged by ${write.author.machine.name} at ${(write.atMs / 1000).toFixed(3)} s is not at ${lacking.join()}`
    return [{ verdict: 'lost', text }]
  })
}
