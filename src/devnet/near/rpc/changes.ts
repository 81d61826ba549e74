/** `EXPERIMENTAL_changes` and `EXPERIMENTAL_changes_in_block`: what a block changed, of what was asked for. */
import { z } from 'zod'
import type { Chain } from '../chain/chain.ts'
import type { Change, ChangeCause } from '../chain/changes.ts'
import { parseError } from './errors.ts'
import { blockOf, referenceSchema, stateOf } from './reference.ts'
import { accessKeyView, accountView, base64, fromBase64 } from './views.ts'

const accounts = { account_ids: z.array(z.string()) }
const changesSchema = z.discriminatedUnion('changes_type', [
  z.object({ changes_type: z.literal('account_changes'), ...accounts }),
  z.object({ changes_type: z.literal('contract_code_changes'), ...accounts }),
  z.object({ changes_type: z.literal('all_access_key_changes'), ...accounts }),
  z.object({
    changes_type: z.literal('single_access_key_changes'),
    keys: z.array(z.object({ account_id: z.string(), public_key: z.string() })),
  }),
  z.object({
    changes_type: z.literal('data_changes'),
    ...accounts,
    key_prefix_base64: z.string(),
  }),
])

type ChangesQuery = z.infer<typeof changesSchema>

/** @throws RpcError */
export function changesAnswer(chain: Chain, params: unknown): object {
  const [named] = Array.isArray(params) ? (params as unknown[]) : [params]
  const parsed = changesSchema.safeParse(named)
  const reference = referenceSchema.safeParse(named)
  if (!parsed.success || !reference.success) throw parseError('Failed parsing args: no such change')
  const block = blockOf(chain, reference.data)
  stateOf(chain, block)
  const found = (chain.changes(block.height) ?? []).filter((change) => isAsked(change, parsed.data))
  return {
    block_hash: block.hash,
    changes: found.map((change) => ({ cause: causeView(change.cause), ...changeView(change) })),
  }
}

/** Which accounts a block touched, and how. @throws RpcError */
export function changesInBlock(chain: Chain, params: unknown): object {
  const [named] = Array.isArray(params) ? (params as unknown[]) : [params]
  const reference = referenceSchema.safeParse(named)
  if (!reference.success) throw parseError('Failed parsing args: no such block reference')
  const block = blockOf(chain, reference.data)
  stateOf(chain, block)
  const touched = new Map<string, object>()
  for (const { type, accountId } of chain.changes(block.height) ?? []) {
    const kind = TOUCHED[type]
    touched.set(`${kind} ${accountId}`, { type: kind, account_id: accountId })
  }
  return { block_hash: block.hash, changes: [...touched.values()] }
}

const TOUCHED = {
  account: 'account_touched',
  key: 'access_key_touched',
  data: 'data_touched',
  code: 'contract_code_touched',
} as const

function isAsked(change: Change, query: ChangesQuery): boolean {
  switch (query.changes_type) {
    case 'account_changes':
      return change.type === 'account' && query.account_ids.includes(change.accountId)
    case 'contract_code_changes':
      return change.type === 'code' && query.account_ids.includes(change.accountId)
    case 'all_access_key_changes':
      return change.type === 'key' && query.account_ids.includes(change.accountId)
    case 'single_access_key_changes':
      return query.keys.some(
        ({ account_id, public_key }) =>
          change.type === 'key' &&
          change.accountId === account_id &&
          change.publicKey === public_key,
      )
    case 'data_changes': {
      if (change.type !== 'data' || !query.account_ids.includes(change.accountId)) return false
      const prefix = fromBase64(query.key_prefix_base64)
      return prefix.every((byte, i) => change.key[i] === byte)
    }
  }
}

function causeView(cause: ChangeCause): object {
  switch (cause.type) {
    case 'transaction':
      return { type: 'transaction_processing', tx_hash: cause.id }
    case 'receipt':
      return { type: 'receipt_processing', receipt_hash: cause.id }
    case 'patch':
      return { type: 'not_writable_to_disk' }
  }
}

function changeView(change: Change): object {
  const { accountId: account_id } = change
  switch (change.type) {
    case 'account':
      return change.account === undefined
        ? { type: 'account_deletion', change: { account_id } }
        : { type: 'account_update', change: { account_id, ...accountView(change.account) } }
    case 'key': {
      const public_key = change.publicKey
      if (change.key === undefined) {
        return { type: 'access_key_deletion', change: { account_id, public_key } }
      }
      const access_key = accessKeyView(change.key)
      return { type: 'access_key_update', change: { account_id, public_key, access_key } }
    }
    case 'data': {
      const key_base64 = base64(change.key)
      if (change.value === undefined) {
        return { type: 'data_deletion', change: { account_id, key_base64 } }
      }
      const value_base64 = base64(change.value)
      return { type: 'data_update', change: { account_id, key_base64, value_base64 } }
    }
    case 'code':
      return change.code === undefined
        ? { type: 'contract_code_deletion', change: { account_id } }
        : {
            type: 'contract_code_update',
            change: { account_id, code_base64: base64(change.code) },
          }
  }
}
