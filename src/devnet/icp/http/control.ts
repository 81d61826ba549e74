/** What only a local chain can do: time, state and cycles by hand. */
import { z } from 'zod'
import type { Subnet } from '../chain/subnet.ts'
import { principalBytes } from '../codec/principal.ts'
import { fund } from '../ledger/ledger.ts'
import { SECOND_NS } from '../parameters.ts'

const NS_PER_MS = SECOND_NS / 1000n
const principal = z.string().transform((text, context) => {
  const bytes = principalBytes(text)
  if (bytes !== undefined) return bytes
  context.addIssue(`${text} is no principal`)
  return z.NEVER
})
const cycles = z.bigint().min(0n)

type Control = (chain: Subnet, params: unknown) => unknown

/** A method with the parameters that it takes. */
function control<T>(schema: z.ZodType<T>, run: (chain: Subnet, params: T) => unknown): Control {
  return (chain, params) => run(chain, schema.parse(params))
}

export const CONTROLS: Readonly<Record<string, Control>> = {
  move_time: control(z.object({ ms: z.number().min(0) }), (chain, { ms }) =>
    chain.moveTime(BigInt(Math.round(ms)) * NS_PER_MS),
  ),
  now: control(z.unknown(), (chain) => chain.now()),
  set_mode: control(z.object({ mode: z.enum(['instant', 'manual']) }), (chain, { mode }) => {
    chain.mode = mode
    if (mode === 'instant') chain.run()
  }),
  run: control(z.object({ messages: z.int().min(1).optional() }), (chain, { messages }) =>
    chain.run(messages),
  ),
  waiting: control(z.unknown(), (chain) => chain.state.queue.length),
  snapshot: control(z.unknown(), (chain) => chain.snapshot()),
  revert: control(z.object({ snapshot: z.int().min(0) }), (chain, { snapshot }) => {
    if (!chain.revert(snapshot)) throw new RangeError(`there is no snapshot ${snapshot}`)
  }),
  fund: control(
    z.object({ principal: z.string(), cycles }),
    (chain, { principal: to, cycles: n }) => fund(chain, to, n),
  ),
  set_cycles: control(z.object({ canister: principal, cycles }), (chain, params) => {
    chain.canister(params.canister).cycles = params.cycles
  }),
  cycles: control(
    z.object({ canister: principal }),
    (chain, params) => chain.canister(params.canister).cycles,
  ),
}
