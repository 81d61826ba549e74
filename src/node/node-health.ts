/** Whether a node can be used, and why not. */
import type { ContextReplicas } from './context/replica-source.ts'
import type { NodeHealth } from './interface.ts'
import type { Network } from './network/network.ts'
import { EMPTY } from './primitives/bytes.ts'
import type { NodeClock } from './primitives/node-clock.ts'
import { COLUMN, rowKey } from './store/keys.ts'
import type { NodeStore, Store, StoreTrouble } from './store/store.ts'

export interface HealthComponents {
  readonly network: Pick<Network, 'addresses'>
  readonly replicas: Pick<ContextReplicas, 'all'>
  readonly store: NodeStore
  readonly clock: Pick<NodeClock, 'trouble'>
}

export async function nodeHealth(
  { network, replicas, store, clock }: HealthComponents,
  started: boolean,
): Promise<NodeHealth> {
  const checks = {
    started,
    storage: started && (await writable(store)),
    network: started && network.addresses().length > 0,
    contexts: replicas.all().every((replica) => !replica.stopped),
  }
  // a wrong clock is no failing check: what it says is left out
  const reasons = {
    ...(store.trouble === undefined ? {} : { storage: inWords(store.trouble) }),
    ...(clock.trouble === undefined ? {} : { clock: clock.trouble.text }),
  }
  return { checks, reasons }
}

function inWords({ sinceMs, reason, tries, lastLook }: StoreTrouble): string {
  const since = new Date(sinceMs).toISOString()
  const looked = lastLook === undefined ? '' : `, looked at ${tries} times in vain: ${lastLook}`
  return `nothing is stored since ${since}: ${reason}${looked}`
}

async function writable(store: Store): Promise<boolean> {
  try {
    await store.batch([
      { type: 'put', key: rowKey(COLUMN.global, new Uint8Array([1])), value: EMPTY },
    ])
    return true
  } catch {
    return false
  }
}
