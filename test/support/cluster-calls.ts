/** Many calls of node processes, and what their subscribers are told. */
import type { MerogateClient, Mutation } from '../../src/client/index.ts'

/** Longest wait for one set of events, ms. */
const EVENTS_MS = 50_000

/** Runs work on each item, `width` at a time. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const queue = [...items]
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
    }),
  )
}

/** Mutations of a context from `since` on, until so many of them carry events. Rejects when some of the log is gone or time is up. */
export async function takeMutations(
  client: MerogateClient,
  contextId: string,
  { since, until }: { since: number; until: number },
): Promise<Mutation[]> {
  const taken: Mutation[] = []
  const signal = AbortSignal.timeout(EVENTS_MS)
  let carrying = 0
  for await (const change of client.subscribe({ contextIds: [contextId], since, signal })) {
    if (change.type === 'Lagged') throw new RangeError(`${change.skipped} mutations are gone`)
    taken.push(change)
    if (change.events.length > 0 && ++carrying === until) return taken
  }
  throw new RangeError(`expected ${until} mutations with events, got ${carrying}`)
}
