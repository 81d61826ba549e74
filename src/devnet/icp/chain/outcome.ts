/** What came of a message, before it is kept: whether there is room for it, and what the log says of it. */
import { utf8 } from '../../../node/primitives/bytes.ts'
import type { Canister } from '../canister/canister.ts'
import type { Outcome } from '../canister/execute.ts'
import type { Frame } from '../canister/frame.ts'
import { memoryOf } from '../cycles.ts'
import { Trap } from '../errors.ts'
import { LIMITS, PAGE } from '../parameters.ts'
import type { Chain } from './chain.ts'

/** The outcome, or a trap where it takes more memory than there is. */
export function withinMemory(chain: Chain, canister: Canister, outcome: Outcome): Outcome {
  if (!outcome.isGood) return outcome
  const { instructions } = outcome
  const heapBytes = BigInt(outcome.heap.pages.length * PAGE)
  const { wasmMemoryLimit } = canister.settings
  if (wasmMemoryLimit > 0n && heapBytes > wasmMemoryLimit) {
    const message = `Canister exceeded its current Wasm memory limit of ${wasmMemoryLimit} bytes.`
    return { isGood: false, instructions, trap: new Trap('IC0539', message) }
  }
  const after = { ...canister, heap: outcome.heap, stable: outcome.stable }
  let total = memoryOf(after)
  for (const one of chain.state.canisters.values()) if (one !== canister) total += memoryOf(one)
  if (total <= BigInt(LIMITS.memory)) return outcome
  const message = `Canister cannot grow its memory: there are ${LIMITS.memory} bytes for all`
  return { isGood: false, instructions, trap: new Trap('IC0523', message) }
}

/** What it printed, and why it failed, for those who may read the log. */
export function log(canister: Canister, frame: Frame, outcome: Outcome): void {
  const lines = [...frame.logs]
  if (!outcome.isGood) lines.push(utf8(`[TRAP]: ${outcome.trap.message}`))
  const records = lines.map((content) => {
    return { index: canister.nextLog++, time: frame.time, content }
  })
  canister.logs = [...canister.logs, ...records].slice(-LIMITS.logs)
}
