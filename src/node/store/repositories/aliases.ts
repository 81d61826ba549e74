/** Rows of aliases: names for ids, each within a scope. */
import * as P from 'micro-packed'
import { bytes32, type Codec, codec } from '../../codec/codec.ts'
import { fromUtf8, utf8 } from '../../primitives/bytes.ts'
import { COLUMN, columnRange, rowKey } from '../keys.ts'
import type { BatchOp, Store } from '../store.ts'
import { del, put, readRow } from './rows.ts'

/** What the id stands for: first byte of the key. */
export const ALIAS_KIND = { context: 0, application: 1, identity: 2 } as const
export type AliasKind = keyof typeof ALIAS_KIND

/** Which alias. `scope` is 32 bytes: a context, or zero for the whole node. */
export interface AliasKey {
  readonly kind: AliasKind
  readonly scope: Uint8Array
  readonly name: string
}

interface AliasRow {
  target: Uint8Array
}

const aliasRow: Codec<AliasRow> = codec('an alias', P.struct({ target: bytes32 }), 32)

export interface AliasRows {
  list(): Promise<{ key: AliasKey; target: Uint8Array }[]>
  put(key: AliasKey, target: Uint8Array): BatchOp
  del(key: AliasKey): BatchOp
}

/** @throws STORE_CORRUPT where a row is read that is none */
export function aliasRows(store: Pick<Store, 'iterate'>): AliasRows {
  const keyOf = ({ kind, scope, name }: AliasKey): Uint8Array =>
    rowKey(COLUMN.alias, Uint8Array.of(ALIAS_KIND[kind]), scope, utf8(name))
  const kinds = Object.keys(ALIAS_KIND) as AliasKind[] // of a const object
  return {
    async list() {
      const rows = []
      for (const kind of kinds) {
        const range = columnRange(COLUMN.alias, Uint8Array.of(ALIAS_KIND[kind]))
        for await (const [k, v] of store.iterate(range)) {
          const key = { kind, scope: k.slice(2, 34), name: fromUtf8(k.slice(34)) }
          rows.push({ key, target: readRow(aliasRow, k, v).target })
        }
      }
      return rows
    },
    put: (key, target) => put(aliasRow, keyOf(key), { target }),
    del: (key) => del(keyOf(key)),
  }
}
