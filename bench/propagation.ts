/**
 * Call on A to WebSocket event on B: two node processes on this machine, the Rust kv-store with 100 keys, one call at a time; beside it the reply on A. Then,
 * in the same run, bare unsigned gossip and bare push between two processes, for comparison. Prints one JSON line per figure, in milliseconds.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type ClusterNode, shareContext, startCluster } from '../scripts/support/cluster.ts'
import { figure } from './support.ts'

const KEYS = Number(process.env['KEYS'] ?? 100)
const CALLS = Number(process.env['CALLS'] ?? 1000)
/** Calls before the first that counts: compilers and caches get warm. */
const WARM_UP = 1000

const cluster = await startCluster()
const [a, b] = await Promise.all([cluster.node('a'), cluster.node('b')])
const { contextId } = await shareContext([a, b])
const set = (node: ClusterNode, key: string, value: string): Promise<unknown> =>
  node.client.rpc.execute({ contextId, method: 'set', args: { key, value } })
for (let i = 0; i < KEYS; i++) await set(a, `k${i}`, 'x')

const ready = Promise.withResolvers<void>()
const end = new AbortController()
let arrived: ((at: number) => void) | undefined
const listening = (async () => {
  const { signal } = end
  const changes = b.client.subscribe({
    contextIds: [contextId],
    signal,
    onSubscribed: ready.resolve,
  })
  for await (const change of changes)
    if (change.type === 'StateMutation') arrived?.(performance.now())
})()
await ready.promise

const replies: number[] = []
const events: number[] = []
for (let i = 0; i < WARM_UP + CALLS; i++) {
  const seen = new Promise<number>((resolve) => (arrived = resolve))
  const start = performance.now()
  await set(a, `k${i % KEYS}`, `value ${i}`)
  const replied = performance.now()
  const event = await seen
  if (i < WARM_UP) continue
  replies.push(replied - start)
  events.push(event - start)
}
end.abort()
await listening
figure('propagation/reply-on-a', replies, { keys: KEYS })
figure('propagation/event-on-b', events, { keys: KEYS })
await cluster.stop()
spawnSync(process.execPath, [join(import.meta.dirname, 'push.ts')], { stdio: 'inherit' })
