/** What happens in a run: a beginning, work and faults side by side, then calm. */
import { idKey } from '../../src/node/primitives/ids.ts'
import { SYNC_INTERVAL_MS } from '../../src/node/store/limits.ts'
import { checkConvergence } from './checks/convergence.ts'
import { checkContexts, checkHandlers } from './checks/effects.ts'
import { unrest } from './checks/rest.ts'
import { checkSecrecy } from './checks/secrecy.ts'
import { readTruth } from './checks/truth.ts'
import type { Finding } from './checks/verdict.ts'
import { FAULTS } from './faults/index.ts'
import { Stage } from './stage.ts'
import { ACTIONS, type ActionName, outsiders } from './workload/actions.ts'
import { type Circle, type Seat, seated } from './workload/circle.ts'
import { Company } from './workload/company.ts'
import { introduceAnew, inviteAnew } from './workload/meeting-anew.ts'
import type { Acknowledged } from './workload/ledger.ts'
import type { World } from './world.ts'

/** Longest pause between two operations, ms. */
const PAUSE_MS = 300
/** Share of operations that are no writes, when there are others. */
const ACTION_SHARE = 0.08
/** Machines with a seat from the beginning on. */
const FIRST_SEATS = 3
/** Virtual time within which nodes must be at rest once everything is put right, ms. */
const CALM_MS = 300_000
/** How often they are looked at, ms. */
const LOOK_MS = 250
/** The same where they must wait for a time that was written in advance. */
const LATE_LOOK_MS = 10_000
/** Share of runs in which somebody comes late, and of those in which all nodes are started again in the end. */
const SECOND_LOOKS = 0.3
/** What a write waits for the disk at most, on top of the interval, ms. */
const SYNC_SLACK_MS = 20

export interface PlayOptions {
  readonly operations: number
  readonly faults: readonly (keyof typeof FAULTS)[]
  /** Faults of one run. */
  readonly faultCount: number
  readonly actions: readonly ActionName[]
}

export class Play {
  /** How long the nodes needed to agree once everything was put right, virtual ms. */
  restMs = 0
  readonly #world: World
  readonly #options: PlayOptions
  readonly #company: Company
  readonly #stage: Stage

  constructor(world: World, options: PlayOptions) {
    this.#world = world
    this.#options = options
    this.#company = new Company(world)
    this.#stage = new Stage(world)
  }

  async all(): Promise<readonly Finding[]> {
    await this.#begin()
    const faults = this.#faults()
    await this.#operate()
    this.#stage.end()
    await faults
    const found = [...(await this.#calm()), ...this.#company.findings]
    if (found.length > 0) return found
    if (this.#world.work.chance(SECOND_LOOKS)) found.push(...(await this.#witness()))
    if (found.length > 0) return found
    found.push(...(await this.#look()))
    const { machines } = this.#world
    await Promise.all(machines.map((machine) => machine.stop()))
    if (found.length > 0 || !this.#world.work.chance(SECOND_LOOKS)) return found
    this.#world.time.note('once more from the disks')
    await Promise.all(machines.map((machine) => machine.boot()))
    found.push(...(await this.#until(() => unrest(this.#company))))
    if (found.length === 0) found.push(...(await this.#look()))
    await Promise.all(machines.map((machine) => machine.stop()))
    return found
  }

  /** Everything a run must end with, while nodes are at rest. */
  async #look(): Promise<Finding[]> {
    return [
      ...(await checkConvergence(this.#company, (write) => this.#mayBeGone(write))),
      ...(await checkSecrecy(this.#company)),
      ...(await checkContexts(this.#company)),
      ...(await checkHandlers(this.#company)),
    ]
  }

  /** Somebody comes late and applies the whole history, in an order of its own: it must come to the same. */
  async #witness(): Promise<readonly Finding[]> {
    const { machines, tally } = this.#world
    for (const circle of this.#company.circles) {
      const [machine] = outsiders(circle, machines)
      if (machine === undefined) continue
      tally.count('witnesses')
      await this.#company.admit(circle, machine)
    }
    await this.#writeOnce()
    return [...(await this.#until(() => unrest(this.#company))), ...this.#company.findings]
  }

  /** One context that the first machines have. */
  async #begin(): Promise<void> {
    const { authority, machines } = this.#world
    await authority.start()
    await Promise.all(machines.map((machine) => machine.boot()))
    const [first, ...others] = machines.slice(0, FIRST_SEATS)
    if (first === undefined) throw new TypeError('expected a machine')
    await this.#company.found(first)
    const [circle] = this.#company.circles
    if (circle === undefined) throw new TypeError('expected a context')
    for (const machine of others) {
      await this.#company.admit(circle, machine)
      await this.#company.ready(circle.context, machine)
    }
  }

  async #operate(): Promise<void> {
    const { work } = this.#world
    const { operations, actions } = this.#options
    for (let at = 0; at < operations; at++) {
      await this.#stage.pause(work.below(PAUSE_MS))
      if (actions.length > 0 && work.chance(ACTION_SHARE)) {
        ACTIONS[work.pick(actions)](this.#company)
      } else this.#company.writeAnywhere()
    }
  }

  /** Faults at random moments; resolves when all are over. */
  async #faults(): Promise<void> {
    const { faults: random, tally, time } = this.#world
    const { faults, faultCount, operations } = this.#options
    // the work takes half the longest pauses; a fault that begins at its very end would bite nobody
    const spanMs = (operations * PAUSE_MS * 0.8) / 2
    const running = Array.from({ length: faults.length > 0 ? faultCount : 0 }, async (_, index) => {
      const name = random.pick(faults)
      const own = random.fork(index)
      await this.#stage.pause(own.below(spanMs))
      if (this.#stage.isOver) return
      tally.count(`fault ${name}`)
      time.note(`fault ${name}`)
      await FAULTS[name]({
        world: this.#world,
        company: this.#company,
        random: own,
        stage: this.#stage,
      })
      time.note(`end of ${name}`)
    })
    await Promise.all(running)
  }

  /** Everything is right again; nodes have a bounded time to come to rest, twice: after what is under way, and after one more write each. */
  async #calm(): Promise<readonly Finding[]> {
    const { time, machines } = this.#world
    time.note('calm')
    await Promise.all(machines.map((machine) => machine.boot()))
    const unsettled = await this.#until(async () => [
      ...this.#company.busy,
      ...this.#company.ledger.open.map(({ machine, what }) => `${machine.name}: ${what}`),
    ])
    if (unsettled.length > 0) return unsettled
    await inviteAnew(this.#company)
    await introduceAnew(this.#company)
    await this.#writeOnce()
    return this.#until(() => unrest(this.#company))
  }

  /** All members write once more: whom the anchor takes for one, and was told so. */
  async #writeOnce(): Promise<void> {
    const { time } = this.#world
    for (const circle of this.#company.circles) {
      const { members } = await readTruth(this.#world, circle)
      const writers = new Set(
        members.filter(({ role }) => role === 'writer').map(({ identity }) => idKey(identity)),
      )
      for (const one of seated(circle).filter(({ identity }) => writers.has(idKey(identity)))) {
        const what = `${one.machine.name} writes once more into ${circle.name}`
        this.#company.begin(what, async () => {
          while (!(await this.#hasWritten(circle, one))) await time.sleep(1_000)
        })
      }
    }
  }

  /** Whether a write made a delta: only that joins heads, and vouches for what somebody wrote who had been sent away without knowing. */
  async #hasWritten(circle: Circle, one: Seat): Promise<boolean> {
    const outcome = await this.#company.write(circle, one)
    return outcome.kind === 'done' && outcome.value.delta !== undefined
  }

  /** Looks until nothing is left, or the time is up. */
  async #until(look: () => Promise<readonly string[]>): Promise<readonly Finding[]> {
    const { time } = this.#world
    const began = time.ms
    for (;;) {
      const left = await look()
      time.note(left.join() || 'at rest')
      const ms = time.ms - began
      this.restMs = Math.max(this.restMs, ms)
      if (left.length === 0) return []
      if (ms > CALM_MS + this.#world.aheadMs) {
        return left.map((text) => ({ verdict: 'stuck', text }))
      }
      await time.sleep(ms > CALM_MS ? LATE_LOOK_MS : LOOK_MS)
    }
  }

  /** A machine that lost power may lose what it acknowledged just before. */
  #mayBeGone({ author, atMs }: Acknowledged): boolean {
    return author.machine.powerLosses.some(
      (lossMs) => atMs <= lossMs && lossMs - atMs <= SYNC_INTERVAL_MS + SYNC_SLACK_MS,
    )
  }
}
