/**
 * Users who see a join that leads nowhere because its inviter has moved. Of one whom it has not met since, a node can know nothing: what the anchor keeps
 * of members are keys, and without discovery nobody tells strangers of addresses. So they ask for an invitation once more.
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
