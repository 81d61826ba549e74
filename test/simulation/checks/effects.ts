/** That nothing happened which nobody asked for, and everything that was: contexts, and runs of event handlers. */
import { idKey, idText } from '../../../src/node/primitives/ids.ts'
import { kvInput, kvOutput } from '../../support/kv-app.ts'
import type { Circle } from '../workload/circle.ts'
import type { Company } from '../workload/company.ts'
import { readTruth } from './truth.ts'
import type { Finding } from './verdict.ts'

/** Nodes have the contexts that somebody on them asked for, and no others. */
export async function checkContexts({ world, circles }: Company): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const machine of world.machines) {
    for (const { id } of (await machine.running?.node.contexts.list()) ?? []) {
      const circle = circles.find(({ context }) => idKey(context) === idKey(id))
      if (circle?.seats.some((one) => one.machine === machine) === true) continue
      const text = `${machine.name} has a context that nobody asked for: ${idText(id)}`
      findings.push({ verdict: 'diverged', text })
    }
  }
  return findings
}

/** Each event with a handler is handled by each other member once, and by nobody twice. */
export async function checkHandlers(company: Company): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const circle of company.circles) {
    const runs = await runsOf(company, circle)
    if (runs === undefined) continue
    const members = new Set(circle.seats.map(({ identity }) => idKey(identity))).size
    const most = circle.notified.begun * (members - 1)
    if (runs > most && !circle.wasForgotten) {
      const text = `${circle.name}: handlers ran ${runs} times, expected at most ${most}`
      findings.push({ verdict: 'diverged', text })
    }
    const least = circle.notified.done * (members - 1)
    if (circle.isSteady && runs < least) {
      const text = `${circle.name}: handlers ran ${runs} times, expected at least ${least}`
      findings.push({ verdict: 'lost', text })
    }
  }
  return findings
}

/** How often handlers ran, as the state tells. Undefined where nobody can be asked, or a disk may have forgotten that one ran. */
async function runsOf({ world }: Company, circle: Circle): Promise<number | undefined> {
  if (world.machines.some(({ powerLosses }) => powerLosses.length > 0)) return undefined
  const [machine] = (await readTruth(world, circle)).entitled
  const executor = circle.seats.findLast((one) => one.machine === machine)?.identity
  const node = machine?.running?.node
  if (node === undefined || executor === undefined) return undefined
  const { output } = await node.contexts.execute({
    context: circle.context,
    executor,
    method: 'seen',
    input: kvInput(),
    readOnly: true,
  })
  return Number(kvOutput(output))
}
