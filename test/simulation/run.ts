/** One seed, one run: whole nodes, work and faults; then calm, and everything is looked at. */
import { SYNC_INTERVAL_MS } from '../../src/node/store/store.ts'
import { appBuild } from './apps.ts'
import { checkConvergence } from './checks/convergence.ts'
import { unrest } from './checks/rest.ts'
import { type Finding, gravest, type Verdict } from './checks/verdict.ts'
import { FAULTS, type FaultName } from './faults/index.ts'
import { realMs, shutNatives } from './natives.ts'
import { Stage } from './stage.ts'
import type { Tally } from './tally.ts'
import { write } from './workload/calls.ts'
import type { Circle } from './workload/circle.ts'
import { Ledger } from './workload/ledger.ts'
import { World } from './world.ts'

/** Longest pause between two operations, ms. */
const PAUSE_MS = 300
/** Virtual time within which nodes must be at rest once everything is put right, ms. */
const CALM_MS = 300_000
/** How often they are looked at, ms. */
const LOOK_MS = 250
/** Virtual time after which a run is given up, whatever it does, ms. */
const RUN_MS = 3_600_000
/** What a write waits for the disk at most, on top of the interval, ms. */
const SYNC_SLACK_MS = 20

export interface RunOptions {
  readonly seed: number
  readonly nodes: number
  readonly operations: number
  readonly faults: readonly FaultName[]
  /** Faults of one run. */
  readonly faultCount: number
  readonly onNote?: ((ms: number, text: string) => void) | undefined
}

export interface RunResult {
  readonly seed: number
  readonly fingerprint: string
  /** Undefined when all is well. */
  readonly verdict: Verdict | undefined
  readonly findings: readonly string[]
  readonly tally: Tally
  /** How long the nodes needed to agree once everything was put right, virtual ms. */
  readonly restMs: number
  readonly virtualMs: number
  readonly events: number
  readonly realMs: number
}

/** Runs one seed. Nothing else may happen in the process meanwhile. */
export async function run(options: RunOptions): Promise<RunResult> {
  const began = realMs()
  const world = new World(options)
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

class Play {
  restMs = 0
  readonly #world: World
  readonly #options: RunOptions
  readonly #ledger: Ledger
  readonly #stage: Stage
  readonly #circles: Circle[] = []

  constructor(world: World, options: RunOptions) {
    this.#world = world
    this.#options = options
    this.#ledger = new Ledger(world)
    this.#stage = new Stage(world)
  }

  async all(): Promise<readonly Finding[]> {
    await this.#begin()
    const faults = this.#faults()
    await this.#operate()
    this.#stage.end()
    await faults
    const findings = await this.#calm()
    if (findings.length > 0) return findings
    return checkConvergence(this.#circles, this.#ledger, (one) => this.#mayBeGone(one))
  }

  /** One context that all machines have. */
  async #begin(): Promise<void> {
    const { authority, machines } = this.#world
    await authority.start()
    await Promise.all(machines.map((machine) => machine.boot()))
    const [first, ...others] = machines
    const node = first?.running?.node
    if (first === undefined || node === undefined) throw new TypeError('expected a machine')
    const { id: application } = await node.applications.installBytes(appBuild(0), 'simulation')
    const { context, group, member } = await node.contexts.create({ application })
    const circle: Circle = {
      context,
      group,
      application,
      seats: [{ machine: first, identity: member }],
    }
    this.#circles.push(circle)
    for (const machine of others) {
      const { node: other } = machine.running ?? {}
      if (other === undefined) throw new TypeError('expected a running machine')
      const invitee = await other.identities.create()
      const { text } = await node.contexts.invite({ context, invitee })
      await other.contexts.join(text)
      await other.contexts.waitReady(context)
      circle.seats.push({ machine, identity: invitee })
    }
  }

  async #operate(): Promise<void> {
    const { work } = this.#world
    for (let at = 0; at < this.#options.operations; at++) {
      await this.#stage.pause(work.below(PAUSE_MS))
      const circle = work.pick(this.#circles)
      const machine = work.pick(this.#world.machines)
      // not awaited: who waits for it is in the ledger
      void write(this.#ledger, circle, machine, work, `v${at}`)
    }
  }

  /** Faults at random moments; resolves when all are over. */
  async #faults(): Promise<void> {
    const { faults: random, tally } = this.#world
    const { faults, faultCount, operations } = this.#options
    const spanMs = (operations * PAUSE_MS) / 2
    const running = Array.from({ length: faults.length > 0 ? faultCount : 0 }, async (_, index) => {
      const name = random.pick(faults)
      const own = random.fork(index)
      await this.#stage.pause(own.below(spanMs))
      if (this.#stage.isOver) return
      tally.count(`fault ${name}`)
      this.#world.time.note(`fault ${name}`)
      await FAULTS[name]({ world: this.#world, random: own, stage: this.#stage })
      this.#world.time.note(`end of ${name}`)
    })
    await Promise.all(running)
  }

  /** Everything is right again; nodes have a bounded time to come to rest. */
  async #calm(): Promise<readonly Finding[]> {
    const { time } = this.#world
    const began = time.ms
    time.note('calm')
    for (;;) {
      await time.sleep(LOOK_MS)
      const left = await unrest(this.#circles, this.#ledger)
      time.note(left.join() || 'at rest')
      this.restMs = time.ms - began
      if (left.length === 0) return []
      if (this.restMs > CALM_MS) return left.map((text) => ({ verdict: 'stuck', text }))
    }
  }

  /** A machine that lost power may lose what it acknowledged just before. */
  #mayBeGone({ machine, atMs }: { readonly machine: number; readonly atMs: number }): boolean {
    const { powerLosses = [] } = this.#world.machines[machine] ?? {}
    return powerLosses.some(
      (lossMs) => atMs <= lossMs && lossMs - atMs <= SYNC_INTERVAL_MS + SYNC_SLACK_MS,
    )
  }
}
