/** Whether a call from outside is taken in, before anything is executed for it; and who pays for that. */
import type { Canister } from '../canister/canister.ts'
import { Frame } from '../canister/frame.ts'
import { freezingThreshold, ingressCost } from '../cycles.ts'
import type { CallContent } from '../codec/envelope.ts'
import { principalText } from '../codec/principal.ts'
import { outOfCycles, Rejected } from '../errors.ts'
import { LEDGER_ID } from '../ledger/ids.ts'
import { managedCanister } from '../management/target.ts'
import type { Chain } from './chain.ts'

/** Calls that a frozen canister must be able to get: they thaw it. */
const THAWING: readonly string[] = ['update_settings', 'provisional_top_up_canister']

/** Charges whoever pays. @throws Rejected */
export function admit(chain: Chain, content: CallContent, target: Uint8Array): void {
  const { canister_id: callee, method_name: method } = content
  if (callee.length === 0) {
    const managed = managedCanister(chain, content, target)
    if (managed !== undefined) charge(managed, content, !THAWING.includes(method))
    return
  }
  if (principalText(callee) === LEDGER_ID) return
  const canister = chain.canister(callee)
  checkRunning(canister)
  const needed = shortOf(canister, content)
  if (needed > 0n) throw outOfCycles(canister.text, needed)
  inspect(chain, canister, content)
  charge(canister, content, true)
}

/** @throws Rejected where it takes no messages */
export function checkRunning(canister: Canister): void {
  const { text, status, code } = canister
  if (status !== 'running') {
    const errorCode = status === 'stopped' ? 'IC0508' : 'IC0509'
    throw new Rejected(5, errorCode, `Canister ${text} is ${status}`)
  }
  if (code === undefined) throw noModule(text)
}

export function noModule(text: string): Rejected {
  const reason = 'Attempted to execute a message, but the canister contains no Wasm module.'
  return new Rejected(5, 'IC0537', `Error from Canister ${text}: ${reason}`)
}

function shortOf(canister: Canister, { method_name: method, arg }: CallContent): bigint {
  return freezingThreshold(canister) + ingressCost(method, arg) - canister.cycles
}

function charge(canister: Canister, content: CallContent, isStrict: boolean): void {
  const short = shortOf(canister, content)
  if (short > 0n) {
    if (isStrict) throw outOfCycles(canister.text, short)
    return
  }
  canister.cycles -= ingressCost(content.method_name, content.arg)
}

/** Asks the canister itself, where it looks at messages; it pays nothing for that. */
function inspect(chain: Chain, canister: Canister, content: CallContent): void {
  const { code, heap, stable, text } = canister
  if (code === undefined || !code.rewritten.functions.has('canister_inspect_message')) return
  const { sender: caller, arg, method_name: method } = content
  const frame = new Frame({
    ...{ mode: 'F', canister, caller, arg, method, time: chain.now() },
    ...{ limit: chain.limits.inspect, balance: canister.cycles },
  })
  const entries = ['canister_inspect_message']
  const outcome = chain.executor.run({ code, heap, stable }, frame, entries)
  if (outcome.isGood && frame.isAccepted) return
  const message = outcome.isGood
    ? `Canister ${text} rejected the message`
    : `Error from Canister ${text}: ${outcome.trap.message}`
  throw new Rejected(
    outcome.isGood ? 4 : 5,
    outcome.isGood ? 'IC0406' : outcome.trap.errorCode,
    message,
  )
}
