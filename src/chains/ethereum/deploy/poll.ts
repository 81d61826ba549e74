/** How often a chain is looked at. */
import { POLL_MS } from '../limits.ts'
import { LOCAL_POLL_MS } from '../../shared/limits.ts'

const LOCAL_HOSTS: readonly string[] = ['127.0.0.1', 'localhost', '[::1]']

/** Pause between two looks, ms: short when every endpoint is on this machine. */
export function pollMsFor(rpcUrls: readonly string[]): number {
  const isHere = rpcUrls.every((url) => LOCAL_HOSTS.includes(new URL(url).hostname))
  return isHere ? LOCAL_POLL_MS : POLL_MS
}
