/** Events of our contracts, from what endpoints answer. */
import { xdr } from '@stellar/stellar-sdk'
import type { ToldEvent } from '../../shared/core/events.ts'
import { bytesIn, orUndefined, valueIn } from './values.ts'

/** What an event is about; undefined for one that is none of ours. */
export function subjectIn(topics: readonly string[]): Uint8Array | undefined {
  const subject = bytesIn(topics[0] === undefined ? undefined : valueIn(topics[0]))
  return subject?.length === 32 && topics.length === 2 ? subject : undefined
}

/** An event of topics and data in base64; undefined for one that is none of ours. */
export function eventIn(topics: readonly string[], data: string): ToldEvent | undefined {
  return orUndefined(() => {
    const subject = subjectIn(topics)
    const name = xdr.ScVal.fromXdr(topics[1] ?? '', 'base64')
    const value = xdr.ScVal.fromXdr(data, 'base64')
    if (subject === undefined || name.type !== 'scvSymbol' || value.type !== 'scvMap') {
      return undefined
    }
    const fields = new Map((value.map ?? []).map(({ key, val }) => [String(key.value), val]))
    const [signer, more] = [bytesIn(fields.get('signer')), bytesIn(fields.get('fields'))]
    const [nonce, revision] = [fields.get('nonce'), fields.get('revision')]
    if (signer === undefined || more === undefined) return undefined
    if (nonce?.type !== 'scvU64' || revision?.type !== 'scvU64') return undefined
    return {
      ...{ name: String(name.sym), subject, signer, fields: more },
      ...{ nonce: nonce.u64, revision: revision.u64 },
    }
  })
}
