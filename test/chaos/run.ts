/** One run: nodes that share some contexts work while things break; then everything is whole again, and they have to come to rest. */
import { mkdir } from 'node:fs/promises'
import { shareContext } from '../../scripts/support/cluster.ts'
import { SimRandom } from '../simulation/random.ts'
import { type Fault, FAULT_KINDS, FaultBag, type FaultKind } from './faults.ts'
import { Fleet } from './fleet.ts'
import { type Fate, Ledger } from './ledger.ts'
import { type Shared, work } from './operations.ts'
import { lostBy, REST_MS, untilRest } from './rest.ts'

/** Contexts that all members share: one collection would make each write dear. */
const CONTEXTS = 4
/** Time from one fault to the next, ms. */
const PART_MS = 3_000
/** How long a fault lasts, ms, lowest and highest. */
const FAULT_MS = [500, 4_000] as const

/** Longer than this, and it is said what took so long, ms. */
const SLOW_REST_MS = 3_000
/** How much longer they are watched when they do not, to say how it ends, ms. */
const LATE_MS = 50_000

export type Verdict = 'diverged' | 'lost' | 'stuck'

export interface RunInit {
  readonly seed: number
  readonly nodes: number
  readonly operations: number
  readonly faults: number
  readonly kinds: readonly FaultKind[]
  /** @default CONTEXTS */
  readonly contexts?: number
  /** @default PART_MS */
  readonly partMs?: number
  /** Told of each thing that happens. */
  readonly onNote: (text: string) => void
  /** Folder of the nodes' logs. @default one that is removed */
  readonly logs?: string | undefined
}

export interface RunResult {
  readonly seed: number
  /** Undefined: all is well. */
  readonly verdict: Verdict | undefined
  /** What is wrong, one line each. */
  readonly findings: readonly string[]
  readonly operations: Readonly<Record<Fate, number>>
  /** Answers that were no results, and how often. */
  readonly refusals: Readonly<Record<string, number>>
  readonly faults: Readonly<Record<string, number>>
  /** Time to rest after all was whole, ms; undefined when they never came to it. */
  readonly restMs: number | undefined
  readonly lastedMs: number
}

export async function run(init: RunInit): Promise<RunResult> {
  const { seed, nodes, operations, faults, onNote, logs, partMs = PART_MS } = init
  const began = performance.now()
  if (logs !== undefined) await mkdir(logs, { recursive: true })
  await using fleet = await Fleet.start(nodes, logs)
  const kinds = usable(fleet, init.kinds, onNote)
  const contexts: Shared[] = []
  for (let i = 0; i < (init.contexts ?? CONTEXTS); i++) {
    const { contextId } = await shareContext(fleet.members.map(({ node }) => node))
    contexts.push({ contextId, ledger: new Ledger() })
  }
  const random = new SimRandom(seed)
  const breaking = new Breaking(fleet, random.fork(1), kinds, onNote)
  const part = operations / (faults + 1)
  const done = await work({
    members: fleet.members,
    contexts,
    random: random.fork(2),
    operations,
    lastsMs: partMs * (faults + 1),
    onOperation: (count) => {
      if (breaking.begun < faults && count >= part * (breaking.begun + 0.5)) breaking.next()
    },
  })
  const broken = await breaking.heal()
  onNote('all is whole again')
  let end = await judgeUnless(broken, fleet, contexts, onNote)
  if (end.verdict === undefined) {
    // what only lies in memory is gone now
    onNote(`at rest in ${(end.restMs ?? 0).toFixed(0)} ms; all are killed and started again`)
    const { restMs } = end
    const again = await judgeUnless(await breaking.killAll(), fleet, contexts, onNote)
    end = again.verdict === undefined ? { ...again, restMs } : again
  }
  return {
    seed,
    ...end,
    operations: done,
    refusals: sum(contexts.map(({ ledger }) => ledger.refusals)),
    faults: breaking.counts,
    lastedMs: performance.now() - began,
  }
}

type End = Pick<RunResult, 'verdict' | 'findings' | 'restMs'>

/** What is broken for good needs no judgement. */
async function judgeUnless(
  broken: readonly string[],
  fleet: Fleet,
  contexts: readonly Shared[],
  onNote: (text: string) => void,
): Promise<End> {
  if (broken.length > 0) return { verdict: 'stuck', findings: broken, restMs: undefined }
  return judge(fleet, contexts, onNote)
}

async function judge(
  fleet: Fleet,
  contexts: readonly Shared[],
  onNote: (text: string) => void,
): Promise<End> {
  const rest = await untilRest(fleet.members, contexts, REST_MS)
  if (rest.afterMs !== undefined && rest.afterMs > SLOW_REST_MS) {
    for (const line of rest.slowest) onNote(`slow to rest: ${line}`)
  }
  if (rest.diverged.length > 0) {
    return { verdict: 'diverged', findings: rest.diverged, restMs: rest.afterMs }
  }
  if (rest.afterMs === undefined) {
    const late = await untilRest(fleet.members, contexts, LATE_MS)
    const lateMs = late.afterMs === undefined ? undefined : REST_MS + late.afterMs
    const end = lateMs === undefined ? 'never' : `after ${(lateMs / 1000).toFixed(1)} s`
    const findings = [`at rest ${end}`, ...late.diverged, ...rest.open]
    const isLate = late.diverged.length > 0 ? 'diverged' : 'stuck'
    return { verdict: isLate, findings, restMs: lateMs }
  }
  const lost = await lostBy(fleet.members, contexts)
  return { verdict: lost.length > 0 ? 'lost' : undefined, findings: lost, restMs: rest.afterMs }
}

/** Faults of a run, one after the other or on top of each other. */
class Breaking {
  readonly #fleet: Fleet
  readonly #random: SimRandom
  readonly #bag: FaultBag
  readonly #onNote: (text: string) => void
  readonly #open = new Set<Promise<void>>()
  readonly counts: Record<string, number> = {}
  begun = 0

  constructor(
    fleet: Fleet,
    random: SimRandom,
    kinds: readonly FaultKind[],
    onNote: (text: string) => void,
  ) {
    this.#fleet = fleet
    this.#random = random
    this.#bag = new FaultBag(fleet, random, kinds)
    this.#onNote = onNote
  }

  /** Begins the next fault, and ends it in its time. */
  next(): void {
    this.begun++
    const fault = this.#bag.draw()
    const lastsMs = this.#random.between(...FAULT_MS)
    this.counts[fault.kind] = (this.counts[fault.kind] ?? 0) + 1
    const lasting = this.#last(fault, lastsMs)
    const tracked: Promise<void> = lasting.finally(() => this.#open.delete(tracked))
    this.#open.add(tracked)
  }

  async #last(fault: Fault, lastsMs: number): Promise<void> {
    this.#onNote(`${fault.kind} ${fault.text}, ${lastsMs} ms`)
    try {
      await fault.begin()
      await new Promise((resolve) => setTimeout(resolve, lastsMs))
      await fault.end()
    } catch (error) {
      this.#onNote(`${fault.kind} ${fault.text}: ${String(error)}`) // such as a start on a full disk
    }
  }

  /** Kills all members at once and starts them again. Returns who does not start. */
  async killAll(): Promise<string[]> {
    await Promise.all(this.#fleet.members.map((member) => member.kill()))
    return this.#startAll()
  }

  /** Waits for what lasts, and sees to it that nothing is left broken. Returns what stays so, one line each. */
  async heal(): Promise<string[]> {
    await Promise.all(this.#open)
    this.#fleet.mendLinks()
    for (const member of this.#fleet.members) {
      member.halt(false)
      member.setClock(0)
      await member.disk?.empty()
    }
    return this.#startAll()
  }

  async #startAll(): Promise<string[]> {
    const starting = this.#fleet.members.map(async (member) => {
      try {
        await member.start()
        return []
      } catch (error) {
        return [`${member.name} does not start: ${String(error)}`]
      }
    })
    return (await Promise.all(starting)).flat()
  }
}

/** Faults that can be made here: without a file system to fill up, something else breaks instead. */
function usable(
  fleet: Fleet,
  kinds: readonly FaultKind[],
  onNote: (text: string) => void,
): readonly FaultKind[] {
  if (fleet.members.every(({ disk }) => disk !== undefined)) return kinds
  onNote('no file system can be mounted here: no disk is filled up, other faults take its turn')
  const others = kinds.filter((kind) => kind !== 'disk')
  return others.length > 0 ? others : FAULT_KINDS.filter((kind) => kind !== 'disk')
}

function sum(maps: readonly ReadonlyMap<string, number>[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const map of maps) {
    for (const [key, count] of map) sums[key] = (sums[key] ?? 0) + count
  }
  return sums
}
