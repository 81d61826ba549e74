/** What blocks changed, and because of what: the answer to `EXPERIMENTAL_changes`. */
import type { Touch } from '../../shared/ledger.ts'
import type { State, StateTables } from '../state.ts'
import type { AccessKey, Account, PublicKey } from '../types.ts'

/** A transaction, a receipt, or somebody's hand. */
export type ChangeCause =
  { readonly type: 'transaction' | 'receipt'; readonly id: string } | { readonly type: 'patch' }

/** What is there afterwards; undefined: nothing. */
export type Change = { readonly cause: ChangeCause; readonly accountId: string } & (
  | { readonly type: 'account'; readonly account: Account | undefined }
  | { readonly type: 'code'; readonly code: Uint8Array | undefined }
  | { readonly type: 'key'; readonly publicKey: PublicKey; readonly key: AccessKey | undefined }
  | { readonly type: 'data'; readonly key: Uint8Array; readonly value: Uint8Array | undefined }
)

/** Changes of the keys that were touched, as they are now. */
export function changesOf(
  state: State,
  touched: readonly Touch<StateTables>[],
  cause: ChangeCause,
): Change[] {
  return touched.flatMap(({ table, key: at }): Change[] => {
    const slash = at.indexOf('/')
    const accountId = slash === -1 ? at : at.slice(0, slash)
    const rest = at.slice(slash + 1)
    const common = { cause, accountId }
    switch (table) {
      case 'accounts': {
        const account = state.account(accountId)
        return [{ ...common, type: 'account', account }]
      }
      case 'keys':
        return [{ ...common, type: 'key', publicKey: rest, key: state.key(accountId, rest) }]
      case 'data': {
        const key = new Uint8Array(Buffer.from(rest, 'latin1'))
        return [{ ...common, type: 'data', key, value: state.data(accountId, key) }]
      }
      case 'deployed': {
        const account = state.account(accountId)
        const code = account && state.code(account)?.bytes
        return [
          { ...common, type: 'code', code: account?.code.type === 'local' ? code : undefined },
        ]
      }
      case 'globals':
        return []
    }
  })
}
