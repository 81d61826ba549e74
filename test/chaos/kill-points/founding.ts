/** Killed while it joins, installs, and creates. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KV_STORE } from '../../../scripts/support/cluster.ts'
import type { MerogateClient } from '../../../src/client/index.ts'
import { REST_MS } from '../rest.ts'
import { type Activity, atRest, holdsInTime, increment, memberAt, sharedOf } from './activity.ts'

const MODULE = join(import.meta.dirname, '../../../apps/kv-store-rs/dist/kv_store.wasm')

/** Deltas that a joiner has to fetch. */
const HISTORY = 40

/** The example's module with a section of its own behind it: another application that does the same. */
export async function anotherApp(folder: string, name: string): Promise<string> {
  const text = Buffer.from(name)
  // a custom section: its id, its size, its name with its length
  const section = Buffer.from([0, text.length + 1, text.length])
  const path = join(folder, `${name}.wasm`)
  await writeFile(path, Buffer.concat([await readFile(MODULE), section, text]))
  return path
}

/** Whether a node has a context that can be used. */
async function isReady(client: MerogateClient, contextId: string): Promise<boolean> {
  const all = await client.admin.contexts()
  return all.some(({ id, status }) => id === contextId && status === 'ready')
}

export function joining(): Activity {
  return {
    name: 'joining',
    nodes: 2,
    async prepare(fleet) {
      const [host, victim] = [memberAt(fleet, 0), memberAt(fleet, 1)]
      const { applicationId } = await host.client.admin.installFile(KV_STORE)
      const { contextId } = await host.client.admin.createContext({ applicationId })
      const shared = sharedOf(contextId)
      await increment(host, shared, HISTORY)
      const { publicKey } = await victim.client.admin.createIdentity()
      const invitation = (await host.client.admin.invite({ contextId, invitee: publicKey })) ?? ''
      let isJoined = false
      return {
        victim,
        async act() {
          await victim.client.admin.join(invitation)
          isJoined = true
          await victim.client.admin.context(contextId, REST_MS)
        },
        async check() {
          const goesOn = await victim.client.admin.contexts()
          const isThere = goesOn.some(({ id }) => id === contextId)
          if (isJoined && !isThere) return ['the join was answered, and the context is not there']
          // nobody was told that it had begun: it is asked for again
          if (!isThere) await victim.client.admin.join(invitation)
          return atRest([host, victim], shared)
        },
      }
    },
  }
}

export function installing(): Activity {
  return {
    name: 'installing',
    nodes: 1,
    async prepare(fleet, n) {
      const victim = memberAt(fleet, 0)
      const path = await anotherApp(fleet.folder, `installed-${n}`)
      let answered: string | undefined
      return {
        victim,
        async act() {
          answered = (await victim.client.admin.installFile(path)).applicationId
        },
        async check(isAnswered) {
          const { admin } = victim.client
          const isListed = (await admin.applications()).some(({ id }) => id === answered)
          if (isAnswered && !isListed) return ['it was answered, and is not installed']
          const { applicationId } = await admin.installFile(path)
          if (isAnswered && applicationId !== answered) return ['installed again it has another id']
          const { contextId } = await admin.createContext({ applicationId })
          const isUsable = await isReady(victim.client, contextId)
          return isUsable ? [] : ['a context of it is not ready']
        },
      }
    },
  }
}

export function creating(): Activity {
  return {
    name: 'creating',
    nodes: 1,
    async prepare(fleet) {
      const victim = memberAt(fleet, 0)
      const { applicationId } = await victim.client.admin.installFile(KV_STORE)
      const before = new Set((await victim.client.admin.contexts()).map(({ id }) => id))
      let answered: string | undefined
      return {
        victim,
        async act() {
          answered = (await victim.client.admin.createContext({ applicationId })).contextId
        },
        async check(isAnswered) {
          const id = answered
          if (isAnswered && id !== undefined) {
            const isThere = await holdsInTime(() => isReady(victim.client, id), REST_MS)
            if (!isThere) return ['it was answered, and the context is not ready']
          }
          // begun and not answered: it is finished, or it is not there
          const isClear = await holdsInTime(async () => {
            const contexts = await victim.client.admin.contexts()
            const made = contexts.filter((one) => !before.has(one.id))
            return made.length <= 1 && made.every(({ status }) => status === 'ready')
          }, REST_MS)
          return isClear ? [] : ['a creation that was begun is neither done nor gone']
        },
      }
    },
  }
}
