/** Where the chain stands: the newest ledger, which is final, what an endpoint still knows, and the time of the next one. */
import { z } from 'zod'
import { agreedTime, badAnswer } from '../../../node/anchor/errors.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Endpoint, Endpoints } from '../../shared/endpoints.ts'
import { Heights } from '../../shared/heights.ts'
import { PASSPHRASES } from '../constants.ts'
import { LEDGER, WHOLE } from './numbers.ts'

/** Which ledgers an endpoint has. */
export interface Window {
  readonly latest: number
  /** The oldest whose transactions and events it still knows. */
  readonly oldest: number
  /** When the latest closed, Unix seconds. */
  readonly closeTime: bigint
}

const HEALTH = z.object({
  latestLedger: LEDGER,
  oldestLedger: LEDGER,
  latestLedgerCloseTime: WHOLE,
})

/** @throws ANCHOR_BAD_ANSWER (protocol), CHAIN_RPC */
export async function readWindow(endpoint: Endpoint): Promise<Window> {
  const answer = HEALTH.safeParse(await endpoint.send('getHealth', {}))
  if (!answer.success) throw badAnswer(endpoint.name, 'a state of another shape')
  const { latestLedger: latest, oldestLedger: oldest, latestLedgerCloseTime } = answer.data
  return { latest, oldest, closeTime: latestLedgerCloseTime }
}

/** How far the chain was seen: each answer says which ledger it is true at, and none is ever taken back. */
export function stellarHeights(rpc: Endpoints, clock: Clock, pollMs: number): Heights {
  const readHeadTime = async (endpoint: Endpoint): Promise<bigint> =>
    (await readWindow(endpoint)).closeTime
  return new Heights(rpc, { chain: 'stellar', clock, pollMs, readHeadTime }, clock)
}

/**
 * Reads the time of the newest ledger, Unix seconds: requests are judged by that of the next one, some five seconds away. What an endpoint says is held to
 * the machine's time. A network on one machine may have been idle since, so a machine that is ahead counts there; the public ones never are.
 * What it makes throws ANCHOR_CLOCK (protocol) when both differ too much.
 */
export function readTimeOf(
  passphrase: string,
): (endpoint: Endpoint, machineSeconds: bigint) => Promise<bigint> {
  const mayIdle = !Object.values(PASSPHRASES).includes(passphrase)
  return async (endpoint, machineSeconds) => {
    const { closeTime } = await readWindow(endpoint)
    const isIdle = mayIdle && machineSeconds > closeTime
    return isIdle ? machineSeconds : agreedTime(endpoint.name, closeTime, machineSeconds)
  }
}
