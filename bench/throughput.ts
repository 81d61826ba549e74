/**
 * Sustained deltas per second applied on B: two node processes, the Rust kv-store, `set` on A over JSON-RPC with 16 calls in flight, counted until B has
 * told of the last one. Prints deltas/s and the resident memory of both nodes, as JSON lines.
 */
import { readFileSync } from 'node:fs'
import { type ClusterNode, shareContext, startCluster } from '../scripts/support/cluster.ts'
import { value } from './support.ts'

const KEYS = Number(process.env['KEYS'] ?? 100)
const CALLS = Number(process.env['CALLS'] ?? 3000)
const IN_FLIGHT = Number(process.env['IN_FLIGHT'] ?? 16)

/** Resident memory of a process, bytes. */
function rss(pid: number): number {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+) kB/)
  return Number(line?.[1] ?? 0) * 1024
}

await using cluster = await startCluster()
const [a, b] = await Promise.all([cluster.node('a'), cluster.node('b')])
const { contextId } = await shareContext([a, b])
const set = (node: ClusterNode, key: string, text: string): Promise<unknown> =>
  node.client.rpc.execute({ contextId, method: 'set', args: { key, value: text } })
for (let i = 0; i < KEYS; i++) await set(a, `k${i}`, 'x')
const idle = [rss(a.process.pid), rss(b.process.pid)]

const ready = Promise.withResolvers<void>()
const done = Promise.withResolvers<void>()
const end = new AbortController()
let counted = 0
const listening = (async () => {
  const { signal } = end
  const changes = b.client.subscribe({
    contextIds: [contextId],
    signal,
    onSubscribed: ready.resolve,
  })
  for await (const change of changes) {
    if (change.type === 'StateMutation' && ++counted === CALLS) done.resolve()
  }
})()
await ready.promise

let next = 0
const start = performance.now()
await Promise.all(
  Array.from({ length: IN_FLIGHT }, async () => {
    for (let i = next++; i < CALLS; i = next++) await set(a, `k${i % KEYS}`, `value ${i}`)
  }),
)
const called = performance.now() - start
await done.promise
const applied = performance.now() - start
end.abort()
await listening
const extra = { keys: KEYS, inFlight: IN_FLIGHT, n: CALLS }
value('throughput/accepted-on-a', CALLS / (called / 1000), '1/s', extra)
value('throughput/applied-on-b', CALLS / (applied / 1000), '1/s', extra)
for (const [i, node] of [a, b].entries()) {
  const name = i === 0 ? 'a' : 'b'
  value(`throughput/rss-${name}`, rss(node.process.pid) / 2 ** 20, 'MiB', {
    before: Math.round((idle[i] ?? 0) / 2 ** 20),
  })
}
