/** What transactions and ledgers did, as XDR. */
import { sha256 } from '../../../node/primitives/hash.ts'
import { fromHex } from '../../../node/primitives/bytes.ts'
import { XdrWriter } from '../codec/xdr.ts'
import { diagnosticXdr, EVENT, eventXdr, type HostEvent, symbolXdr } from '../host/events.ts'
import type { StellarParameters } from '../parameters.ts'
import { accountAddress, writeAddress } from '../value/address.ts'
import { SCV } from '../value/scval.ts'
import type { Changes } from './changes.ts'
import type { TransactionRecord } from './records.ts'

/** Stages of events about fees: before all transactions, and after them. */
const STAGE = { before: 0, after: 2 } as const

export interface MetaInit {
  readonly before: Changes
  readonly operations: readonly Changes[]
  readonly after: Changes
  readonly events: readonly HostEvent[]
  readonly diagnostics: readonly HostEvent[]
  readonly feeEvents: readonly Uint8Array[]
  /** Of transactions with contracts: what they paid, and what was returned. */
  readonly contracts:
    | {
        readonly fixed: bigint
        readonly used: bigint
        readonly rent: bigint
        readonly value: Uint8Array | undefined
      }
    | undefined
}

/** XDR of `TransactionMeta`, version 4. */
export function transactionMeta(init: MetaInit): Uint8Array {
  const w = new XdrWriter().u32(4).u32(0)
  init.before.write(w).u32(init.operations.length)
  for (const [i, changes] of init.operations.entries()) {
    const events = i === 0 ? init.events : []
    changes.write(w.u32(0)).u32(events.length)
    for (const event of events) w.raw(eventXdr(event))
  }
  init.after.write(w)
  writeContracts(w, init.contracts).u32(init.feeEvents.length)
  for (const event of init.feeEvents) w.raw(event)
  w.u32(init.diagnostics.length)
  for (const event of init.diagnostics) w.raw(diagnosticXdr(event))
  return w.done()
}

function writeContracts(w: XdrWriter, contracts: MetaInit['contracts']): XdrWriter {
  if (contracts === undefined) return w.u32(0)
  const { fixed, used, rent, value } = contracts
  w.u32(1).u32(1).u32(0).u64(fixed).u64(used).u64(rent)
  return value === undefined ? w.u32(0) : w.u32(1).raw(value)
}

/** XDR of `TransactionEvent`: an account pays, or with a negative fee gets back. */
export function feeEvent(native: Uint8Array, payer: Uint8Array, fee: bigint): Uint8Array {
  const account = writeAddress(new XdrWriter().u32(SCV.address), accountAddress(payer)).done()
  const event: HostEvent = {
    ...{ type: EVENT.contract, contract: native, isUndone: false },
    topics: [symbolXdr('fee'), account],
    data: new XdrWriter()
      .u32(SCV.u64 + 5)
      .u64(fee >> 64n)
      .u64(fee)
      .done(),
  }
  const stage = fee < 0n ? STAGE.after : STAGE.before
  return new XdrWriter().u32(stage).raw(eventXdr(event)).done()
}

export interface HeaderInit {
  readonly parameters: StellarParameters
  readonly previous: Uint8Array
  readonly sequence: number
  readonly closeTime: number
  readonly feePool: bigint
  readonly transactions: readonly TransactionRecord[]
}

const ZERO = new Uint8Array(32)
/** All that there is, stroops. */
export const TOTAL_COINS: bigint = 1_000_000_000_000_000_000n
const MAX_SET = 1_000

/** XDR of `LedgerHeader`. */
export function ledgerHeader(init: HeaderInit): Uint8Array {
  const { parameters, transactions } = init
  const w = new XdrWriter().u32(parameters.protocol).raw(init.previous)
  // what the validators agreed to: the transactions, and when
  w.raw(sha256(...transactions.map(({ envelope }) => envelope))).u64(BigInt(init.closeTime))
  w.u32(0).u32(0)
  w.raw(sha256(...transactions.map(({ result }) => result))).raw(ZERO)
  w.u32(init.sequence).u64(TOTAL_COINS).u64(init.feePool).u32(0).u64(0n)
  w.u32(parameters.baseFee).u32(parameters.baseReserve).u32(MAX_SET)
  return w.raw(ZERO).raw(ZERO).raw(ZERO).raw(ZERO).u32(0).done()
}

/** XDR of `LedgerHeaderHistoryEntry`. */
export function headerEntry(hash: Uint8Array, header: Uint8Array): Uint8Array {
  return new XdrWriter().raw(hash).raw(header).u32(0).done()
}

/** XDR of `LedgerCloseMeta`, version 2. */
export function ledgerMeta(
  hash: Uint8Array,
  header: Uint8Array,
  { previous, transactions }: HeaderInit,
): Uint8Array {
  const w = new XdrWriter().u32(2).u32(0).raw(headerEntry(hash, header))
  // a set of transactions without phases: the envelopes are not told once more
  w.u32(1).raw(previous).u32(0).u32(transactions.length)
  for (const { id, result, meta } of transactions) {
    w.u32(0).raw(fromHex(id)).raw(result).u32(0).raw(meta).u32(0)
  }
  return w.u32(0).u32(0).u64(0n).u32(0).done()
}
