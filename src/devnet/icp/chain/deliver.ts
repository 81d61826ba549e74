/** Executes one message that waits: a call, an answer to one, or a task of the system; and keeps what comes of it. */
import type { Canister } from '../canister/canister.ts'
import type { Outcome } from '../canister/execute.ts'
import { Frame, type FrameInit, type OutgoingCall, type Response } from '../canister/frame.ts'
import type { Entry } from '../canister/instance.ts'
import { executionCost, freezingThreshold, transmissionCost } from '../cycles.ts'
import { outOfCycles, Rejected, rejectedBy } from '../errors.ts'
import { LEDGER_ID } from '../ledger/ids.ts'
import { callLedger } from '../ledger/ledger.ts'
import { callManagement } from '../management/methods.ts'
import { principalText } from '../codec/principal.ts'
import { SECOND_NS } from '../parameters.ts'
import { log, withinMemory } from './outcome.ts'
import { checkRunning } from './admit.ts'
import type { Chain } from './chain.ts'
import { putRequest } from './requests.ts'
import { openCallsOf, rejection, respond, settle } from './contexts.ts'
import type { CallContext, Callback, Message } from './state.ts'

type Call = Extract<Message, { readonly type: 'call' }>
type Answer = Extract<Message, { readonly type: 'response' }>

export function deliverCall(chain: Chain, message: Call): void {
  const { origin, callee } = message
  const { requests } = chain.state
  const request = origin.type === 'ingress' ? requests.get(origin.request) : undefined
  if (request !== undefined) putRequest(chain.state, { ...request, status: 'processing' })
  try {
    if (callee.length === 0) callManagement(chain, message)
    else if (principalText(callee) === LEDGER_ID) callLedger(chain, message)
    else callCanister(chain, message)
  } catch (error) {
    if (!(error instanceof Rejected)) throw error
    respond(chain, origin, rejection(error), message.cycles)
  }
}

/** @throws Rejected */
function callCanister(chain: Chain, message: Call): void {
  const { method, arg, caller, origin, deadline, cycles } = message
  const canister = chain.canister(message.callee)
  checkRunning(canister)
  const functions = canister.code?.rewritten.functions
  const isUpdate = functions?.has(`canister_update ${method}`) === true
  if (!isUpdate && functions?.has(`canister_query ${method}`) !== true) {
    const reason = `Canister has no update method '${method}'.`
    throw new Rejected(5, 'IC0536', `Error from Canister ${canister.text}: ${reason}`)
  }
  const entry = `canister_${isUpdate ? 'update' : 'query'} ${method}`
  const mode = isUpdate ? 'U' : 'RQ'
  const prepaid = prepay(chain, canister)
  const { outcome, frame } = execute(chain, canister, prepaid, [entry], {
    ...{ mode, caller, arg, method, deadline, available: cycles, awaitsAnswer: true },
  })
  if (!outcome.isGood) throw rejectedBy(canister.text, outcome.trap)
  const { text } = canister
  const id = chain.newId()
  const context = { id, canister: text, caller, origin, deadline, available: cycles }
  finish(chain, { ...context, isAnswered: false, instructions: 0n }, frame, outcome)
}

export function deliverResponse(chain: Chain, message: Answer): void {
  const { callbacks, canisters, contexts } = chain.state
  const callback = callbacks.get(message.callback)
  // its caller did not wait, or is gone
  if (callback === undefined) return
  callbacks.delete(callback.id)
  const canister = canisters.get(callback.canister)
  if (canister === undefined) return
  const { response, refund } = message
  const { transmission, execution } = callback.prepaid
  canister.cycles += transmission - transmissionCost(sizeOf(response)) + refund
  const context = contexts.get(callback.context)
  if (context === undefined || canister.code === undefined) {
    canister.cycles += execution
    return
  }
  answer(chain, canister, callback, context, response, refund)
}

function answer(
  chain: Chain,
  canister: Canister,
  callback: Callback,
  context: CallContext,
  response: Response,
  refunded: bigint,
): void {
  const isReply = response.type === 'reply'
  const { caller, deadline, available, isAnswered, instructions: spentBefore } = context
  const common = { caller, deadline, available, spentBefore }
  const { execution } = callback.prepaid
  const { outcome, frame } = execute(
    chain,
    canister,
    execution,
    [isReply ? callback.reply : callback.reject],
    {
      ...{ ...common, mode: isReply ? 'Ry' : 'Rt', refunded, awaitsAnswer: !isAnswered },
      ...(isReply ? { arg: response.bytes } : { reject: response }),
    },
  )
  if (outcome.isGood) {
    finish(chain, context, frame, outcome)
    return
  }
  if (callback.cleanup !== undefined) {
    // paid for with what is left of what was put aside
    const rest = execution - executionCost(outcome.instructions, canister.code?.isWide ?? false)
    const left = rest > 0n ? rest : 0n
    canister.cycles -= left
    execute(chain, canister, left, [callback.cleanup], { ...common, mode: 'C' })
  }
  const instructions = spentBefore + outcome.instructions
  settle(chain, { ...context, instructions }, rejection(rejectedBy(canister.text, outcome.trap)))
}

/** A task that nobody called for. One that cannot be paid for is left out. */
export function runTask(chain: Chain, canister: Canister, entry: string, caller: Uint8Array): void {
  let prepaid: bigint
  try {
    prepaid = prepay(chain, canister)
  } catch (error) {
    if (error instanceof Rejected) return
    throw error
  }
  const { outcome, frame } = execute(chain, canister, prepaid, [entry], { mode: 'T', caller })
  if (!outcome.isGood) return
  const id = chain.newId()
  const origin = { type: 'system' } as const
  const context = { id, canister: canister.text, caller, origin, deadline: 0n, available: 0n }
  finish(chain, { ...context, isAnswered: true, instructions: 0n }, frame, outcome)
}

/** Puts aside what executing a message costs at most. @throws Rejected where the canister is frozen by that */
function prepay(chain: Chain, canister: Canister): bigint {
  const most = executionCost(chain.limits.message, canister.code?.isWide ?? false)
  const short = freezingThreshold(canister) + most - canister.cycles
  if (short > 0n) throw outOfCycles(canister.text, short)
  canister.cycles -= most
  return most
}

type Given = Omit<FrameInit, 'canister' | 'balance' | 'limit' | 'time' | 'openCalls'>

/** Runs it, keeps what it wrote, and gives back what was put aside and not needed. */
function execute(
  chain: Chain,
  canister: Canister,
  prepaid: bigint,
  entries: readonly Entry[],
  given: Given,
): { readonly outcome: Outcome; readonly frame: Frame } {
  const { code, heap, stable, cycles: balance } = canister
  if (code === undefined) throw new RangeError('expected a canister with a module')
  const { message: limit } = chain.limits
  const openCalls = openCallsOf(chain, canister.text)
  const time = chain.now()
  const frame = new Frame({ ...given, canister, balance, limit, time, openCalls })
  const ran = chain.executor.run({ code, heap, stable }, frame, entries)
  const outcome = frame.mode === 'RQ' ? ran : withinMemory(chain, canister, ran)
  const cost = executionCost(outcome.instructions, code.isWide)
  const back = prepaid > cost ? prepaid - cost : 0n
  if (outcome.isGood) keep(canister, frame, outcome)
  log(canister, frame, outcome)
  canister.cycles = (outcome.isGood ? frame.balance : balance) + back
  return { outcome, frame }
}

function keep(canister: Canister, frame: Frame, outcome: Extract<Outcome, { isGood: true }>): void {
  if (frame.mode === 'RQ') return
  canister.heap = outcome.heap
  canister.stable = outcome.stable
  canister.certifiedData = frame.certifiedData ?? canister.certifiedData
  canister.timer = frame.timer ?? canister.timer
  canister.version++
}

/** Sends calls and answer of a message that ended well, and keeps or ends its call. */
function finish(chain: Chain, context: CallContext, frame: Frame, outcome: Outcome): void {
  for (const call of frame.calls) send(chain, context, frame, call)
  const { response, available } = frame
  if (response !== undefined) respond(chain, context.origin, response, available)
  const isAnswered = context.isAnswered || response !== undefined
  const instructions = context.instructions + outcome.instructions
  // what was not taken went back with the answer
  settle(chain, {
    ...{ ...context, isAnswered, instructions },
    available: response === undefined ? available : 0n,
  })
}

function send(chain: Chain, context: CallContext, frame: Frame, call: OutgoingCall): void {
  const { callee, method, arg, cycles, reply, reject, cleanup, prepaid, timeoutSeconds } = call
  const wait = BigInt(timeoutSeconds ?? 0) * SECOND_NS
  const deadline = timeoutSeconds === undefined ? 0n : frame.time + wait
  const id = chain.newId()
  chain.state.callbacks.set(id, {
    ...{ id, canister: context.canister, context: context.id, cycles, deadline, prepaid },
    ...{ reply, reject, cleanup },
  })
  chain.state.queue.push({
    ...{ type: 'call', origin: { type: 'canister', callback: id }, caller: frame.canister.id },
    ...{ callee, method, arg, cycles, deadline },
  })
}

function sizeOf(response: Response): number {
  return response.type === 'reply' ? response.bytes.length : response.message.length
}
