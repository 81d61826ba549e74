/** One scenario from beginning to end: the bystander without the attacker, beside it, and once it has gone. */
import { type ClusterNode, equalRoots } from '../../scripts/support/cluster.ts'
import type { Tally } from './order.ts'
import type { Scenario } from './scenario.ts'
import { Attacker, Bystander, type Measured, type Pair, type Stage } from './stage.ts'

/** How long after the attack everything must be as before, ms. */
const RECOVERY_MS = 10_000
/** How long somebody who is invited may take to get in, ms. */
const NEWCOMER_MS = 30_000

/** How many times as long the p99 may be where a core is the attacker's own. */
const CORE_FACTOR = 5

export interface Outcome {
  readonly scenario: string
  readonly standing: string
  readonly does: string
  readonly before: Measured
  readonly during: Measured
  readonly after: Measured
  /** MiB more than before. */
  readonly grownMib: number
  /** How long the pair took to agree once the attacker had gone, ms; undefined: longer than it may. */
  readonly agreedMs: number | undefined
  /** How long somebody took to get in who was invited during the attack, ms; undefined: nobody was, or did not. */
  readonly newcomerMs?: number | undefined
  readonly tally: Tally
  /** What is not as it must be; empty when all is well. */
  readonly faults: readonly string[]
}

export interface RunOptions {
  /** How long the bystander calls before anything is measured, ms. */
  readonly warmMs: number
  /** How long the attack lasts, ms. */
  readonly attackMs: number
  /** How long the bystander is measured before and after it, ms. */
  readonly beforeMs: number
  readonly afterMs: number
  /** How many times as long as without the attacker the p99 of calls may be. */
  readonly factor: number
  /** What the p99 may be in any case, ms: a busy machine makes short measures worthless. */
  readonly floorMs: number
  readonly maxGrownMib: number
}

/** All that a scenario needs, up to the moment when it begins. */
export interface Scene {
  readonly scenario: Scenario
  readonly pair: Pair
  readonly bystander: Bystander
  readonly attacker: Attacker
  readonly newcomer: ClusterNode | undefined
}

/** Makes a scenario ready; several can be at once. */
export async function makeScene(
  stage: Stage,
  scenario: Scenario,
  attackMs: number,
): Promise<Scene> {
  const pair = await stage.newPair()
  const bystander = new Bystander(pair)
  const newcomer = scenario.isNewcomerInvited === true ? await stage.another() : undefined
  const attacker = await Attacker.start(scenario, pair, attackMs)
  return { scenario, pair, bystander, attacker, newcomer }
}

/** Runs a scenario once; its attacker is gone then. */
export async function runScene(scene: Scene, options: RunOptions): Promise<Outcome> {
  const { scenario, pair, bystander, attacker, newcomer } = scene
  try {
    await bystander.measure(options.warmMs) // caches and compilers get warm
    const before = await bystander.measure(options.beforeMs)
    attacker.begin()
    const joined = newcomer === undefined ? undefined : letIn(pair, newcomer, options.attackMs / 4)
    const during = await bystander.measure(options.attackMs)
    const newcomerMs = await joined
    const tally = await attacker.end()
    const ended = performance.now()
    const agreedMs = await agreement(pair).catch(() => undefined)
    const leftMs = ended + RECOVERY_MS - options.afterMs - performance.now()
    if (leftMs > 0 && options.attackMs >= RECOVERY_MS)
      await new Promise((resolve) => setTimeout(resolve, leftMs))
    const after = await bystander.measure(options.afterMs)
    const grownMib = after.heldMib - before.heldMib
    const { name, standing, does } = scenario
    const outcome = { scenario: name, standing, does, before, during, after, grownMib, agreedMs }
    const faults = faultsOf({ ...outcome, newcomerMs, tally, faults: [] }, scenario, options)
    return { ...outcome, newcomerMs, tally, faults }
  } finally {
    attacker.kill()
  }
}

/** Invites somebody once the attack is under way; resolves with how long it took to get in. */
async function letIn(
  { victim, contextId }: Pair,
  newcomer: ClusterNode,
  afterMs: number,
): Promise<number | undefined> {
  await new Promise((resolve) => setTimeout(resolve, afterMs))
  const start = performance.now()
  const { publicKey } = await newcomer.client.admin.createIdentity()
  const invitation = await victim.client.admin.invite({ contextId, invitee: publicKey })
  await newcomer.client.admin.join(invitation ?? '')
  while (performance.now() - start < NEWCOMER_MS) {
    const { status } = await newcomer.client.admin.context(contextId, 1_000)
    if (status === 'ready') return performance.now() - start
  }
  return undefined
}

/** How long the two take to have the same; what the attacker sent may wait for ever. */
async function agreement({ victim, partner, contextId }: Pair): Promise<number> {
  const start = performance.now()
  while (performance.now() - start < RECOVERY_MS) {
    const states = await Promise.all(
      [victim, partner].map(({ client }) => client.admin.context(contextId)),
    )
    if (states[0]?.rootHash === states[1]?.rootHash) return performance.now() - start
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await equalRoots([victim, partner], contextId)
  throw new RangeError('not in time')
}

function faultsOf(outcome: Outcome, scenario: Scenario, options: RunOptions): string[] {
  const { before, during, after, grownMib, agreedMs, newcomerMs, tally } = outcome
  const faults: string[] = []
  const factor = Math.max(scenario.takesCore === true ? CORE_FACTOR : 0, options.factor)
  const mayMs = Math.max(before.p99Ms * factor, options.floorMs)
  if (during.p99Ms > mayMs) faults.push(`p99 ${ms(during.p99Ms)} of at most ${ms(mayMs)}`)
  if (during.failed + after.failed > 0) faults.push(`${during.failed + after.failed} calls failed`)
  if (after.p99Ms > mayMs) faults.push(`p99 ${ms(after.p99Ms)} when it had gone`)
  if (grownMib > options.maxGrownMib) faults.push(`${grownMib.toFixed(0)} MiB more are held`)
  if (agreedMs === undefined) faults.push('the pair did not agree afterwards')
  if (scenario.isNewcomerInvited === true && newcomerMs === undefined)
    faults.push('who was invited did not get in')
  if (scenario.mustReach !== undefined) {
    const [name, least] = scenario.mustReach
    if ((tally[name] ?? 0) < least) faults.push(`expected ${name} of at least ${least}`)
  }
  return faults
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`
}

/** One line for people. */
export function lineOf(outcome: Outcome): string {
  const { scenario, standing, before, during, after, grownMib, agreedMs, newcomerMs } = outcome
  const p99 = [before, during, after].map(({ p99Ms }) => ms(p99Ms).padStart(9)).join('')
  const cores = [before, during].map((at) => at.cores.toFixed(2).padStart(8)).join('')
  const grown = `${grownMib.toFixed(0)} MiB`.padStart(9)
  const agreed = (agreedMs === undefined ? 'never' : ms(agreedMs)).padStart(9)
  const verdict = outcome.faults.length === 0 ? 'ok' : `OVER: ${outcome.faults.join('; ')}`
  const came = newcomerMs === undefined ? '' : `, newcomer in ${ms(newcomerMs)}`
  return `${scenario.padEnd(34)} ${standing.padEnd(9)}${p99}${ms(during.maxMs).padStart(9)}${cores}${grown}${agreed}  ${verdict}${came}`
}

export const HEADER: string = `${'scenario'.padEnd(34)} ${'who'.padEnd(9)}${'before'.padStart(9)}${'during'.padStart(9)}${'after'.padStart(9)}${'slowest'.padStart(9)}${'cores'.padStart(8)}${'during'.padStart(8)}${'memory'.padStart(9)}${'agreed'.padStart(9)}`
