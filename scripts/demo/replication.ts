/** First act: an app on two nodes that write at once, one of which crashes. */
import { isDeepStrictEqual } from 'node:util'
import type { Chain } from '../../src/cli/chains/chain.ts'
import type { Mutation } from '../../src/client/index.ts'
import { type ClusterNode, equalRoots, shareContext, startCluster } from '../support/cluster.ts'
import { expect, fact, step } from './stage.ts'

const LATENCY_SAMPLES = 200
/** Calls before the first that is measured: compilers and caches get warm. */
const WARM_UP = 100
const BOTH_SIDES = 100
const BURST = 200

function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN
}

/** Milliseconds from a call on one node to its event on the other's WebSocket, one at a time. */
async function latencies(a: ClusterNode, b: ClusterNode, contextId: string): Promise<number[]> {
  const end = new AbortController()
  const waiting = new Map<string, (at: number) => void>()
  const ready = Promise.withResolvers<void>()
  const changes = b.client.subscribe({
    contextIds: [contextId],
    signal: end.signal,
    onSubscribed: ready.resolve,
  })
  const listen = (async () => {
    for await (const change of changes) {
      if (change.type !== 'StateMutation') continue
      for (const key of keysOf(change)) waiting.get(key)?.(performance.now())
    }
  })()
  await ready.promise
  const times: number[] = []
  for (let i = -WARM_UP; i < LATENCY_SAMPLES; i++) {
    const value = `lap ${i}`
    const seen = new Promise<number>((resolve) => waiting.set(value, resolve))
    const start = performance.now()
    await a.client.rpc.execute({
      contextId,
      method: 'set',
      args: { key: `k${(i + WARM_UP) % 50}`, value },
    })
    const time = (await seen) - start
    if (i >= 0) times.push(time)
  }
  end.abort()
  await listen
  return times.sort((x, y) => x - y)
}

/** Values that `Set` events of a change carry. */
function keysOf(change: Mutation): string[] {
  return change.events
    .filter(({ kind }) => kind === 'Set')
    .map(({ json }) => (json as { value: string }).value) // our app's event
}

/** Two nodes, one app, writes on both sides, a crash, equal state. */
export async function replicationAct({ name, words, commands }: Chain): Promise<void> {
  const what = commands.deploy === undefined ? words.chain : `${words.chain}, contracts deployed`
  await using cluster = await step(`start ${what}`, () => startCluster(name))
  const [a, b] = await step('start two nodes as processes', () =>
    Promise.all([cluster.node('alice'), cluster.node('bob')]),
  )
  const { contextId } = await step('install the app, create a context, invite, join', () =>
    shareContext([a, b]),
  )
  const set = (node: ClusterNode, key: string, value: string): Promise<unknown> =>
    node.client.rpc.execute({ contextId, method: 'set', args: { key, value } })
  const entries = (node: ClusterNode): Promise<Record<string, string>> =>
    node.client.rpc.execute({ contextId, method: 'entries' })

  await step(`write ${BOTH_SIDES} keys on each side at once`, async () => {
    await Promise.all(
      Array.from({ length: BOTH_SIDES }, (_, i) => [
        set(a, `a${i}`, 'alice'),
        set(b, `b${i}`, 'bob'),
      ]).flat(),
    )
  })
  const root = await step('both sides have equal roots and values', async () => {
    const equal = await equalRoots([a, b], contextId)
    const [ours, theirs] = await Promise.all([entries(a), entries(b)])
    expect(Object.keys(ours).length === 2 * BOTH_SIDES, 'entries are missing')
    expect(isDeepStrictEqual(ours, theirs), 'entries differ')
    return equal
  })
  fact(`root ${root}`)

  const times = await step('measure calls on alice against events at bob', () =>
    latencies(a, b, contextId),
  )

  const acknowledged = await step(
    'kill bob with SIGKILL in a burst of writes on both sides',
    async () => {
      const kept: string[] = []
      let killed: Promise<void> | undefined
      const calls = Array.from({ length: BURST }, async (_, i) => {
        const [node, key] = i % 2 === 0 ? [a, `burst-a${i}`] : [b, `burst-b${i}`]
        try {
          await set(node, key, String(i))
          kept.push(key)
        } catch {
          // bob is gone: this write was never acknowledged, and may or may not be there
        }
        if (kept.length === BURST / 4) killed ??= b.process.kill()
      })
      await Promise.all(calls)
      await killed
      expect(kept.length >= BURST / 4, 'too few writes were acknowledged')
      return kept
    },
  )
  await step('write on alice while bob is away', () => set(a, 'while-away', 'yes'))
  const again = await step('start bob again', () => cluster.node('bob'))
  await step('bob has caught up and lost nothing it had acknowledged', async () => {
    await again.client.admin.context(contextId, 30_000)
    await equalRoots([a, again], contextId)
    const there = await entries(again)
    const lost = [...acknowledged, 'while-away'].filter((key) => !(key in there))
    expect(lost.length === 0, `acknowledged writes are gone: ${lost.join(', ')}`)
  })
  await step('stop everything', () => cluster.stop())

  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((part) => percentile(times, part).toFixed(2))
  fact(
    `call on alice to event at bob: p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms (n ${times.length})`,
  )
}
