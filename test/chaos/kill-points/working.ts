/** Killed while it writes, and while it catches up. */
import { shareContext } from '../../../scripts/support/cluster.ts'
import type { Fleet } from '../fleet.ts'
import type { Shared } from '../operations.ts'
import { type Activity, atRest, increment, memberAt, sharedOf } from './activity.ts'

/** Calls in one moment. */
const CALLS = 48
/** Deltas that a returning node lacks. */
const MISSED = 160

/** The context of a fleet, made when it is first asked for. */
function contextOf(): (fleet: Fleet) => Promise<Shared> {
  let shared: Promise<Shared> | undefined
  return (fleet) => (shared ??= makeContext(fleet))
}

async function makeContext(fleet: Fleet): Promise<Shared> {
  const { contextId } = await shareContext(fleet.members.map(({ node }) => node))
  return sharedOf(contextId)
}

export function writing(): Activity {
  const context = contextOf()
  return {
    name: 'writing',
    nodes: 2,
    async prepare(fleet) {
      const shared = await context(fleet)
      const victim = memberAt(fleet, 1)
      return {
        victim,
        act: () => increment(victim, shared, CALLS),
        check: () => atRest(fleet.members, shared),
      }
    },
  }
}

export function catchingUp(): Activity {
  const context = contextOf()
  return {
    name: 'catching up',
    nodes: 3,
    async prepare(fleet) {
      const shared = await context(fleet)
      const [writer, victim] = [memberAt(fleet, 0), memberAt(fleet, 1)]
      await victim.kill()
      await increment(writer, shared, MISSED)
      await victim.start()
      return {
        victim,
        act: () => atRest(fleet.members, shared),
        check: () => atRest(fleet.members, shared),
      }
    },
  }
}
