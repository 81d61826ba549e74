/** Operations with contracts: calling them, and keeping their entries alive. */
import type { xdr } from '@stellar/stellar-sdk'
import { sha256 } from '../../../node/primitives/hash.ts'
import { Budget } from '../budget/budget.ts'
import { XdrWriter } from '../codec/xdr.ts'
import { eventXdr, type HostEvent, isOfContract } from '../host/events.ts'
import { invoke } from '../host/invoke.ts'
import { entrySize } from '../storage/entries.ts'
import { DURABILITY, durabilityOf } from '../storage/keys.ts'
import { type LedgerInfo, type SlotChange, Storage } from '../storage/storage.ts'
import { accountAddress } from '../value/address.ts'
import { HostError } from '../value/errors.ts'
import type { Changes } from './changes.ts'
import type { Declared } from './envelope.ts'
import { eventsFee, rentChange, type RentChange, rentFee } from './fees.ts'
import { OPERATION, operationResult, type OperationResult } from './results.ts'

/** What an operation with contracts works on. */
export interface ContractContext {
  readonly changes: Changes
  readonly info: LedgerInfo
  readonly declared: Declared
  /** What of the declared fee is for events and rent. */
  readonly refundable: bigint
  readonly seed: Uint8Array
}

export interface ContractOutcome {
  readonly result: OperationResult
  /** Used of what is refundable, and how much of that is rent. */
  readonly used: bigint
  readonly rent: bigint
  readonly events: readonly HostEvent[]
  readonly diagnostics: readonly HostEvent[]
  /** XDR of what was returned. */
  readonly value: Uint8Array | undefined
}

/** Codes of results. */
const INVOKE = { trapped: -2, exceeded: -3, archived: -4, refundable: -5 } as const
const LIFE = { malformed: -1, exceeded: -2, refundable: -3 } as const

function failed(
  kind: number,
  code: number,
  diagnostics: readonly HostEvent[] = [],
): ContractOutcome {
  const result = operationResult(kind, code)
  return { result, used: 0n, rent: 0n, events: [], diagnostics, value: undefined }
}

export function applyInvoke(
  op: xdr.InvokeHostFunctionOp,
  source: Uint8Array,
  context: ContractContext,
): ContractOutcome {
  const { changes, info, declared, refundable, seed } = context
  const { parameters } = info
  const kind = OPERATION.invoke
  if (hasArchived(context)) return failed(kind, INVOKE.archived)
  if (readBytesOf(context) > declared.readBytes) return failed(kind, INVOKE.exceeded)
  const { memory } = parameters.transaction
  const budget = new Budget(parameters.costs, { instructions: declared.instructions, memory })
  const read = (key: string): ReturnType<typeof changes.entries.get> => changes.entries.get(key)
  const storage = new Storage(read, info, budget, declared.footprint)
  const auth = { kind: 'enforce', entries: op.auth.map((one) => one.toXdr()) } as const
  const call = op.hostFunction
  const ran = invoke({ call, source: accountAddress(source), storage, info, budget, auth, seed })
  const diagnostics = ran.host.events
  if (ran.result instanceof HostError) {
    const code = isExceeded(ran.result) ? INVOKE.exceeded : INVOKE.trapped
    return failed(kind, code, diagnostics)
  }
  const events = diagnostics.filter(isOfContract)
  const eventsBytes = sizeOfEvents(events, ran.result)
  const slots = storage.changes()
  const written = slots.filter(({ isWritten }) => isWritten).map(({ after }) => after.entry)
  const sizes = written.map((entry) => (entry === undefined ? 0 : entrySize(entry)))
  const isTooMuch =
    sizes.reduce((sum, size) => sum + size, 0) > declared.writeBytes ||
    eventsBytes > parameters.transaction.eventsBytes ||
    written.some((one, i) => one?.kind === 'data' && isTooLarge(sizes[i], info))
  if (isTooMuch) return failed(kind, INVOKE.exceeded, diagnostics)
  const rents = slots.flatMap((slot) => rentChange(slot, parameters))
  const rent = rentFee(parameters.fees, rents, info.sequence)
  const used = rent + eventsFee(parameters.fees, eventsBytes)
  if (used > refundable) return failed(kind, INVOKE.refundable, diagnostics)
  for (const slot of slots) store(changes, slot)
  const hash = sha256(successPreimage(ran.result, events))
  const result = operationResult(kind, 0, hash)
  return { result, used, rent, events, diagnostics, value: ran.result }
}

function isTooLarge(size: number | undefined, { parameters }: LedgerInfo): boolean {
  return (size ?? 0) > parameters.contract.entryBytes
}

function isExceeded(error: HostError): boolean {
  return error.is('Budget', 'ExceededLimit') || error.is('Storage', 'ExceededLimit')
}

export function sizeOfEvents(events: readonly HostEvent[], value: Uint8Array): number {
  return events.reduce((sum, event) => sum + eventXdr(event).length, value.length)
}

/** What the result of a call is the hash of. */
function successPreimage(value: Uint8Array, events: readonly HostEvent[]): Uint8Array {
  const w = new XdrWriter().raw(value).u32(events.length)
  for (const event of events) w.raw(eventXdr(event))
  return w.done()
}

/** Whether an entry of the footprint is archived and not to be restored. */
function hasArchived({ changes, info, declared }: ContractContext): boolean {
  const { readOnly, readWrite, restored } = declared.footprint
  return [...readOnly, ...readWrite].some((key) => {
    const liveUntil = changes.entries.get(key)?.liveUntil ?? info.sequence
    const isPersistent = durabilityOf(key) === DURABILITY.persistent
    return isPersistent && liveUntil < info.sequence && !restored.has(key)
  })
}

/** Bytes that are read from disk: of accounts, and of what is restored. */
function readBytesOf({ changes, declared }: ContractContext): number {
  const { readOnly, readWrite, restored } = declared.footprint
  return [...readOnly, ...readWrite]
    .filter((key) => durabilityOf(key) === undefined || restored.has(key))
    .map((key) => changes.entries.get(key)?.entry)
    .reduce((sum, entry) => sum + (entry === undefined ? 0 : entrySize(entry)), 0)
}

function store(changes: Changes, { key, isWritten, isRestored, before, after }: SlotChange): void {
  const isChanged = isWritten && (after.entry !== before.entry || isRestored)
  if (!isChanged && after.liveUntil === before.liveUntil) return
  if (after.entry === undefined) {
    if (before.entry !== undefined || changes.entries.has(key)) changes.set(key, undefined)
    return
  }
  const old = changes.entries.get(key)?.modified
  const modified = isChanged ? changes.sequence : (old ?? changes.sequence)
  changes.set(key, { entry: after.entry, liveUntil: after.liveUntil, modified }, isRestored)
}

/** Makes entries of the footprint live longer. */
export function applyExtend(
  { extendTo }: xdr.ExtendFootprintTtlOp,
  context: ContractContext,
): ContractOutcome {
  const { info, declared, changes } = context
  if (extendTo > info.parameters.lifetime.max - 1) {
    return failed(OPERATION.extend, LIFE.malformed)
  }
  const until = info.sequence + extendTo
  const slots = declared.footprint.readOnly.flatMap((key): readonly SlotChange[] => {
    const before = changes.entries.get(key)
    const liveUntil = before?.liveUntil
    if (before === undefined || liveUntil === undefined) return []
    if (liveUntil < info.sequence || liveUntil >= until) return []
    const after = { entry: before.entry, liveUntil: until }
    return [{ key, isWritten: false, isRestored: false, isKnown: true, before, after }]
  })
  return keep(OPERATION.extend, slots, context)
}

/** Brings archived entries of the footprint back. */
export function applyRestore(context: ContractContext): ContractOutcome {
  const { info, declared, changes } = context
  const until = info.sequence + info.parameters.lifetime.minPersistent - 1
  const slots = declared.footprint.readWrite.flatMap((key): readonly SlotChange[] => {
    const before = changes.entries.get(key)
    const liveUntil = before?.liveUntil
    if (before === undefined || liveUntil === undefined || liveUntil >= info.sequence) return []
    if (durabilityOf(key) !== DURABILITY.persistent) return []
    const after = { entry: before.entry, liveUntil: until }
    return [{ key, isWritten: true, isRestored: true, isKnown: true, before, after }]
  })
  const bytes = slots.reduce((sum, { after: { entry } }) => sum + (entry ? entrySize(entry) : 0), 0)
  if (bytes > declared.readBytes || bytes > declared.writeBytes) {
    return failed(OPERATION.restore, LIFE.exceeded)
  }
  return keep(OPERATION.restore, slots, context)
}

function keep(
  kind: number,
  slots: readonly SlotChange[],
  { changes, info, refundable }: ContractContext,
): ContractOutcome {
  const { parameters, sequence } = info
  const rents: RentChange[] = slots.flatMap((slot) => rentChange(slot, parameters))
  const rent = rentFee(parameters.fees, rents, sequence)
  if (rent > refundable) return failed(kind, LIFE.refundable)
  for (const slot of slots) store(changes, slot)
  const result = operationResult(kind, 0)
  return { result, used: rent, rent, events: [], diagnostics: [], value: undefined }
}
