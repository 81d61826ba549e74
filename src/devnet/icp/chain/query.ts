/** Queries: executed on what is there, and nothing of them stays. Composite queries may ask other canisters of the subnet. */
import type { Canister } from '../canister/canister.ts'
import type { Outcome } from '../canister/execute.ts'
import { Frame, type FrameInit, type OutgoingCall, type Response } from '../canister/frame.ts'
import type { Entry } from '../canister/instance.ts'
import type { HeapState, StableState } from '../canister/memory.ts'
import { principalText } from '../codec/principal.ts'
import { freezingThreshold } from '../cycles.ts'
import { Rejected, rejectedBy } from '../errors.ts'
import { LEDGER_ID } from '../ledger/ids.ts'
import { queryLedger } from '../ledger/ledger.ts'
import { queryManagement } from '../management/logs.ts'
import { checkRunning } from './admit.ts'
import type { Chain } from './chain.ts'
import { rejection } from './contexts.ts'

/** Canisters that ask each other. */
const MAX_DEPTH = 6

/** Who asks what. */
interface Question {
  readonly caller: Uint8Array
  readonly callee: Uint8Array
  readonly method: string
  readonly arg: Uint8Array
}

/** What the whole of a query may still take. */
interface Budget {
  left: bigint
}

export function runQuery(chain: Chain, question: Question): Response {
  const { callee } = question
  try {
    if (callee.length === 0) return reply(queryManagement(chain, question))
    if (principalText(callee) === LEDGER_ID) return reply(queryLedger(chain, question))
    const budget = { left: chain.limits.query }
    const response = ask(chain, question, budget, 0)
    count(chain.canister(callee), chain.limits.query - budget.left, question, response)
    return response
  } catch (error) {
    if (error instanceof Rejected) return rejection(error)
    throw error
  }
}

function reply(bytes: Uint8Array): Response {
  return { type: 'reply', bytes }
}

function count(
  canister: Canister,
  instructions: bigint,
  { arg }: Question,
  response: Response,
): void {
  const { queries } = canister
  const answer = response.type === 'reply' ? response.bytes.length : response.message.length
  canister.queries = {
    calls: queries.calls + 1n,
    instructions: queries.instructions + instructions,
    requestBytes: queries.requestBytes + BigInt(arg.length),
    responseBytes: queries.responseBytes + BigInt(answer),
  }
}

/** @throws Rejected where nothing is executed */
function ask(chain: Chain, question: Question, budget: Budget, depth: number): Response {
  const { method } = question
  const canister = chain.canister(question.callee)
  checkRunning(canister)
  if (canister.cycles < freezingThreshold(canister)) {
    const reason = `is unable to process query calls because it's frozen. Please top up the canister with cycles and try again.`
    throw new Rejected(2, 'IC0207', `Canister ${canister.text} ${reason}`)
  }
  const functions = canister.code?.rewritten.functions
  if (functions?.has(`canister_query ${method}`) === true) {
    return new OpenQuery(chain, canister, question, budget, depth).run('NRQ')
  }
  if (functions?.has(`canister_composite_query ${method}`) === true) {
    return new OpenQuery(chain, canister, question, budget, depth).run('CQ')
  }
  const reason = `Canister has no query method '${method}'.`
  throw new Rejected(5, 'IC0536', `Error from Canister ${canister.text}: ${reason}`)
}

/** A query with what it wrote so far: its callbacks see that, and nobody else does. */
class OpenQuery {
  readonly #chain: Chain
  readonly #canister: Canister
  readonly #question: Question
  readonly #budget: Budget
  readonly #depth: number
  #heap: HeapState
  #stable: StableState
  #response: Response | undefined
  readonly #calls: OutgoingCall[] = []

  constructor(chain: Chain, canister: Canister, question: Question, budget: Budget, depth: number) {
    this.#chain = chain
    this.#canister = canister
    this.#question = question
    this.#budget = budget
    this.#depth = depth
    this.#heap = canister.heap
    this.#stable = canister.stable
  }

  run(mode: 'NRQ' | 'CQ'): Response {
    const { method, arg } = this.#question
    const entry = `canister_${mode === 'CQ' ? 'composite_query' : 'query'} ${method}`
    const hasCertificate = this.#depth === 0
    const outcome = this.#execute([entry], { mode, arg, method, hasCertificate })
    let failure = this.#failureOf(outcome)
    for (let call = this.#calls.shift(); call !== undefined; call = this.#calls.shift()) {
      failure = this.#answer(call) ?? failure
    }
    return this.#response ?? failure ?? this.#didNotReply()
  }

  #didNotReply(): Response {
    const message = `Error from Canister ${this.#canister.text}: Canister did not reply to the call`
    return { type: 'reject', code: 5, message, errorCode: 'IC0506' }
  }

  #failureOf(outcome: Outcome): Response | undefined {
    if (outcome.isGood) return undefined
    return rejection(rejectedBy(this.#canister.text, outcome.trap))
  }

  /** Makes a call and hands its answer in. @returns how that failed */
  #answer({
    callee,
    method,
    arg,
    reply: onReply,
    reject,
    cleanup,
  }: OutgoingCall): Response | undefined {
    const response = this.#ask({ caller: this.#canister.id, callee, method, arg })
    const isReply = response.type === 'reply'
    const outcome = this.#execute([isReply ? onReply : reject], {
      mode: isReply ? 'CRy' : 'CRt',
      ...(isReply ? { arg: response.bytes } : { reject: response }),
    })
    if (!outcome.isGood && cleanup !== undefined) this.#execute([cleanup], { mode: 'CC' })
    return this.#failureOf(outcome)
  }

  #ask(question: Question): Response {
    const { text } = this.#canister
    try {
      if (this.#depth + 1 >= MAX_DEPTH) {
        throw new Rejected(5, 'IC0527', `queries of ${text} go ${MAX_DEPTH} canisters deep at most`)
      }
      return ask(this.#chain, question, this.#budget, this.#depth + 1)
    } catch (error) {
      if (error instanceof Rejected) return rejection(error)
      throw error
    }
  }

  #execute(
    entries: readonly Entry[],
    given: Partial<FrameInit> & Pick<FrameInit, 'mode'>,
  ): Outcome {
    const { code, cycles: balance } = this.#canister
    if (code === undefined) throw new RangeError('expected a canister with a module')
    const frame = new Frame({
      ...{ ...given, canister: this.#canister, caller: this.#question.caller, balance },
      ...{ time: this.#chain.now(), limit: this.#budget.left },
      awaitsAnswer: this.#response === undefined,
    })
    const before = { code, heap: this.#heap, stable: this.#stable }
    const outcome = this.#chain.executor.run(before, frame, entries)
    this.#budget.left -= outcome.instructions
    if (outcome.isGood) {
      this.#heap = outcome.heap
      this.#stable = outcome.stable
      this.#response ??= frame.response
      this.#calls.push(...frame.calls)
    }
    return outcome
  }
}
