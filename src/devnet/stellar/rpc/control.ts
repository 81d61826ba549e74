/** What only a local chain can do: ledgers, time, state and coins by hand. */
import { z } from 'zod'
import type { Chain } from '../chain/chain.ts'
import { fund } from './friendbot.ts'

type Control = (chain: Chain, params: unknown) => unknown

/** Of one step: fifty years. */
const MAX_MOVED = 315_000_000

/** A method with the parameters that it takes. */
function control<T>(schema: z.ZodType<T>, run: (chain: Chain, params: T) => unknown): Control {
  return (chain, params) => run(chain, schema.parse(params))
}

const count = (most: number): z.ZodType<number> => z.int().min(1).max(most)
/** Ledgers that are closed one by one. */
const MAX_CLOSED = 10_000

export const CONTROLS: Readonly<Record<string, Control>> = {
  set_mode: control(z.object({ mode: z.enum(['instant', 'manual']) }), (chain, { mode }) => {
    chain.mode = mode
    if (mode === 'instant' && chain.waiting > 0) chain.close()
  }),
  close: control(z.object({ ledgers: count(MAX_CLOSED) }), (chain, { ledgers }) => {
    for (let left = ledgers; left > 0; left--) chain.close()
  }),
  waiting: control(z.unknown(), (chain) => chain.waiting),
  sequence: control(z.unknown(), (chain) => chain.last.sequence),
  now: control(z.unknown(), (chain) => chain.nextCloseTime),
  move_time: control(z.object({ seconds: count(MAX_MOVED * 5) }), (chain, { seconds }) =>
    chain.moveTime(seconds),
  ),
  hold_time: control(z.object({ second: z.int().min(0).optional() }), (chain, { second }) =>
    chain.holdTime(second),
  ),
  move_ledgers: control(z.object({ ledgers: count(MAX_MOVED) }), (chain, { ledgers }) =>
    chain.moveLedgers(ledgers),
  ),
  snapshot: control(z.unknown(), (chain) => chain.snapshot()),
  revert: control(z.object({ snapshot: z.int().min(0) }), (chain, { snapshot }) => {
    if (!chain.revert(snapshot)) throw new RangeError(`there is no snapshot ${snapshot}`)
  }),
  fund: control(
    z.object({ address: z.string(), stroops: z.bigint().min(1n) }),
    (chain, { address, stroops }) => fund(chain, address, stroops).id,
  ),
  refuse: control(z.object({ transactions: z.int().min(0) }), (chain, { transactions }) =>
    chain.refuse(transactions),
  ),
}
