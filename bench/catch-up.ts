/**
 * How long a fresh member and one that was away need for 1 000 deltas: two node processes, the Rust kv-store with 100 keys, from the call that joins (or the
 * start of the process) until both show the same root; and the same while the other goes on writing. What begins with the start of a process is
 * also given without it, `after-start`. Prints one JSON line per figure, in seconds.
 */
import { type ClusterNode, equalRoots, KV_STORE, startCluster } from '../scripts/support/cluster.ts'
import { value } from './support.ts'

const DELTAS = Number(process.env['DELTAS'] ?? 1000)
const KEYS = 100
const IN_FLIGHT = 16

await using cluster = await startCluster()
const [a, b] = await Promise.all([cluster.node('a'), cluster.node('b')])
const { applicationId } = await a.client.admin.installFile(KV_STORE)
const { contextId } = await a.client.admin.createContext({ applicationId })

/** Makes `count` deltas. */
async function write(node: ClusterNode, count = DELTAS, inFlight = IN_FLIGHT): Promise<void> {
  let next = 0
  const one = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) {
      const args = { key: `k${i % KEYS}`, value: `value ${i}` }
      await node.client.rpc.execute({ contextId, method: 'set', args })
    }
  }
  await Promise.all(Array.from({ length: inFlight }, one))
}

/** Prints how long ago a process was started, and how long ago it was up. */
function since(name: string, started: number, isUp: number): void {
  const now = performance.now()
  value(name, (now - started) / 1000, 's', { deltas: DELTAS })
  value(`${name}-after-start`, (now - isUp) / 1000, 's', { deltas: DELTAS })
}

await write(a)
const { publicKey } = await b.client.admin.createIdentity()
const invitation = await a.client.admin.invite({ contextId, invitee: publicKey })
let start = performance.now()
await b.client.admin.join(invitation ?? '')
await b.client.admin.context(contextId, 60_000)
value('catch-up/ready', (performance.now() - start) / 1000, 's', { deltas: DELTAS })
await equalRoots([a, b], contextId)
value('catch-up/fresh', (performance.now() - start) / 1000, 's', { deltas: DELTAS })

await b.process.stop()
await write(a)
start = performance.now()
const again = await cluster.node('b')
let up = performance.now()
value('catch-up/start', (up - start) / 1000, 's')
await equalRoots([a, again], contextId)
since('catch-up/returning', start, up)

await again.process.stop()
await write(a)
start = performance.now()
// a tenth of what was missed is written while it is fetched, one call at a time
const busy = write(a, DELTAS / 10, 1)
const third = await cluster.node('b')
up = performance.now()
await busy
await equalRoots([a, third], contextId)
since('catch-up/returning-busy', start, up)
