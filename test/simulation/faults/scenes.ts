/**
 * Precise misfortunes: what chance brings about too seldom, or what is healed by another way before anybody looks. Each takes the stage for itself,
 * sets the situation up step by step, and, where what matters is how soon, says itself what it found. Not among the faults of a run unless asked for.
 */
import { compareBytes } from '../../../src/node/primitives/bytes.ts'
import { idKey } from '../../../src/node/primitives/ids.ts'
import type { Machine } from '../machine.ts'
import {
  coming,
  dispensable,
  isGoing,
  MAX_CIRCLES,
  openings,
  outsiders,
} from '../workload/actions.ts'
import { update } from '../workload/applications.ts'
import { type Circle, type Seat, seated } from '../workload/circle.ts'
import { joinOpenly, remove } from '../workload/membership.ts'
import { DISK_CODES } from './disks.ts'
import type { Fault, FaultContext } from './fault.ts'
import { parted } from './network.ts'

/** How often the nodes are looked at, ms. */
const LOOK_MS = 50
/** Members have everything that others have so soon after their start, though one partner answers with nothing, ms. */
const CATCH_UP_MS = 4_000
/** A frontier gets through, and an answer with deltas does not, bytes. */
const NARROW_BYTES = 1_000
/** What is written while a machine is away. */
const MISSED_WRITES = 40
/** Time to open the database again once there is room, ms. */
const MEND_MS = 8_000
/** How long nobody is there whom a joiner could meet, ms. */
const NOBODY_MS: readonly [number, number] = [25_000, 120_000]
/** How long nobody is there who has an application: tries that nothing wakes are a minute or more apart by then. */
const NO_APPLICATION_MS = 135_000
/** How soon it is fetched once somebody is there, ms. */
const FETCH_MS = 40_000
/** How soon a machine has joined by another member than its inviter, ms. */
const JOIN_MS = 60_000
/** How long the anchor is away for who founds a context, ms: for several tries. */
const REFUSED_MS = 12_000

export type SceneName =
  | 'stall'
  | 'refilled'
  | 'unrotated'
  | 'nobody'
  | 'claim-cut'
  | 'outdated'
  | 'inviter-away'
  | 'found-again'

export const SCENES: Readonly<Record<SceneName, Fault>> = {
  stall: scene(stall),
  refilled: scene(refilled),
  unrotated: scene(unrotated),
  nobody: scene(nobody),
  'claim-cut': scene(claimCut),
  outdated: scene(outdated),
  'inviter-away': scene(inviterAway),
  'found-again': scene(foundAgain),
}

/** A machine comes back to two members, and from one of them nothing longer than a greeting gets through: it catches up by the other, and at once. */
async function stall({ world, company, random }: FaultContext): Promise<void> {
  const circle = random.pick(company.circles)
  const [back, bad, good] = shuffled(machinesOf(circle), random)
  if (back === undefined || bad === undefined || good === undefined) return
  back.crash(false)
  company.burst(good, MISSED_WRITES)
  await world.time.sleep(3_000)
  const road = world.swarm.roads.from(bad.peerId, back.peerId)
  const end = road.troubles.begin({ maxBytes: NARROW_BYTES })
  const there = await applied(good, circle)
  await back.boot()
  world.tally.count('partners that stall')
  const isHere = async (): Promise<boolean> => (await applied(back, circle)) >= there
  if (!(await holds(world, isHere, CATCH_UP_MS))) {
    stuck(company, `${back.name} waits for ${bad.name} and does not ask ${good.name}`)
  }
  end()
}

/** A disk was full and has room again: what is acknowledged then is there after a crash, though nobody else was told of it. */
async function refilled({ world, company, random }: FaultContext): Promise<void> {
  const machine = random.pick(machinesOf(random.pick(company.circles)))
  const reunite = parted(world, [machine])
  machine.disk.isFull = true
  for (const code of DISK_CODES) world.expected.add(code)
  company.burst(machine, MISSED_WRITES)
  await world.time.sleep(random.between(500, 3_000))
  machine.disk.isFull = false
  await world.time.sleep(MEND_MS)
  company.burst(machine, MISSED_WRITES)
  world.tally.count('disks refilled')
  await world.time.sleep(2_000)
  machine.crash(false)
  await machine.boot()
  reunite()
}

/** Who is to make the next key is away when somebody is removed, and the remover is started again before another takes over. */
async function unrotated({ world, company, random }: FaultContext): Promise<void> {
  const circle = random.pick(company.circles)
  const all = [...seated(circle)].sort((a, b) => compareBytes(a.identity, b.identity))
  const own = all.find(({ machine }) => machine === circle.owner)
  const [elected] = all
  const leavers = dispensable(company, circle).filter((one) => one !== elected)
  if (own === undefined || elected === undefined || elected === own || leavers.length === 0) return
  elected.machine.crash(false)
  await remove(company, circle, random.pick(leavers))
  circle.owner.crash(false)
  world.tally.count('removers restarted')
  await world.time.sleep(random.below(1_000))
  await circle.owner.boot()
  for (let at = 0; at < 5; at++) {
    await company.write(circle, own)
    await world.time.sleep(500)
  }
  await world.time.sleep(8_000)
  await elected.machine.boot()
}

/** Somebody joins while nobody is there, for longer than anybody would wait. */
async function nobody(context: FaultContext): Promise<void> {
  const { world, company, random } = context
  await comes(context, async (circle, machine) => {
    const one = await company.enrol(circle, machine)
    const text = one && (await company.invitation(circle, one))
    if (one === undefined || text === undefined) return
    const others = world.machines.filter((other) => other !== machine)
    for (const other of others) other.crash(false)
    world.tally.count('joins with nobody there')
    await company.enter(circle, one, text)
    await world.time.sleep(random.between(...NOBODY_MS))
    await Promise.all(others.map((other) => other.boot()))
  })
}

/** A ticket is claimed, and the process ends before it hears so. */
async function claimCut(context: FaultContext): Promise<void> {
  const { world, company, random } = context
  await comes(context, async (circle, machine) => {
    const end = machine.anchorRoad.begin({ loss: 1 })
    const joins = joinOpenly(company, circle, machine)
    const isIn = async (): Promise<boolean> => {
      const { value: page } = await world.authority.readMemberPage(circle.group, 0, 100)
      const newest = circle.seats.findLast((one) => one.machine === machine)
      const isInvited = newest?.state === 'invited'
      return (
        isInvited &&
        page?.items.some(({ identity }) => idKey(identity) === idKey(newest.identity)) === true
      )
    }
    if (await holds(world, isIn, JOIN_MS)) {
      world.tally.count('claims cut')
      machine.crash(false)
    }
    end()
    await world.time.sleep(random.below(2_000))
    await machine.boot()
    await joins
  })
}

/** A member was away when the application changed, comes back when nobody is there who has it, and meets one later. */
async function outdated({ world, company, random }: FaultContext): Promise<void> {
  const circle = random.pick(company.circles)
  const guests = machinesOf(circle).filter((machine) => machine !== circle.owner)
  const builds = circle.builds.length
  if (guests.length === 0) return
  const machine = random.pick(guests)
  machine.crash(false)
  await update(company, circle)
  const application = circle.builds.at(-1)
  const others = world.machines.filter((other) => other !== machine)
  for (const other of others) other.crash(false)
  await machine.boot()
  await world.time.sleep(NO_APPLICATION_MS)
  await Promise.all(others.map((other) => other.boot()))
  if (application === undefined || circle.builds.length === builds) return
  world.tally.count('applications missed')
  const isHere = async (): Promise<boolean> => {
    const info = await machine.running?.node.contexts.get(circle.context)
    return info !== undefined && idKey(info.application) === idKey(application)
  }
  if (!(await holds(world, isHere, FETCH_MS))) {
    stuck(company, `${machine.name} does not fetch the application, though members are online`)
  }
}

/** Who invited is away, and another member is there. */
async function inviterAway(context: FaultContext): Promise<void> {
  const { world, company } = context
  await comes(context, async (circle, machine) => {
    const one = await company.enrol(circle, machine)
    const text = one && (await company.invitation(circle, one))
    if (one === undefined || text === undefined) return
    circle.owner.crash(false)
    world.tally.count('inviters away')
    await company.enter(circle, one, text)
    const isHere = async (): Promise<boolean> => {
      const info = await machine.running?.node.contexts.get(circle.context)
      return info?.status === 'ready'
    }
    if (!(await holds(world, isHere, JOIN_MS))) {
      stuck(company, `${machine.name} does not join ${circle.name} without its inviter`)
    }
    await circle.owner.boot()
  })
}

/** Somebody founds a context, without a seed, while the anchor is away, and asks again until it is done. */
async function foundAgain({ world, company, random }: FaultContext): Promise<void> {
  if (company.circles.length >= MAX_CIRCLES) return
  const owner = random.pick(world.machines)
  const end = owner.anchorRoad.begin({ isRefused: true })
  const founds = company.found(owner, undefined, { isSeeded: false })
  world.tally.count('contexts founded again and again')
  await world.time.sleep(REFUSED_MS)
  end()
  await founds
}

function scene(play: Fault): Fault {
  return async (context) => {
    await context.stage.alone(() => play(context))
  }
}

/** A machine without a seat comes to have one, where another member than the owner is. */
async function comes(
  { world, company, random }: FaultContext,
  come: (circle: Circle, machine: Machine) => Promise<void>,
): Promise<void> {
  const circles = openings(company).filter((circle) => machinesOf(circle).length > 1)
  if (circles.length === 0) return
  const circle = random.pick(circles)
  const machine = random.pick(outsiders(circle, world.machines))
  if (isGoing(company, circle, machine)) return
  await coming(circle, machine, () => come(circle, machine))
}

/** Machines with a seat, each once. */
function machinesOf(circle: Circle): readonly Machine[] {
  return [...new Set(seated(circle).map(({ machine }: Seat) => machine))]
}

function shuffled<T>(items: readonly T[], random: FaultContext['random']): readonly T[] {
  const left = [...items]
  return items.flatMap(() => left.splice(random.below(left.length), 1))
}

async function applied({ running }: Machine, { context }: Circle): Promise<number> {
  return (await running?.node.contexts.get(context))?.deltas.applied ?? 0
}

/** Whether something comes to hold in time. */
async function holds(
  { time }: FaultContext['world'],
  look: () => Promise<boolean>,
  withinMs: number,
): Promise<boolean> {
  const began = time.ms
  while (time.ms - began < withinMs) {
    if (await look()) return true
    await time.sleep(LOOK_MS)
  }
  return false
}

function stuck({ findings }: FaultContext['company'], text: string): void {
  findings.push({ verdict: 'stuck', text })
}
