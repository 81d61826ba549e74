/** Functions to call other canisters. */
import { concat, EMPTY } from '../../../../node/primitives/bytes.ts'
import { callCost, freezingThreshold, totalOf } from '../../cycles.ts'
import { Trap, violated } from '../../errors.ts'
import { LIMITS, MAX_BEST_EFFORT_SECONDS } from '../../parameters.ts'
import type { CallDraft } from '../frame.ts'
import { type ApiFunctions, join128, type Machine, unsigned, type Word } from './machine.ts'

/** What `call_perform` says where the call was not made: the system, for now. */
const NOT_MADE = 2
const MADE = 0

export function callFunctions(machine: Machine): ApiFunctions {
  const draft = (): CallDraft => {
    const { draft: current } = machine.frame
    if (current === undefined) throw violated('there is no call under construction')
    return current
  }
  /** Cycles of a call that is not made come back. */
  const drop = (): void => {
    const { frame } = machine
    frame.balance += frame.draft?.cycles ?? 0n
    frame.draft = undefined
  }
  const addCycles = (amount: bigint): void => {
    const { frame } = machine
    const call = draft()
    if (amount > frame.balance - freezingThreshold(frame.canister)) {
      const { text } = frame.canister
      const message = `Canister ${text} is out of cycles: requested ${amount} cycles, available balance ${frame.balance} cycles`
      throw new Trap('IC0504', message)
    }
    frame.balance -= amount
    call.cycles += amount
  }
  return {
    call_new: (
      callee: Word,
      calleeLength: Word,
      method: Word,
      methodLength: Word,
      ...closures: readonly Word[]
    ) => {
      drop()
      const [replyIndex = 0, replyValue = 0, rejectIndex = 0, rejectValue = 0] = closures
      machine.frame.draft = {
        callee: machine.read(callee, calleeLength),
        method: machine.readText(method, methodLength),
        arg: EMPTY,
        cycles: 0n,
        reply: { index: replyIndex, environment: replyValue },
        reject: { index: rejectIndex, environment: rejectValue },
        cleanup: undefined,
        timeoutSeconds: undefined,
      }
    },
    call_on_cleanup: (index: Word, environment: Word) => {
      const call = draft()
      if (call.cleanup !== undefined) throw violated('the call has a clean-up already')
      call.cleanup = { index, environment }
    },
    call_data_append: (pointer: Word, length: Word) => {
      const call = draft()
      const arg = concat(call.arg, machine.read(pointer, length))
      if (arg.length > LIMITS.payload) {
        throw violated(`an argument has ${LIMITS.payload} bytes at most`)
      }
      call.arg = arg
    },
    call_with_best_effort_response: (seconds: number) => {
      const call = draft()
      if (call.timeoutSeconds !== undefined) throw violated('the call has a timeout already')
      call.timeoutSeconds = Math.min(seconds >>> 0, MAX_BEST_EFFORT_SECONDS)
    },
    call_cycles_add: (amount: bigint) => addCycles(unsigned(amount)),
    call_cycles_add128: (high: bigint, low: bigint) => addCycles(join128(high, low)),
    call_perform: () => {
      const { frame } = machine
      const call = draft()
      const isFree = !frame.isReplicated
      const bytes = BigInt(call.method.length + call.arg.length)
      const cost = callCost(bytes, machine.system.messageLimit, machine.isWide)
      const total = isFree ? 0n : totalOf(cost)
      const isTooMuch = !isFree && frame.balance - total < freezingThreshold(frame.canister)
      if (isTooMuch || frame.openCalls + frame.calls.length >= LIMITS.openCalls) {
        drop()
        return NOT_MADE
      }
      frame.balance -= total
      const { transmission, execution } = cost
      const prepaid = isFree ? { transmission: 0n, execution: 0n } : { transmission, execution }
      frame.calls.push({ ...call, prepaid })
      frame.draft = undefined
      return MADE
    },
  }
}
