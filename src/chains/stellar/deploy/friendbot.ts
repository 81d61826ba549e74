/** The friendbot of a test network, which makes accounts and gives them coins that are worth nothing. */
import { z } from 'zod'
import { badAnswer, unreachable } from '../../../node/anchor/errors.ts'
import { shownAddress } from '../../../node/primitives/shown-address.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { fetchJson } from '../../shared/fetch-json.ts'

const NETWORK = z.object({
  friendbotUrl: z
    .url({ protocol: /^https?$/ })
    .max(2048)
    .optional(),
})

/** Time for its answer: it waits for a ledger, ms. */
const TIMEOUT_MS = 30_000
/** Bytes of its answer. */
const MAX_ANSWER_BYTES = 65_536

/** Where the friendbot of an endpoint's network is; undefined where there is none. */
export async function readFriendbot(endpoint: Endpoint): Promise<string | undefined> {
  const answer = NETWORK.safeParse(await endpoint.send('getNetwork', {}))
  if (answer.success) return answer.data.friendbotUrl
  throw badAnswer(endpoint.name, 'a network of another shape')
}

/** Has an account made. One that is there already is as good. @throws ANCHOR_UNREACHABLE (transport), ANCHOR_BAD_ANSWER (protocol) */
export async function askFriendbot(
  friendbot: string,
  address: string,
  signal?: AbortSignal,
): Promise<void> {
  const url = new URL(friendbot)
  url.searchParams.set('addr', address)
  const bounds = { timeoutMs: TIMEOUT_MS, maxBytes: MAX_ANSWER_BYTES, signal }
  const { status, json } = await fetchJson(url.href, bounds)
  const isThere = status === 400 && JSON.stringify(json).includes('AccountAlreadyExist')
  if (status !== 200 && !isThere) throw unreachable(shownAddress(friendbot), `status ${status}`)
}
