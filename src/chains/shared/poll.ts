/** How often a chain is looked at. */
import { isOnThisMachine } from './endpoint-address.ts'
import { LOCAL_POLL_MS } from './limits.ts'

/** Pause between two looks, ms: short when every endpoint is on this machine. @param otherwise the chain's own pace */
export function pollMsFor(urls: readonly string[], otherwise: number): number {
  return urls.every(isOnThisMachine) ? LOCAL_POLL_MS : otherwise
}
