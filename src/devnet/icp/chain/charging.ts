/** What canisters pay for being there; one that cannot loses its module, as on the chain. */
import { type Canister } from '../canister/canister.ts'
import { NO_HEAP, NO_STABLE } from '../canister/memory.ts'
import { idleCost } from '../cycles.ts'
import { CHARGE_INTERVAL_NS } from '../parameters.ts'
import type { Chain } from './chain.ts'
import { abandonCalls } from './contexts.ts'

export function chargeForTime(chain: Chain, now: bigint): void {
  for (const canister of chain.state.canisters.values()) {
    const passed = now - canister.chargedAt
    if (passed < CHARGE_INTERVAL_NS) continue
    canister.chargedAt = now
    const cost = idleCost(canister, passed)
    if (cost <= canister.cycles) {
      canister.cycles -= cost
    } else {
      canister.cycles = 0n
      uninstall(chain, canister)
    }
  }
}

/** Takes module, memories and timer away. */
export function uninstall(chain: Chain, canister: Canister): void {
  canister.code = undefined
  canister.heap = NO_HEAP
  canister.stable = NO_STABLE
  canister.certifiedData = new Uint8Array(0)
  canister.chunks = new Map()
  canister.logs = []
  canister.timer = 0n
  canister.version++
  chain.executor.forget(canister.text)
  abandonCalls(chain, canister)
}
