/** What users do: write into the context of the example application. */
import { kvInput } from '../../support/kv-app.ts'
import type { Machine } from '../machine.ts'
import type { SimRandom } from '../random.ts'
import type { Circle } from './circle.ts'
import type { Ledger } from './ledger.ts'

/** Keys that all write: few, so that they meet. */
const KEYS = 12

/** A method of the example app with its input; most of them write keys. */
function anyCall(random: SimRandom, value: string): { method: string; input: Uint8Array } {
  const key = `k${random.below(KEYS)}`
  switch (random.below(20)) {
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
    default:
      return { method: 'set', input: kvInput({ key, value }) }
  }
}

/** One call that writes; its delta, once acknowledged, must never get lost. */
export async function write(
  ledger: Ledger,
  circle: Circle,
  machine: Machine,
  random: SimRandom,
  value: string,
): Promise<boolean> {
  const { context } = circle
  const call = anyCall(random, value)
  const done = await ledger.call(machine, `write ${value}`, (node) =>
    node.contexts.execute({ context, ...call }),
  )
  const delta = done?.value.delta
  if (delta !== undefined) ledger.acknowledge(machine, context, delta)
  return done !== undefined
}
