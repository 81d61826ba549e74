/**
 * Users whose nodes cannot find each other, because both have moved. Of one whom it has not met since, a node can know nothing: what the anchor keeps
 * of members are keys, and without discovery nobody tells strangers of addresses. Who sees a join that leads nowhere asks for an invitation once
 * more; who sees a member that is never online asks where it is now, and dials it.
 */
import type { Machine } from '../machine.ts'
import type { World } from '../world.ts'
import { isOpen } from '../checks/rest.ts'
import { type Circle, type Seat, seated } from './circle.ts'
import type { Company } from './company.ts'

/** What a join waits at most until it is tried again, ms: nodes that can find each other have done so by then. */
const PATIENCE_MS = 60_000

/** Invites everybody anew who is on the way in and cannot find a member, nor be found by one. */
export async function inviteAnew(company: Company): Promise<void> {
  if ((await allLost(company)).length === 0) return
  await company.world.time.sleep(PATIENCE_MS)
  for (const { circle, one } of await allLost(company)) {
    company.world.tally.count('invited anew')
    const what = `invite ${one.machine.name} to ${circle.name} anew`
    company.begin(what, () => company.invite(circle, one))
  }
}

/** Lets members dial each other of whom neither knows, since both moved, and whom no other member brings together. */
export async function introduceAnew(company: Company): Promise<void> {
  if (allApart(company).length === 0) return
  await company.world.time.sleep(PATIENCE_MS)
  for (const { circle, one, other } of allApart(company)) {
    company.world.tally.count('dialled anew')
    const what = `${one.machine.name} dials ${other.machine.name}, which it meets in ${circle.name}`
    company.begin(what, async () => {
      const addresses = other.machine.running?.network.addresses() ?? []
      await one.machine.running?.node.peers.dial(addresses)
    })
  }
}

interface Pair {
  readonly circle: Circle
  readonly one: Seat
  readonly other: Seat
}

/** Pairs of members that are apart: one of each two parts of a circle, between which no way is known. */
function allApart({ circles, world }: Company): readonly Pair[] {
  return circles.flatMap((circle) => {
    const parts = partsOf(circle)
    return parts.flatMap((part, i) =>
      parts.slice(i + 1).flatMap((rest) => {
        const pairs = part.flatMap((one) => rest.map((other) => ({ circle, one, other })))
        return pairs.every((pair) => isApart(world, pair)) ? pairs.slice(0, 1) : []
      }),
    )
  })
}

/** Members by whom they are linked with, directly or by others. */
function partsOf(circle: Circle): readonly (readonly Seat[])[] {
  const parts: Set<Seat>[] = []
  for (const one of seated(circle)) {
    const linked = parts.filter((part) =>
      [...part].some((other) => isLinked(one.machine, other.machine)),
    )
    for (const part of linked) parts.splice(parts.indexOf(part), 1)
    parts.push(new Set([one, ...linked.flatMap((part) => [...part])]))
  }
  return parts.map((part) => [...part])
}

/** Whether each has moved since they met, and since it came by an invitation that says where the other is. */
function isApart({ swarm }: World, { one, other }: Pair): boolean {
  const isTold = (by: Seat, of: Seat): boolean =>
    by.addresses.some((address) => {
      return swarm.at(address.split('/p2p/')[0] ?? address)?.peerId === of.machine.peerId
    })
  const metMs = swarm.metMs(one.machine.peerId, other.machine.peerId)
  const haveMoved = metMs < one.machine.movedMs && metMs < other.machine.movedMs
  return haveMoved && !isTold(one, other) && !isTold(other, one)
}

async function allLost(company: Company): Promise<readonly { circle: Circle; one: Seat }[]> {
  const lost = await Promise.all(
    company.circles.map(async (circle) => {
      const seats = seated(circle)
      const joining = await Promise.all(seats.map((one) => isJoining(circle, one)))
      const coming = new Set(seats.filter((_, i) => joining[i]))
      return [...coming]
        .filter((one) => isOutOfReach(company.world, circle, one, coming))
        .map((one) => ({ circle, one }))
    }),
  )
  return lost.flat()
}

/** Whether a node says that its join goes on. */
async function isJoining({ context }: Circle, { machine }: Seat): Promise<boolean> {
  const info = await machine.running?.node.contexts.get(context)
  return info?.intents.some(({ kind, state }) => kind === 'join' && isOpen(state)) === true
}

/**
 * Whether no address of an invitation is a member's by now, its owner has not been met at another one, and no member that has the context is connected,
 * by others that are on the way in neither: any that is would be asked, and would remember. Who was met before the join, for the sake of another
 * context, is let go and forgotten with that one.
 */
function isOutOfReach(
  { swarm }: World,
  circle: Circle,
  one: Seat,
  coming: ReadonlySet<Seat>,
): boolean {
  const { machine, addresses, joinedMs } = one
  const members = new Set(seated(circle).map((other) => other.machine.peerId))
  const isMember = (address: string): boolean => {
    const found = swarm.at(address.split('/p2p/')[0] ?? address)
    return found !== undefined && members.has(found.peerId)
  }
  if (addresses.some(isMember)) return false
  const { owner } = circle
  if (swarm.metMs(owner.peerId, machine.peerId) > Math.max(owner.movedMs, joinedMs)) return false
  const reached = new Set([one])
  for (const from of reached) {
    for (const other of seated(circle))
      if (isLinked(from.machine, other.machine)) reached.add(other)
  }
  return [...reached].every((other) => coming.has(other))
}

function isLinked(one: Machine, other: Machine): boolean {
  return one.running?.network.isConnected(other.peerId) === true
}
