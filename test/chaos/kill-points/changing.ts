/** Killed while a key is rotated after a removal, and while the application is moved to another. */
import { shareContext } from '../../../scripts/support/cluster.ts'
import { isMerogateError } from '../../../src/node/errors.ts'
import type { Member } from '../fleet.ts'
import type { Shared } from '../operations.ts'
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

/** The next key is made by then, ms: the others take over after five seconds. */
const KEY_MS = 20_000

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
      // every other time who else may make the key is away, and the one who removes is killed
      const isAlone = n % 2 === 0
      if (isAlone) await other.kill()
      // it does not hear that it is removed, and takes what it can open
      gone.anchor.cut()
      const present = isAlone ? [host] : [host, other]
      const leaksAfter = async (writers: readonly Member[]): Promise<string[]> => {
        for (const writer of writers) await writeSecret(writer, shared)
        await new Promise((resolve) => setTimeout(resolve, LEAK_MS))
        const call = { contextId, method: 'entries', readOnly: true }
        const read = await gone.client.rpc.execute<Record<string, string>>(call)
        const leaks = Object.keys(read).filter((key) => key.startsWith(SECRET))
        return leaks.length > 0 ? [`who was removed reads ${leaks.join()}`] : []
      }
      return {
        victim: isAlone ? host : other,
        async act() {
          await remove()
          await Promise.all(present.map((member) => increment(member, shared, 8)))
        },
        async check() {
          const knows = async ({ client }: Member): Promise<boolean> => {
            const list = await client.admin.members(contextId)
            return list.every(({ publicKey }) => publicKey !== removed)
          }
          const isKnown = async (): Promise<boolean> =>
            (await Promise.all(present.map(knows))).every((one) => one)
          if (!isRemoved && !(await holdsInTime(isKnown, 2_000))) await remove()
          if (!(await holdsInTime(isKnown, REST_MS))) return ['the removal is not known to all']
          const leaks = await leaksAfter(present)
          await other.start()
          if (!(await holdsInTime(() => knows(other), REST_MS))) {
            return [...leaks, 'the removal is not known to who comes back']
          }
          leaks.push(...(await leaksAfter([host, other])))
          gone.anchor.mend()
          return [...leaks, ...(await atRest([host, other], shared))]
        },
      }
    },
  }
}

/** Writes what a removed member must not read, as soon as there is a key for it. */
async function writeSecret(member: Member, { contextId, ledger }: Shared): Promise<void> {
  const key = `${SECRET}-${member.name}`
  const write = async (): Promise<boolean> => {
    try {
      await member.client.rpc.execute({ contextId, method: 'set', args: { key, value: key } })
      return true
    } catch (error) {
      if (!isMerogateError(error)) throw error
      return false // the key is still to come
    }
  }
  if (!(await holdsInTime(write, KEY_MS))) throw new RangeError(`${member.name} cannot write`)
  ledger.note('set', key, 'acknowledged')
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
