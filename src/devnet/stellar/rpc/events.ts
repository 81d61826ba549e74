/** Events of contracts, by ledger, kind, contract and topics. */
import { StrKey } from '@stellar/stellar-sdk'
import { z } from 'zod'
import { equalBytes } from '../../../node/primitives/bytes.ts'
import { toBase64 } from '../codec/text.ts'
import type { TransactionRecord } from '../chain/records.ts'
import { EVENT, type HostEvent } from '../host/events.ts'
import { RpcRefused } from './errors.ts'
import { checkStart, type Method, method, pagination, rangeOf } from './method.ts'
import { placeOf } from './transactions.ts'

const MAX_EVENTS = 10_000
const DEFAULT_EVENTS = 100
const MAX_FILTERS = 5
/** Ledgers that one answer is about, at most. */
const MAX_LEDGERS = 10_000
/** Any one topic, and any that follow. */
const ANY = '*'
const REST = '**'
const TYPES = ['system', 'contract'] as const
const CURSOR = /^(\d{1,19})-(\d{1,10})$/

const FILTER = z.object({
  type: z.string().optional(),
  contractIds: z.array(z.string()).max(MAX_FILTERS).optional(),
  topics: z.array(z.array(z.string()).min(1).max(5)).max(MAX_FILTERS).optional(),
})

interface Filter {
  readonly types: ReadonlySet<string> | undefined
  readonly contracts: readonly Uint8Array[]
  readonly topics: readonly (readonly string[])[]
}

export const getEvents: Method = method(
  z.object({
    startLedger: z.int().optional(),
    endLedger: z.int().optional(),
    filters: z.array(FILTER).max(MAX_FILTERS, 'maximum 5 filters per request').optional(),
    pagination: pagination(MAX_EVENTS),
  }),
  ({ chain }, { startLedger, endLedger, filters = [], pagination: page }) => {
    const { cursor, limit = DEFAULT_EVENTS } = page ?? {}
    if (cursor !== undefined && (startLedger !== undefined || endLedger !== undefined)) {
      throw new RpcRefused('params', 'ledger ranges and cursor cannot both be set')
    }
    const place = cursor === undefined ? undefined : CURSOR.exec(cursor)
    if (place === null) throw new RpcRefused('params', 'invalid pagination cursor')
    const from = place === undefined ? (startLedger ?? 0) : Number(BigInt(place[1] ?? 0) >> 32n)
    checkStart(chain, from)
    const wanted = filters.map(readFilter)
    const end = Math.min(chain.last.sequence + 1, endLedger ?? Infinity, from + MAX_LEDGERS)
    const found = chain.ledgers
      .filter(({ sequence }) => sequence >= from && sequence < end)
      .flatMap(({ transactions }) => transactions)
      .flatMap((tx) => tx.events.map((event, i) => ({ tx, event, id: idOf(tx, i) })))
      .filter(({ id, event }) => (cursor === undefined || id > cursor) && isWanted(wanted, event))
      .slice(0, limit)
    // a page that is full goes on behind its last event, another behind its last ledger
    const last = found.length === limit ? found.at(-1)?.id : undefined
    return {
      events: found.map(({ tx, event, id }) => encode(tx, event, id)),
      cursor: last ?? idText((BigInt(end) << 32n) - 1n, 0xffff_ffff),
      ...rangeOf(chain),
    }
  },
)

function idText(place: bigint, index: number): string {
  return `${String(place).padStart(19, '0')}-${String(index).padStart(10, '0')}`
}

function idOf(tx: TransactionRecord, index: number): string {
  return idText(placeOf(tx), index)
}

/** @throws RpcRefused */
function readFilter({ type, contractIds = [], topics = [] }: z.infer<typeof FILTER>): Filter {
  const types = type === undefined || type === '' ? undefined : new Set(type.split(','))
  const isKnown = [...(types ?? [])].every((one) => TYPES.some((known) => known === one))
  if (!isKnown) {
    const detail = 'if set, type must be either "system" or "contract"'
    throw new RpcRefused('params', `filter 1 invalid: ${detail}`)
  }
  const contracts = contractIds.map((id) => {
    if (!StrKey.isValidContract(id)) throw new RpcRefused('params', 'contract ID is invalid')
    return Uint8Array.from(StrKey.decodeContract(id))
  })
  return { types, contracts, topics }
}

function isWanted(filters: readonly Filter[], event: HostEvent): boolean {
  if (filters.length === 0) return true
  const { contract } = event
  return filters.some(({ types, contracts, topics }) => {
    if (types !== undefined && !types.has(TYPES[event.type] ?? '')) return false
    const isOfOne = contracts.some((id) => contract !== undefined && equalBytes(id, contract))
    if (contracts.length > 0 && !isOfOne) return false
    return topics.length === 0 || topics.some((pattern) => matches(pattern, event))
  })
}

function matches(pattern: readonly string[], { topics }: HostEvent): boolean {
  const isOpen = pattern.at(-1) === REST
  const fixed = isOpen ? pattern.slice(0, -1) : pattern
  const isLong = isOpen ? topics.length >= fixed.length : topics.length === fixed.length
  return isLong && fixed.every((one, i) => one === ANY || one === topicText(topics[i]))
}

function topicText(topic: Uint8Array | undefined): string {
  return topic === undefined ? '' : toBase64(topic)
}

function encode(tx: TransactionRecord, event: HostEvent, id: string): object {
  const { type, contract, topics, data } = event
  return {
    type: type === EVENT.system ? 'system' : 'contract',
    ledger: tx.ledger,
    ledgerClosedAt: new Date(tx.closeTime * 1000).toISOString().replace('.000', ''),
    contractId: contract === undefined ? '' : StrKey.encodeContract(contract),
    id,
    operationIndex: 0,
    transactionIndex: tx.order,
    txHash: tx.id,
    inSuccessfulContractCall: true,
    topic: topics.map(toBase64),
    value: toBase64(data),
  }
}
