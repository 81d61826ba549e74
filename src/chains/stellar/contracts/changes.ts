/** What changed: events by ledger, whose number is the cursor. Endpoints keep them for some days; before that everything may have moved. */
import { badAnswer } from '../../../node/anchor/errors.ts'
import type { Changes } from '../../../node/anchor/service.ts'
import type { ToldEvent } from '../../shared/core/events.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import type { Heights } from '../../shared/heights.ts'
import { readEvents } from '../rpc/events.ts'
import { readWindow } from '../rpc/head.ts'
import { eventIn, subjectIn } from '../xdr/events.ts'

/** Changes of a contract after a ledger, up to the endpoint's newest or less far: see `ChangesInit.read`. */
export async function readChanges(
  endpoint: Endpoint,
  contract: string,
  since: bigint | undefined,
): Promise<Changes> {
  const window = await readWindow(endpoint)
  const [newest, oldest] = [BigInt(window.latest), BigInt(window.oldest)]
  if (since === undefined || since === newest) return { height: newest, changes: [], missed: false }
  // the endpoint forgot some of it, or this is another chain than the one that `since` is of
  if (since > newest || since + 1n < oldest) return { height: newest, changes: [], missed: true }
  const from = Number(since) + 1
  const { events, until, latest } = await readEvents(endpoint, { contract, from })
  const height = BigInt(latest)
  // more in one ledger than is read in one look
  if (BigInt(until) <= since) return { height, changes: [], missed: true }
  const changes = events.flatMap(({ topic, ledger }) => {
    const subject = subjectIn(topic)
    return subject === undefined || ledger > until ? [] : [{ subject, height: BigInt(ledger) }]
  })
  return { height, cursor: BigInt(until), changes, missed: false }
}

/** Everything that an endpoint remembers of a contract's events, oldest first; by one that is as far as any was. */
export async function readAllEvents<T>(
  heights: Heights,
  contract: string,
  decode: (where: string, event: ToldEvent) => T,
  signal?: AbortSignal,
): Promise<readonly T[]> {
  return heights.run(
    'final',
    async (endpoint, _height, { told }) => {
      const { oldest, latest } = await readWindow(endpoint)
      told?.(BigInt(latest))
      const all: T[] = []
      for (let from = oldest; from <= latest;) {
        const { events, until } = await readEvents(endpoint, { contract, from })
        for (const { topic, value, ledger } of events) {
          if (ledger > until) break
          const event = eventIn(topic, value)
          if (event === undefined) throw badAnswer(endpoint.name, 'an event of another shape')
          all.push(decode(endpoint.name, event))
        }
        if (until < from) throw badAnswer(endpoint.name, 'no end of events of one ledger')
        from = until + 1
      }
      return all
    },
    signal,
  )
}
