/** Killed while a key is rotated after a removal, and while the application is moved to another. */
import { shareContext } from '../../../scripts/support/cluster.ts'
import { REST_MS } from '../rest.ts'
import {
  type Activity,
  atRest,
  holdsInTime,
  increment,
  memberAt,
  type Moment,
  sharedOf,
} from './activity.ts'
import { anotherApp } from './founding.ts'

/** What a removed member must not see. */
const SECRET = 'after-the-removal'
/** How long after the others a removed member is looked at, ms: what reaches it at all has reached it by then. */
const LEAK_MS = 500

export function rotating(): Activity {
  return {
    name: 'rotating',
    nodes: 3,
    async prepare(fleet, n): Promise<Moment> {
      const [host, other, gone] = [memberAt(fleet, 0), memberAt(fleet, 1), memberAt(fleet, 2)]
      const nodes = [host, other, gone].map(({ node }) => node)
      const { contextId, members } = await shareContext(nodes)
      const shared = sharedOf(contextId)
      await increment(host, shared, 8)
      const removed = members[2] ?? ''
      let isRemoved = false
      const remove = async (): Promise<void> => {
        await host.client.admin.removeMembers(contextId, [removed])
        isRemoved = true
      }
      const stay = [host, other]
      return {
        // who removes, or who else may make the key
        victim: n % 2 === 0 ? host : other,
        async act() {
          await remove()
          await Promise.all(stay.map((member) => increment(member, shared, 8)))
        },
        async check() {
          const isKnown = async (): Promise<boolean> => {
            const lists = await Promise.all(
              stay.map(({ client }) => client.admin.members(contextId)),
            )
            return lists.every((list) => list.every(({ publicKey }) => publicKey !== removed))
          }
          if (!isRemoved && !(await holdsInTime(isKnown, 2_000))) await remove()
          if (!(await holdsInTime(isKnown, REST_MS))) return ['the removal is not known to all']
          for (const { name, client } of stay) {
            const args = { key: `${SECRET}-${name}`, value: SECRET }
            await client.rpc.execute({ contextId, method: 'set', args })
            shared.ledger.note('set', '', 'unknown')
          }
          const open = await atRest(stay, shared)
          await new Promise((resolve) => setTimeout(resolve, LEAK_MS))
          const call = { contextId, method: 'entries', readOnly: true }
          const read = await gone.client.rpc.execute<Record<string, string>>(call)
          const leaks = Object.keys(read).filter((key) => key.startsWith(SECRET))
          const findings = open.filter((line) => !line.includes('keys of nobody'))
          return leaks.length > 0
            ? [...findings, `who was removed reads ${leaks.join()}`]
            : findings
        },
      }
    },
  }
}

export function updating(): Activity {
  return {
    name: 'updating the application',
    nodes: 2,
    async prepare(fleet, n) {
      const [host, other] = [memberAt(fleet, 0), memberAt(fleet, 1)]
      const { contextId } = await shareContext([host.node, other.node])
      const shared = sharedOf(contextId)
      await increment(host, shared, 8)
      const path = await anotherApp(fleet.folder, `updated-${n}`)
      const { applicationId } = await host.client.admin.installFile(path)
      let isUpdated = false
      const update = async (): Promise<void> => {
        await host.client.admin.updateApplication(contextId, applicationId)
        isUpdated = true
      }
      const both = [host, other]
      return {
        victim: n % 2 === 0 ? host : other,
        async act() {
          await Promise.all([update(), ...both.map((member) => increment(member, shared, 8))])
        },
        async check() {
          const isMoved = async (): Promise<boolean> => {
            const seen = await Promise.all(
              both.map(({ client }) => client.admin.context(contextId)),
            )
            return seen.every(
              (one) => one.applicationId === applicationId && one.status === 'ready',
            )
          }
          if (!isUpdated && !(await holdsInTime(isMoved, 2_000))) await update()
          if (!(await holdsInTime(isMoved, REST_MS))) {
            return ['not all run the new application', ...(await atRest(both, shared))]
          }
          for (const member of both) await increment(member, shared, 2)
          return atRest(both, shared)
        },
      }
    },
  }
}
