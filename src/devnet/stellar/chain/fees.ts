/** What resources of a transaction cost, and keeping entries: by the network's formulas. */
import { COST, costOf } from '../budget/costs.ts'
import type { ResourceFees, StellarParameters } from '../parameters.ts'
import { type Entry, entrySize } from '../storage/entries.ts'
import { DURABILITY, durabilityOf } from '../storage/keys.ts'
import type { SlotChange } from '../storage/storage.ts'

export interface Resources {
  readonly instructions: number
  readonly readEntries: number
  readonly writeEntries: number
  readonly readBytes: number
  readonly writeBytes: number
  readonly envelopeBytes: number
}

/** Bytes that the result of any transaction is taken for in history. */
const RESULT_BYTES = 300
/** Of the entry that says how long another lives. */
const LIFE_BYTES = 48
const KB = 1024n
/** Modules are kept for less. */
const CODE_DISCOUNT = 3n

function divideUp(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by
}

function perKb(bytes: number, fee: bigint): bigint {
  return divideUp(BigInt(bytes) * fee, KB)
}

/** What is paid for resources that are declared, used or not. */
export function resourceFee(fees: ResourceFees, used: Resources): bigint {
  return (
    divideUp(BigInt(used.instructions) * fees.instructions10k, 10_000n) +
    fees.readEntry * BigInt(used.readEntries) +
    fees.writeEntry * BigInt(used.writeEntries) +
    perKb(used.readBytes, fees.read1Kb) +
    perKb(used.writeBytes, fees.write1Kb) +
    perKb(used.envelopeBytes + RESULT_BYTES, fees.historical1Kb) +
    perKb(used.envelopeBytes, fees.envelope1Kb)
  )
}

/** What events, and a returned value, cost. */
export function eventsFee(fees: ResourceFees, bytes: number): bigint {
  return perKb(bytes, fees.events1Kb)
}

/** How an entry's size and life changed; 0 where there was none. */
export interface RentChange {
  readonly isPersistent: boolean
  readonly isCode: boolean
  readonly oldSize: number
  readonly newSize: number
  readonly oldLife: number
  readonly newLife: number
}

/** Bytes that an entry is kept as: of a module also what it takes when it is ready to run. */
function sizeForRent(entry: Entry, { costs }: StellarParameters): number {
  const size = entrySize(entry)
  if (entry.kind !== 'code') return size
  return entry.counts.reduce((sum, count, i) => {
    const row = costs[COST.parse + i]
    return row === undefined ? sum : sum + costOf(row.memory, count)
  }, size)
}

/** What of an invocation is paid for as rent. */
export function rentChange(
  { key, isWritten, isRestored, before, after }: SlotChange,
  parameters: StellarParameters,
): readonly RentChange[] {
  const durability = durabilityOf(key)
  if (durability === undefined || after.entry === undefined) return []
  const old = isRestored ? undefined : before.entry
  const oldSize = old === undefined ? 0 : sizeForRent(old, parameters)
  const oldLife = old === undefined ? 0 : (before.liveUntil ?? 0)
  const newSize = isWritten ? sizeForRent(after.entry, parameters) : oldSize
  const newLife = Math.max(after.liveUntil ?? 0, oldLife)
  if (oldLife >= newLife && oldSize >= newSize) return []
  const isPersistent = durability === DURABILITY.persistent
  const isCode = after.entry.kind === 'code'
  return [{ isPersistent, isCode, oldSize, newSize, oldLife, newLife }]
}

export function rentFee(
  fees: ResourceFees,
  changes: readonly RentChange[],
  sequence: number,
): bigint {
  const extended = changes.filter(({ oldLife, newLife }) => oldLife < newLife).length
  const kept = changes.reduce((sum, change) => sum + rentOf(fees, change, sequence), 0n)
  return kept + fees.writeEntry * BigInt(extended) + perKb(LIFE_BYTES * extended, fees.write1Kb)
}

function rentOf(fees: ResourceFees, change: RentChange, sequence: number): bigint {
  const { oldSize, newSize, oldLife, newLife, isPersistent, isCode } = change
  const denominator = isPersistent ? fees.persistentRentDenominator : fees.temporaryRentDenominator
  const keep = (size: number, ledgers: number): bigint =>
    divideUp(BigInt(size) * fees.rent1Kb * BigInt(ledgers), KB * denominator)
  const isNew = oldSize === 0 && oldLife === 0
  const from = isNew ? sequence - 1 : oldLife
  const longer = newLife > from ? keep(newSize, newLife - from) : 0n
  // ledgers that were paid for at the old size
  const isLarger = !isNew && oldLife >= sequence && newSize > oldSize
  const larger = isLarger ? keep(newSize - oldSize, oldLife - sequence + 1) : 0n
  return isCode ? divideUp(longer + larger, CODE_DISCOUNT) : longer + larger
}
