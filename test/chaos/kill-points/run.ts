/** Kills a node at random moments of each thing it does, and looks whether all that was asked for is done afterwards, or is not there at all. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SimRandom } from '../../simulation/random.ts'
import { Fleet } from '../fleet.ts'
import type { Activity, Moment } from './activity.ts'
import { rotating, updating } from './changing.ts'
import { creating, installing, joining } from './founding.ts'
import { catchingUp, writing } from './working.ts'

/** By the name that chooses one. */
export const ACTIVITIES: Readonly<Record<string, () => Activity>> = {
  writing,
  catching: catchingUp,
  joining,
  installing,
  creating,
  rotating,
  updating,
}

/** Kills come from the beginning until somewhat after the usual end. */
const BEYOND = 1.2

export interface KillPointsInit {
  readonly activity: Activity
  readonly moments: number
  readonly seed: number
  readonly onNote: (text: string) => void
  readonly logs?: string | undefined
}

export interface KillPointsResult {
  readonly activity: string
  readonly moments: number
  /** Of those, whoever asked was answered before the kill. */
  readonly answered: number
  /** How long it takes when nobody is killed, ms. */
  readonly usualMs: number
  readonly findings: readonly string[]
}

export async function killPoints(init: KillPointsInit): Promise<KillPointsResult> {
  const { activity, moments, seed, onNote } = init
  const random = new SimRandom(seed)
  const logs = init.logs === undefined ? undefined : join(init.logs, activity.name)
  if (logs !== undefined) await mkdir(logs, { recursive: true })
  await using fleet = await Fleet.start(activity.nodes, logs)
  const findings: string[] = []
  const usualMs = await usualTime(activity, fleet)
  onNote(`${activity.name}: takes ${usualMs.toFixed(0)} ms`)
  let answered = 0
  for (let n = 1; n <= moments; n++) {
    const moment = await activity.prepare(fleet, n)
    const atMs = random.below(Math.ceil(usualMs * BEYOND))
    const { isAnswered, found } = await killAt(moment, atMs)
    if (isAnswered) answered++
    for (const finding of found) findings.push(`moment ${n} at ${atMs} ms: ${finding}`)
    if (found.length > 0) onNote(`${activity.name} ${n} at ${atMs} ms: ${found[0]}`)
    else if (n % 10 === 0) onNote(`${activity.name}: ${n} of ${moments}`)
  }
  return { activity: activity.name, moments, answered, usualMs, findings }
}

/** How long it takes: the second time, when everything is warm. */
async function usualTime(activity: Activity, fleet: Fleet): Promise<number> {
  let usualMs = 0
  for (const n of [-2, -1]) {
    const moment = await activity.prepare(fleet, n)
    const began = performance.now()
    await moment.act()
    usualMs = performance.now() - began
    const found = await moment.check(true)
    if (found.length > 0) throw new RangeError(`${activity.name} fails by itself: ${found.join()}`)
  }
  return usualMs
}

async function killAt(
  moment: Moment,
  atMs: number,
): Promise<{ isAnswered: boolean; found: readonly string[] }> {
  let isAnswered = false
  const acting = moment.act().then(
    () => (isAnswered = true),
    () => {}, // no answer: it may have been done or not
  )
  await new Promise((resolve) => setTimeout(resolve, atMs))
  const wasAnswered = isAnswered
  await moment.victim.kill()
  await acting
  try {
    await moment.victim.start()
    return { isAnswered: wasAnswered, found: await moment.check(isAnswered) }
  } catch (error) {
    return { isAnswered: wasAnswered, found: [String(error)] }
  }
}
