/** Whose signatures stand for a Stellar account: what its address says, and what the network says. */
import { extractBaseAddress, StrKey } from '@stellar/stellar-sdk'
import { z } from 'zod'
import { badAnswer, unreachable } from '../../node/anchor/errors.ts'
import { isStrongKey } from '../../node/crypto/sign.ts'
import { shownAddress } from '../../node/primitives/shown-address.ts'
import { fetchJson } from '../shared/fetch-json.ts'
import { LOOK_UP_TIMEOUT_MS } from '../shared/limits.ts'
import type { ChainEndpoint } from '../shared/look-up.ts'
import { MAX_HORIZON_ANSWER_BYTES, MAX_SIGNERS } from './limits.ts'

/** An address that names an account, or why it does not. */
export type ReadAddress =
  | { readonly account: string; readonly problem?: undefined }
  | { readonly account?: undefined; readonly problem: string }

/** The account `G...` of an address. A multiplexed address `M...` is a number beside an account, so that its account it is. */
export function readAddress(address: string): ReadAddress {
  if (StrKey.isValidContract(address)) return { problem: 'contract accounts cannot sign in' }
  const account = StrKey.isValidMed25519PublicKey(address) ? extractBaseAddress(address) : address
  if (!StrKey.isValidEd25519PublicKey(account)) return { problem: 'the account is no address' }
  return isStrongKey(StrKey.decodeEd25519PublicKey(account))
    ? { account }
    : { problem: 'the key is of small order or not canonical' }
}

/** Who signs for an account. */
export interface AccountSigners {
  /** Whether the network knows the account. One that it does not know is its master key. */
  readonly exists: boolean
  /** Weight that signatures need together: the account's medium threshold, as SEP-10 has it, and at least 1. */
  readonly threshold: number
  /** Ed25519 keys that weigh anything, as `G...`. */
  readonly signers: readonly Signer[]
}

export interface Signer {
  readonly key: string
  readonly weight: number
}

/** Who signs for an account that the network does not know. */
export function masterOnly(account: string): AccountSigners {
  return { exists: false, threshold: 1, signers: [{ key: account, weight: 1 }] }
}

/** Whether signatures of these keys are enough. */
export function isEnough({ threshold, signers }: AccountSigners, keys: readonly string[]): boolean {
  const weights = signers.filter(({ key }) => keys.includes(key)).map(({ weight }) => weight)
  return weights.reduce((sum, weight) => sum + weight, 0) >= threshold
}

const WEIGHT = z.int().min(0).max(255)

const ACCOUNT = z.object({
  account_id: z.string(),
  thresholds: z.object({ med_threshold: WEIGHT }),
  signers: z.array(z.object({ key: z.string(), weight: WEIGHT })).max(MAX_SIGNERS + 1),
})

/** Horizon's own word that it does not know the account. A 404 of anything else that answers at that address says nothing about accounts. */
const NOT_FOUND = z.object({ type: z.literal('https://stellar.org/horizon-errors/not_found') })

/**
 * Asks one Horizon.
 * @throws ANCHOR_UNREACHABLE (transport), ANCHOR_BAD_ANSWER (protocol), ABORTED
 * @see https://developers.stellar.org/docs/data/apis/horizon/api-reference/retrieve-an-account
 */
export async function viewSigners(
  { url, headers }: ChainEndpoint,
  account: string,
  signal: AbortSignal | undefined,
): Promise<AccountSigners> {
  const base = new URL(url.endsWith('/') ? url : `${url}/`)
  const where = shownAddress(url)
  const { status, json } = await fetchJson(new URL(`accounts/${account}`, base).href, {
    headers,
    timeoutMs: LOOK_UP_TIMEOUT_MS,
    maxBytes: MAX_HORIZON_ANSWER_BYTES,
    signal,
  })
  if (status === 404 && NOT_FOUND.safeParse(json).success) return masterOnly(account)
  if (status !== 200) throw unreachable(where, `status ${status}`)
  const answer = ACCOUNT.safeParse(json)
  if (!answer.success) throw badAnswer(where, 'something that is no account')
  const { account_id, thresholds, signers } = answer.data
  if (account_id !== account) throw badAnswer(where, 'another account')
  return {
    exists: true,
    threshold: Math.max(1, thresholds.med_threshold),
    signers: signers.filter(isKey),
  }
}

/**
 * Signers by hash (`X...`), by pre-authorised transaction (`T...`) or for one payload (`P...`) cannot sign a challenge, and a weight of 0 is how an
 * account disowns a key.
 */
function isKey({ key, weight }: Signer): boolean {
  return weight > 0 && readAddress(key).account === key
}
