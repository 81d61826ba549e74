/** One seed, one run: whole nodes, work and faults; then calm, and everything is looked at. */
import { type Finding, gravest, type Verdict } from './checks/verdict.ts'
import { realMs, shutNatives } from './natives.ts'
import { Play, type PlayOptions } from './play.ts'
import { SimRandom } from './random.ts'
import type { Tally } from './tally.ts'
import { World } from './world.ts'

/** Virtual time after which a run is given up, whatever it does, ms. */
const RUN_MS = 7_200_000
/** Stream of a seed for what concerns the run itself. */
const RUN_STREAM = 0
/** Machines of a run when nothing is said: three to five, more often few. */
const MACHINES: readonly number[] = [3, 3, 3, 4, 4, 5]

export interface RunOptions extends PlayOptions {
  readonly seed: number
  /** Machines. @default 3 to 5, by the seed */
  readonly nodes?: number | undefined
  readonly onNote?: ((ms: number, text: string) => void) | undefined
}

export interface RunResult {
  readonly seed: number
  readonly fingerprint: string
  /** Undefined when all is well. */
  readonly verdict: Verdict | undefined
  readonly findings: readonly string[]
  readonly tally: Tally
  readonly restMs: number
  readonly virtualMs: number
  readonly events: number
  readonly realMs: number
}

/** Runs one seed. Nothing else may happen in the process meanwhile. */
export async function run(options: RunOptions): Promise<RunResult> {
  const began = realMs()
  const nodes = options.nodes ?? new SimRandom(options.seed, RUN_STREAM).pick(MACHINES)
  const world = new World({ ...options, nodes })
  const play = new Play(world, options)
  let end: readonly Finding[] | undefined
  const reached = await shutNatives(async () => {
    play.all().then(
      (findings) => (end = findings),
      (error: unknown) => (end = [{ verdict: 'stuck', text: describe(error) }]),
    )
    await world.time.run(() => end !== undefined, RUN_MS)
  })
  const findings: Finding[] = [...(end ?? [{ verdict: 'stuck', text: 'the run did not end' }])]
  for (const native of reached) findings.push({ verdict: 'stuck', text: `reached for ${native}` })
  for (const text of world.leftovers) findings.push({ verdict: 'stuck', text })
  for (const error of world.errors) findings.push({ verdict: 'stuck', text: `logged: ${error}` })
  return {
    seed: options.seed,
    fingerprint: world.time.fingerprint(),
    verdict: gravest(findings),
    findings: findings.map(({ verdict, text }) => `${verdict}: ${text}`),
    tally: world.tally,
    restMs: play.restMs,
    virtualMs: world.time.ms,
    events: world.time.events,
    realMs: realMs() - began,
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
