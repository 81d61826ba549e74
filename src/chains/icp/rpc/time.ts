/** The time by which requests are judged, as the network certifies it. */
import { agreedTime } from '../../../node/anchor/errors.ts'
import { isOnThisMachine } from '../../shared/endpoint-address.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import type { Heights } from '../../shared/heights.ts'
import { ask } from './asked.ts'

const NS_PER_SECOND = 1_000_000_000n

/**
 * Reads the time of the chain, Unix seconds, held to this machine's unless the chain runs on it. Whoever is asked afterwards must be as far.
 * What it makes throws ANCHOR_CLOCK (protocol) when both differ too much.
 */
export function readTimeBy(
  urls: readonly string[],
  canister: Uint8Array,
  heights: Heights,
): (endpoint: Endpoint, machineSeconds: bigint) => Promise<bigint> {
  const mayDiffer = urls.every(isOnThisMachine)
  return async (endpoint, machineSeconds) => {
    const { time } = await ask(endpoint, 'read_state', { canister, paths: [['time']] })
    const seconds = time / NS_PER_SECOND
    if (!mayDiffer) agreedTime(endpoint.name, seconds, machineSeconds)
    heights.saw(time)
    return seconds
  }
}
