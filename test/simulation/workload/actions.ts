/** All that may happen beside writing, by name, and the choice of who does it where. */
import type { Machine } from '../machine.ts'
import { installRival, update } from './applications.ts'
import { type Circle, type Seat, seated } from './circle.ts'
import type { Company } from './company.ts'
import { demote, forget, joinOpenly, leave, remove } from './membership.ts'

/** Contexts that one run has at most. */
export const MAX_CIRCLES = 3

/** Begins one of its kind, if there is anything to do it with. */
export type Action = (company: Company) => void

/** Somewhere with machines that have no seat. */
export function openings(company: Company): readonly Circle[] {
  const { machines } = company.world
  return company.circles.filter((circle) => outsiders(circle, machines).length > 0)
}

/** Machines without a seat. */
export function outsiders(circle: Circle, machines: readonly Machine[]): Machine[] {
  return machines.filter(
    (machine) =>
      !circle.coming.has(machine) &&
      circle.seats.every((one) => one.machine !== machine || one.state === 'gone'),
  )
}

/** Whether a machine is being sent away, or about to leave: as whom it leaves is not known before it has. */
export function isGoing(company: Company, circle: Circle, machine: Machine): boolean {
  return company
    .seatsAt(circle, machine)
    .some(({ isBusy, mayLose, state }) => isBusy && mayLose && state === 'seated')
}

/** Whether a machine is on its way into a context of the group, or out of all of them: who leaves goes as everybody it is there by then. */
function isOnItsWay(company: Company, circle: Circle, machine: Machine): boolean {
  return (
    company.alike(circle).some(({ coming }) => coming.has(machine)) ||
    company.seatsAt(circle, machine).some(({ isBusy, state }) => isBusy && state !== 'gone')
  )
}

/** Members that may be sent away: not the owner's, and somebody else stays. */
export function dispensable(company: Company, circle: Circle): readonly Seat[] {
  const all = seated(circle)
  if (all.length < 3) return []
  return all.filter(
    (one) =>
      one.machine !== circle.owner &&
      company.seatsOf(circle, one).every(({ isBusy, state }) => !isBusy || state === 'gone'),
  )
}

/** One after the other: a machine on its way is not asked in again. */
export async function coming(
  circle: Circle,
  machine: Machine,
  join: () => Promise<void>,
): Promise<void> {
  circle.coming.add(machine)
  await join()
  circle.coming.delete(machine)
}

function withSeat(company: Company, begin: (circle: Circle, one: Seat) => void): void {
  const circles = company.circles.filter((circle) => dispensable(company, circle).length > 0)
  if (circles.length === 0) return
  const circle = company.random.pick(circles)
  begin(circle, company.random.pick(dispensable(company, circle)))
}

function withOutsider(company: Company, begin: (circle: Circle, machine: Machine) => void): void {
  const circles = openings(company)
  if (circles.length === 0) return
  const circle = company.random.pick(circles)
  const machine = company.random.pick(outsiders(circle, company.world.machines))
  if (!isGoing(company, circle, machine)) begin(circle, machine)
}

export type ActionName =
  'found' | 'invite' | 'open' | 'remove' | 'leave' | 'forget' | 'role' | 'update' | 'rival'

export const ACTIONS: Readonly<Record<ActionName, Action>> = {
  found(company) {
    if (company.circles.length >= MAX_CIRCLES) return
    const owner = company.random.pick(company.world.machines)
    company.founders.add(owner)
    const [sister] = company.circles.filter((circle) => circle.owner === owner)
    const isShared = sister !== undefined && company.random.chance(0.5)
    company.begin(`${owner.name} founds a context`, () =>
      company.found(owner, isShared ? sister : undefined),
    )
  },
  invite(company) {
    withOutsider(company, (circle, machine) => {
      company.begin(`${machine.name} joins ${circle.name}`, () =>
        coming(circle, machine, () => company.admit(circle, machine)),
      )
    })
  },
  open(company) {
    withOutsider(company, (circle, machine) => {
      const what = `${machine.name} joins ${circle.name} openly`
      company.begin(what, () => coming(circle, machine, () => joinOpenly(company, circle, machine)))
    })
  },
  remove(company) {
    withSeat(company, (circle, one) => {
      const what = `${one.machine.name} is removed from ${circle.name}`
      company.begin(what, () => remove(company, circle, one))
    })
  },
  leave(company) {
    withSeat(company, (circle, one) => {
      if (isOnItsWay(company, circle, one.machine)) return
      company.begin(`${one.machine.name} leaves ${circle.name}`, () => leave(company, circle, one))
    })
  },
  forget(company) {
    withSeat(company, (circle, one) => {
      const what = `${one.machine.name} forgets ${circle.name}`
      company.begin(what, () => forget(company, circle, one))
    })
  },
  role(company) {
    withSeat(company, (circle, one) => {
      const what = `${one.machine.name} is a reader of ${circle.name}`
      company.begin(what, () => demote(company, circle, one))
    })
  },
  update(company) {
    const circle = company.random.pick(company.circles)
    company.begin(`${circle.name} is updated`, () => update(company, circle))
  },
  rival(company) {
    // who founds contexts may have the only copy of what it installed
    const guests = company.world.machines.filter((machine) => !company.founders.has(machine))
    if (guests.length === 0) return
    const machine = company.random.pick(guests)
    company.begin(`${machine.name} installs a rival`, () => installRival(company, machine))
  },
}

export const ACTION_NAMES: readonly ActionName[] = Object.keys(ACTIONS) as ActionName[] // its own keys
