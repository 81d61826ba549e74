/** Entries that a group lives in, and how long each of them does. */
import { equalBytes, toBase58 } from '../../../node/primitives/bytes.ts'
import { coreKeys } from '../../shared/core/keys.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { askView, type Target } from '../contracts/views.ts'
import { stellarError } from '../errors.ts'
import { MAX_KEPT_MEMBERS } from '../limits.ts'
import { MAX_KEYS, viewRows } from '../rpc/entries.ts'

/** Members in one answer of the contract. */
const PAGE = 100

/** An entry of a contract. */
export interface RowLife {
  readonly key: Uint8Array
  /** Last ledger that it lives in. */
  readonly liveUntil: number
}

export interface GroupLife {
  /** What was asked for: a context, or a group. */
  readonly subject: string
  readonly group: string
  readonly members: number
  /** That it is true at, or a little later. */
  readonly ledger: number
  readonly rows: readonly RowLife[]
}

/**
 * The entries of a group: itself, the context that was asked for, each member and its place. `subject`: a context of it, or itself, 32 bytes.
 * @throws CHAIN_NO_CONTRACT (missing); CHAIN_DEPLOY (chain) where there is no such group
 */
export async function groupLife(
  endpoint: Endpoint,
  address: string,
  subject: Uint8Array,
): Promise<GroupLife> {
  const target: Target = { contract: 'contexts', address }
  const { ledger, answer: found } = await askView(endpoint, target, 'group', subject)
  if (found === undefined) {
    const message = `there is neither a context nor a group ${toBase58(subject)} in ${address}`
    throw stellarError('CHAIN_NO_CONTRACT', message, { subject: toBase58(subject), address })
  }
  const { id: group, count } = found
  const keys = [coreKeys.group(group)]
  // a context may have the id of its own group
  keys.push(coreKeys.context(subject))
  const members = Math.min(count, MAX_KEPT_MEMBERS)
  for (let offset = 0; offset < members; offset += PAGE) {
    const { answer: page } = await askView(endpoint, target, 'members', group, offset, PAGE)
    for (const [i, { identity }] of (page?.items ?? []).entries()) {
      keys.push(coreKeys.member(group, identity), coreKeys.slot(group, offset + i))
    }
  }
  const rows = await livesOf(endpoint, address, keys)
  return {
    subject: toBase58(subject),
    group: equalBytes(group, subject) ? toBase58(subject) : toBase58(group),
    ...{ members: count, ledger, rows },
  }
}

/** Those that are there. */
async function livesOf(
  endpoint: Endpoint,
  address: string,
  keys: readonly Uint8Array[],
): Promise<RowLife[]> {
  const lives: RowLife[] = []
  for (let from = 0; from < keys.length; from += MAX_KEYS) {
    const part = keys.slice(from, from + MAX_KEYS)
    const { rows } = await viewRows(endpoint, address, part)
    for (const [i, key] of part.entries()) {
      const row = rows[i]
      if (row !== undefined) lives.push({ key, liveUntil: row.liveUntil })
    }
  }
  return lives
}
