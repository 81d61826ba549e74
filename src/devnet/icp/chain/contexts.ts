/** Calls that are open: how they are answered, and when they end. */
import type { Canister } from '../canister/canister.ts'
import type { Response } from '../canister/frame.ts'
import type { Rejected } from '../errors.ts'
import type { Chain } from './chain.ts'
import { putRequest } from './requests.ts'
import type { CallContext, Origin } from './state.ts'

export function rejection(error: Rejected): Response {
  const { code, message, errorCode } = error
  return { type: 'reject', code, message, errorCode }
}

/** Sends an answer where it is waited for, with the cycles that were not taken. */
export function respond(chain: Chain, origin: Origin, response: Response, refund: bigint): void {
  const { state } = chain
  if (origin.type === 'ingress') {
    const request = state.requests.get(origin.request)
    if (request === undefined || request.status === 'answered') return
    putRequest(state, { ...request, status: 'answered', response })
  } else if (origin.type === 'canister') {
    state.queue.push({ type: 'response', callback: origin.callback, response, refund })
  }
}

/** How many answers a call still waits for. */
export function openCallbacks(chain: Chain, context: number): number {
  let count = 0
  for (const one of chain.state.callbacks.values()) if (one.context === context) count++
  return count
}

/** Callbacks of a canister: what it asked others for and got no answer to. */
export function openCallsOf(chain: Chain, canister: string): number {
  let count = 0
  for (const one of chain.state.callbacks.values()) if (one.canister === canister) count++
  return count
}

/**
 * Keeps a call as it is after a message of it; ends it where nothing is open. One that nothing will ever answer is answered with a rejection:
 * `failure`, or that the canister did not reply.
 */
export function settle(chain: Chain, context: CallContext, failure?: Response): void {
  const { state } = chain
  if (openCallbacks(chain, context.id) > 0) {
    state.contexts.set(context.id, context)
    return
  }
  state.contexts.delete(context.id)
  if (!context.isAnswered) {
    respond(chain, context.origin, failure ?? didNotReply(context.canister), context.available)
  }
  const canister = state.canisters.get(context.canister)
  if (canister !== undefined) finishStopping(chain, canister)
}

function didNotReply(canister: string): Response {
  const message = `Error from Canister ${canister}: Canister did not reply to the call`
  return { type: 'reject', code: 5, message, errorCode: 'IC0506' }
}

/** Whether calls of a canister are open. */
export function hasOpenCalls(chain: Chain, canister: string): boolean {
  for (const one of chain.state.contexts.values()) if (one.canister === canister) return true
  return false
}

/** A canister that is stopping has stopped when its last call ends; whoever asked for it hears so. */
export function finishStopping(chain: Chain, canister: Canister): void {
  if (canister.status !== 'stopping' || hasOpenCalls(chain, canister.text)) return
  canister.status = 'stopped'
  canister.version++
  answerStops(chain, canister.text, () => ({ type: 'reply', bytes: NO_VALUES }))
}

/** Answers those who wait for a canister to stop, as far as `response` has an answer. */
export function answerStops(
  chain: Chain,
  canister: string,
  response: (since: bigint) => Response | undefined,
): void {
  const { stopping } = chain.state
  const all = stopping.splice(0)
  for (const one of all) {
    const answer = one.canister === canister ? response(one.since) : undefined
    if (answer === undefined) stopping.push(one)
    else respond(chain, one.origin, answer, one.cycles)
  }
}

/** Candid of no values at all. */
export const NO_VALUES: Uint8Array = Uint8Array.of(0x44, 0x49, 0x44, 0x4c, 0, 0)

/** All calls of a canister that lost its module: rejected. Answers to what they asked for bring back cycles, and nothing else. */
export function abandonCalls(chain: Chain, canister: Canister): void {
  const { contexts } = chain.state
  const message = 'Canister has been uninstalled.'
  for (const { id, canister: text, isAnswered, origin, available } of [...contexts.values()]) {
    if (text !== canister.text) continue
    contexts.delete(id)
    if (isAnswered) continue
    const response = { type: 'reject', code: 4, message, errorCode: 'IC0406' } as const
    respond(chain, origin, response, available)
  }
  finishStopping(chain, canister)
}
