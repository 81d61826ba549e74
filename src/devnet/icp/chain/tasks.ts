/** What happens because time passes. */
import { MANAGEMENT } from '../codec/principal.ts'
import { STATUS_KEPT_NS, STOP_TIMEOUT_NS } from '../parameters.ts'
import type { Chain } from './chain.ts'
import { answerStops } from './contexts.ts'
import { runTask } from './deliver.ts'
import { dropRequest } from './requests.ts'

/** Timers that are due, and heartbeats. */
export function runTasks(chain: Chain, now: bigint): void {
  for (const canister of [...chain.state.canisters.values()]) {
    if (canister.code === undefined || canister.status !== 'running') continue
    const { functions } = canister.code.rewritten
    if (canister.timer !== 0n && canister.timer <= now) {
      canister.timer = 0n
      if (functions.has('canister_global_timer')) {
        runTask(chain, canister, 'canister_global_timer', MANAGEMENT)
      }
    }
    if (functions.has('canister_heartbeat')) {
      runTask(chain, canister, 'canister_heartbeat', MANAGEMENT)
    }
  }
}

/** Calls that waited for as long as they wanted to, and stops that waited for too long. */
export function timeOut(chain: Chain, now: bigint): void {
  const { state } = chain
  const message = 'Call has timed out.'
  for (const { id, deadline } of state.callbacks.values()) {
    if (deadline === 0n || deadline > now) continue
    const response = { type: 'reject', code: 6, message, errorCode: undefined } as const
    state.queue.unshift({ type: 'response', callback: id, response, refund: 0n })
  }
  for (const { canister } of [...state.stopping]) {
    answerStops(chain, canister, (since) =>
      now - since < STOP_TIMEOUT_NS
        ? undefined
        : {
            ...{ type: 'reject', code: 2, errorCode: 'IC0209' },
            message: `Stop canister request timed out`,
          },
    )
  }
}

/** Answers are kept as long as somebody may ask for them. */
export function dropOldRequests(chain: Chain, now: bigint): void {
  for (const [id, { expiry, status }] of chain.state.requests) {
    if (status === 'answered' && expiry + STATUS_KEPT_NS < now) dropRequest(chain.state, id)
  }
}
