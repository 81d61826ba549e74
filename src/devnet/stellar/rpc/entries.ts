/** Ledger entries as they are now, and what transactions would do to them. */
import { xdr } from '@stellar/stellar-sdk'
import { z } from 'zod'
import { toBase64 } from '../codec/text.ts'
import type { SimulationMode, StateChange } from '../chain/simulate.ts'
import { diagnosticXdr, EVENT, type HostEvent } from '../host/events.ts'
import { entryData } from '../storage/entries.ts'
import { ENTRY, entryTypeOf } from '../storage/keys.ts'
import { describe } from './diagnostics.ts'
import { RpcRefused } from './errors.ts'
import { type Method, method } from './method.ts'
import { settingAt } from './settings.ts'

const MAX_KEYS = 200
/** The first protocol in which what is signed can name the address. */
const NAMED_ADDRESSES = 27

export const getLedgerEntries: Method = method(
  z.object({ keys: z.array(z.string()) }),
  ({ chain }, { keys }) => {
    if (keys.length > MAX_KEYS) {
      const detail = `key count (${keys.length}) exceeds maximum supported (${MAX_KEYS})`
      throw new RpcRefused('params', detail)
    }
    const entries = keys.flatMap((given, i) => {
      const key = readKey(given, i)
      const setting = settingAt(key, chain.parameters)
      if (setting !== undefined) return [{ key, xdr: setting, lastModifiedLedgerSeq: 1 }]
      const stored = chain.entries.get(key)
      if (stored === undefined) return []
      const { entry, modified, liveUntil } = stored
      const life = liveUntil === undefined ? {} : { liveUntilLedgerSeq: liveUntil }
      const data = toBase64(entryData(entry))
      return [{ key, xdr: data, lastModifiedLedgerSeq: modified, ...life, extXdr: 'AAAAAA==' }]
    })
    return { entries, latestLedger: chain.last.sequence }
  },
)

/** A key in the form that this chain has it. @throws RpcRefused */
function readKey(given: string, index: number): string {
  let key: string
  try {
    key = toBase64(xdr.LedgerKey.fromXdr(given, 'base64').toXdr())
  } catch {
    throw new RpcRefused('params', `cannot unmarshal key value ${given} at index ${index}`)
  }
  if (entryTypeOf(key) !== ENTRY.ttl) return key
  throw new RpcRefused('params', 'ledger ttl entries cannot be queried directly')
}

export const simulateTransaction: Method = method(
  z.object({
    transaction: z.string(),
    authMode: z.string().optional(),
    resourceConfig: z.object({ instructionLeeway: z.int().min(0).optional() }).optional(),
    useUpgradedAuth: z.boolean().optional(),
  }),
  ({ chain }, params) => {
    const base = { latestLedger: chain.last.sequence }
    const body = readBody(params.transaction)
    if (body === undefined) return { ...base, error: 'Could not unmarshal transaction' }
    const mode = MODES.get(params.authMode ?? '')
    if (mode === undefined) {
      const names = [...MODES.keys()].filter((name) => name !== '').join(',')
      return { ...base, error: `optional 'authMode' must be one of ${names} when included` }
    }
    const isNamed = chain.parameters.protocol >= NAMED_ADDRESSES
    const result = chain.simulate({
      body,
      mode: mode === 'any' ? undefined : mode,
      namesAddress: params.useUpgradedAuth === true && isNamed,
      leeway: params.resourceConfig?.instructionLeeway ?? 0,
    })
    switch (result.kind) {
      case 'refused':
        return { ...base, error: result.message }
      case 'failed': {
        const { error, events } = result
        const shown = events.filter(({ type }) => type === EVENT.diagnostic)
        return { ...base, error: describe(error, events), events: encode(shown) }
      }
      case 'kept': {
        const { data, fee } = result.prepared
        const prepared = { transactionData: toBase64(data), minResourceFee: String(fee) }
        return { ...base, ...prepared, events: [], stateChanges: [] }
      }
      case 'called': {
        const { prepared, events, value, auth, changes } = result
        return {
          ...base,
          transactionData: toBase64(prepared.data),
          minResourceFee: String(prepared.fee),
          events: encode(events),
          results: [{ auth: auth.map(toBase64), xdr: toBase64(value) }],
          stateChanges: changes.map(encodeChange),
        }
      }
      default:
        return result satisfies never
    }
  },
)

const MODES: ReadonlyMap<string, SimulationMode | 'any'> = new Map([
  ['', 'any'],
  ['enforce', 'enforce'],
  ['record', 'record'],
  ['record_allow_nonroot', 'record_allow_nonroot'],
])

/** The transaction, without what is around it. */
function readBody(base64: string): xdr.Transaction | undefined {
  try {
    const envelope = xdr.TransactionEnvelope.fromXdr(base64, 'base64')
    if (envelope.type === 'envelopeTypeTx') return envelope.v1.tx
    return envelope.type === 'envelopeTypeTxFeeBump'
      ? envelope.feeBump.tx.innerTx.value.tx
      : undefined
  } catch {
    return undefined
  }
}

function encode(events: readonly HostEvent[]): string[] {
  return events.map((event) => toBase64(diagnosticXdr(event)))
}

function encodeChange({ type, key, before, after }: StateChange): object {
  const text = (bytes: Uint8Array | undefined): string | null =>
    bytes === undefined ? null : toBase64(bytes)
  return { type, key, before: text(before), after: text(after) }
}
