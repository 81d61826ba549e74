/** What users do all the time: write into a context of the example application. */
import { idKey, type PublicKey } from '../../../src/node/primitives/ids.ts'
import type { ExecuteResult } from '../../../src/node/index.ts'
import { kvInput } from '../../support/kv-app.ts'
import type { SimRandom } from '../random.ts'
import type { Circle, Seat } from './circle.ts'
import type { Ledger, Outcome } from './ledger.ts'

/** Keys that all write: few, so that they meet. */
const KEYS = 12

/** A method of the example app with its input; most of them write keys. */
function anyCall(random: SimRandom, value: string): { method: string; input: Uint8Array } {
  const key = `k${random.below(KEYS)}`
  switch (random.below(24)) {
    case 0:
    case 1:
      return { method: 'remove', input: kvInput({ key }) }
    case 2:
    case 3:
      return { method: 'push', input: kvInput({ value }) }
    case 4:
    case 5:
      return { method: 'incr', input: kvInput() }
    case 6:
      return { method: 'rename', input: kvInput({ title: value }) }
    case 7:
      return { method: 'set_notify', input: kvInput({ key, value }) }
    case 8:
      return { method: 'set_then_fail', input: kvInput({ key, value }) }
    case 9:
      return { method: 'fail_panic', input: kvInput() }
    default:
      return { method: 'set', input: kvInput({ key, value }) }
  }
}

/** One call that writes; its delta, once acknowledged, must never get lost. */
export async function write(
  ledger: Ledger,
  {
    circle,
    seats,
    author,
  }: { readonly circle: Circle; readonly seats: readonly Seat[]; readonly author: Seat },
  random: SimRandom,
  value: string,
): Promise<Outcome<ExecuteResult>> {
  const { context } = circle
  const call = anyCall(random, value)
  let removed: readonly PublicKey[] = []
  const isNotice = call.method === 'set_notify'
  if (isNotice) circle.notified.begun++
  const outcome = await ledger.call(
    author.machine,
    `write ${circle.name} ${value}`,
    async (node) => {
      const members = new Set(
        (await node.contexts.members(context)).map((one) => idKey(one.identity)),
      )
      // who came and went while the node heard nothing is in no list of its either, and holds the key that it seals with
      const { membersRevision = 0n } = (await node.contexts.get(context)) ?? {}
      removed = seats
        .filter(({ goneBy }) => goneBy !== undefined && goneBy <= membersRevision)
        .filter(({ identity }) => !members.has(idKey(identity)))
        .map(({ identity }) => identity)
      return node.contexts.execute({ context, executor: author.identity, ...call })
    },
  )
  if (outcome.kind === 'done' && outcome.value.delta !== undefined) {
    if (isNotice) circle.notified.done++
    ledger.acknowledge({ context, delta: outcome.value.delta, author, removed })
  }
  return outcome
}
