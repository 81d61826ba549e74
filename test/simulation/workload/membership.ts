/** Members that come by open invitations, go, and change roles. */
import type { PublicKey } from '../../../src/node/primitives/ids.ts'
import type { Machine } from '../machine.ts'
import type { Circle, Seat } from './circle.ts'
import { type Company, seat } from './company.ts'

/** Somebody holds an open invitation, and joins with it as an identity of its own. */
export async function joinOpenly(
  company: Company,
  circle: Circle,
  machine: Machine,
): Promise<void> {
  const { context, owner, name } = circle
  const offered = await company.insist(owner, `offer ${name} to anybody`, (node) =>
    node.contexts.inviteOpen({ context }),
  )
  const made = await company.insist(machine, `make an identity for ${name}`, (node) =>
    node.identities.create(),
  )
  if (offered.kind === 'refused' || made.kind === 'refused') return
  const identity: PublicKey = made.value
  const one = seat(machine, identity, 'invited')
  one.isBusy = true
  circle.seats.push(one)
  const { text } = offered.value
  await company.take(circle, one, 'claim', text, (node) =>
    node.contexts.joinOpen(text, { identity }),
  )
}

/** The owner removes a member. */
export async function remove(company: Company, circle: Circle, one: Seat): Promise<void> {
  goes(company, circle, company.seatsOf(circle, one))
  const { context, owner, name } = circle
  const removed = await company.insist(
    owner,
    `remove ${one.machine.name} from ${name}`,
    (node) => node.contexts.removeMembers(context, [one.identity]),
    // an earlier try went through though its answer was lost
    (code) => code === 'ANCHOR_REJECTED TargetNotMember',
  )
  if (removed.kind === 'done' || removed.code.endsWith('TargetNotMember')) {
    await haveLeft(company, circle, company.seatsOf(circle, one))
  }
}

/** Members are about to go, from all contexts of the group. */
function goes(company: Company, circle: Circle, seats: readonly Seat[]): void {
  for (const one of company.alike(circle)) one.isSteady = false
  for (const one of seats) {
    one.isBusy = true
    one.mayLose = true
  }
}

/** They have gone, and the list as it stands now shows it. */
async function haveLeft(
  { world }: Company,
  { group, name }: Circle,
  seats: readonly Seat[],
): Promise<void> {
  const { value: record } = await world.authority.readGroup(group)
  if (record === undefined) throw new TypeError(`the anchor does not know the group of ${name}`)
  for (const one of seats) {
    one.goneBy ??= record.membersRevision
    one.state = 'gone'
  }
}

/** A machine forgets a context, and comes back as the same member. */
export async function forget(company: Company, circle: Circle, one: Seat): Promise<void> {
  const { come } = one
  if (come === undefined) return
  one.isBusy = true
  one.mayLose = true
  one.state = 'invited'
  circle.isSteady = false
  circle.wasForgotten = true
  await company.insist(one.machine, `forget ${circle.name}`, (node) =>
    node.contexts.delete(circle.context),
  )
  await company.world.time.sleep(company.random.below(8_000))
  await company.take(circle, one, 'join', come.text, come.by)
}

/** A machine goes by itself, as everybody whom it is in the group. */
export async function leave(company: Company, circle: Circle, { machine }: Seat): Promise<void> {
  goes(company, circle, company.seatsAt(circle, machine))
  await company.insist(
    machine,
    `leave ${circle.name}`,
    (node) => node.contexts.leave(circle.context),
    // an earlier try went through, and the process ended before it could say so
    (code) => code === 'CONTEXT_NOT_FOUND',
  )
  await haveLeft(company, circle, company.seatsAt(circle, machine))
}

/** A member may only read, or only store and serve, for a while. */
export async function demote(company: Company, circle: Circle, one: Seat): Promise<void> {
  one.isBusy = true
  for (const alike of company.alike(circle)) alike.isSteady = false
  const { context, owner, name } = circle
  for (const role of [company.random.pick(['reader', 'relay'] as const), 'writer'] as const) {
    await company.insist(owner, `make ${one.machine.name} a ${role} of ${name}`, (node) =>
      node.contexts.setRole(context, [one.identity], role),
    )
    await company.world.time.sleep(company.random.below(8_000))
  }
  one.isBusy = false
}
