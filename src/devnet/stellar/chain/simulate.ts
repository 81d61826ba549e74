/** What a transaction would do, and what it must declare for that: footprint, resources, fee, and what addresses have to sign. */
import { xdr } from '@stellar/stellar-sdk'
import type { AuthMode } from '../auth/authorization.ts'
import { Budget } from '../budget/budget.ts'
import { XdrWriter } from '../codec/xdr.ts'
import { fromBase64 } from '../codec/text.ts'
import { isOfContract, type HostEvent } from '../host/events.ts'
import { invoke } from '../host/invoke.ts'
import { entrySize, entryXdr } from '../storage/entries.ts'
import { durabilityOf, entryTypeOf } from '../storage/keys.ts'
import { type LedgerInfo, type SlotChange, Storage } from '../storage/storage.ts'
import { accountAddress } from '../value/address.ts'
import { HostError } from '../value/errors.ts'
import type { StellarParameters } from '../parameters.ts'
import type { Entries } from './changes.ts'
import { sizeOfEvents } from './contracts.ts'
import { publicKeyOf, readDeclared } from './envelope.ts'
import { eventsFee, rentChange, type RentChange, rentFee, resourceFee } from './fees.ts'

/** How addresses are asked. */
export type SimulationMode = 'enforce' | 'record' | 'record_allow_nonroot'

/** What a simulation needs of the chain. */
export interface SimulatedOn {
  readonly parameters: StellarParameters
  readonly entries: Entries
  /** The ledger that it would be in. */
  nextInfo(): LedgerInfo
  draw(): Uint8Array
  drawNonce(): bigint
}

export interface SimulationInit {
  readonly body: xdr.Transaction
  /** Undefined: enforcing where there is something to enforce. */
  readonly mode: SimulationMode | undefined
  /** What is signed names the address. */
  readonly namesAddress: boolean
  /** Instructions more than were used, at least. */
  readonly leeway: number
  /** What randomness follows from. @default drawn */
  readonly seed?: Uint8Array
}

/** An entry that would be changed. */
export interface StateChange {
  readonly type: 'created' | 'updated' | 'deleted'
  readonly key: string
  /** XDR of the entry. */
  readonly before: Uint8Array | undefined
  readonly after: Uint8Array | undefined
}

/** What is to be declared. */
export interface Prepared {
  /** XDR of `SorobanTransactionData`. */
  readonly data: Uint8Array
  /** Stroops. */
  readonly fee: bigint
}

export type Simulated =
  | {
      readonly kind: 'refused'
      readonly message: string
    }
  | {
      readonly kind: 'failed'
      readonly error: HostError
      readonly events: readonly HostEvent[]
      readonly memory: number
      readonly instructions: number
    }
  | { readonly kind: 'kept'; readonly prepared: Prepared }
  | {
      readonly kind: 'called'
      readonly prepared: Prepared
      readonly events: readonly HostEvent[]
      /** XDR of what was returned, and of what addresses agree to. */
      readonly value: Uint8Array
      readonly auth: readonly Uint8Array[]
      readonly changes: readonly StateChange[]
      /** Memory that was used, bytes. */
      readonly memory: number
      readonly instructions: number
    }

/** What is declared beyond what was used: a factor in hundredths, or a constant, whichever is more. */
const SLACK = {
  instructions: { percent: 104, more: 50_000 },
  envelope: { percent: 110, more: 500 },
  refundablePercent: 115n,
}
/** Bytes of the largest envelope but for operation and footprint: muxed accounts, twenty signatures, all kinds of conditions. */
const ENVELOPE_REST = 1_896

function refused(message: string): Simulated {
  return { kind: 'refused', message }
}

export function simulate(chain: SimulatedOn, init: SimulationInit): Simulated {
  const { operations, memo, ext } = init.body
  const [operation] = operations
  if (operation === undefined || operations.length !== 1) {
    return refused('Transaction contains more than one operation')
  }
  if (memo.type !== 'memoNone') {
    return refused('Transaction contains a memo. Soroban transactions do not support memos.')
  }
  const { body } = operation
  if (body.type === 'invokeHostFunction') {
    const source = publicKeyOf(operation.sourceAccount ?? init.body.sourceAccount)
    return simulateCall(chain, init, body.value, source)
  }
  const isOfLife = body.type === 'extendFootprintTtl' || body.type === 'restoreFootprint'
  if (!isOfLife) return refused(`Transaction contains unsupported operation type: ${body.type}`)
  if (ext.type === 'sorobanData') return simulateLife(chain, body, ext.value)
  const detail = 'SorobanTransactionData must be provided'
  return refused(`To perform a SimulateTransaction for ${body.type}, ${detail}`)
}

function authMode(
  chain: SimulatedOn,
  { mode, namesAddress }: SimulationInit,
  entries: readonly Uint8Array[],
): AuthMode {
  const isEnforcing = mode === 'enforce' || (mode === undefined && entries.length > 0)
  if (isEnforcing) return { kind: 'enforce', entries }
  return {
    kind: 'record',
    mayBeInner: mode === 'record_allow_nonroot',
    namesAddress,
    nonce: () => chain.drawNonce(),
  }
}

function simulateCall(
  chain: SimulatedOn,
  init: SimulationInit,
  op: xdr.InvokeHostFunctionOp,
  source: Uint8Array,
): Simulated {
  const { parameters } = chain
  const info = chain.nextInfo()
  const given = op.auth.map((one) => one.toXdr())
  const isRecording = init.mode !== undefined && init.mode !== 'enforce'
  if (isRecording && given.length > 0) {
    return refused(`cannot set authMode to '${init.mode}' with an auth footprint`)
  }
  const budget = new Budget(parameters.costs, parameters.transaction)
  const storage = new Storage((key) => chain.entries.get(key), info, budget)
  const mode = authMode(chain, init, given)
  const call = {
    call: op.hostFunction,
    source: accountAddress(source),
    seed: init.seed ?? chain.draw(),
  }
  const { host, auth, result } = invoke({ ...call, storage, info, budget, auth: mode })
  const { memory } = budget
  if (result instanceof HostError) {
    const used = { memory, instructions: budget.instructions }
    return { kind: 'failed', error: result, events: host.events, ...used }
  }
  const entries = mode.kind === 'enforce' ? given : auth.recorded()
  const slots = storage.changes()
  const instructions = Math.max(
    Math.floor((budget.instructions * SLACK.instructions.percent) / 100),
    budget.instructions + Math.max(SLACK.instructions.more, init.leeway),
  )
  const signed = new xdr.InvokeHostFunctionOp({
    hostFunction: op.hostFunction,
    auth: entries.map((one) => xdr.SorobanAuthorizationEntry.fromXdr(one)),
  })
  const prepared = prepare(chain, info, slots, {
    instructions,
    operationBytes: xdr.OperationBody.invokeHostFunction(signed).toXdr().length,
    eventsBytes: sizeOfEvents(host.events.filter(isOfContract), result),
  })
  return {
    ...{ kind: 'called', prepared, events: host.events, value: result, auth: entries },
    ...{ changes: stateChanges(chain, slots), memory },
    instructions: budget.instructions,
  }
}

function stateChanges(chain: SimulatedOn, slots: readonly SlotChange[]): readonly StateChange[] {
  return slots.flatMap(({ key, isWritten, before, after }): readonly StateChange[] => {
    if (!isWritten || (before.entry === undefined && after.entry === undefined)) return []
    const modified = chain.entries.get(key)?.modified ?? 0
    const type = before.entry === undefined ? 'created' : after.entry ? 'updated' : 'deleted'
    return [
      {
        ...{ type, key },
        before: before.entry && entryXdr(before.entry, modified),
        after: after.entry && entryXdr(after.entry, modified),
      },
    ]
  })
}

interface Used {
  readonly instructions: number
  readonly operationBytes: number
  readonly eventsBytes: number
}

/** Declares what was used. */
function prepare(
  chain: SimulatedOn,
  info: LedgerInfo,
  slots: readonly SlotChange[],
  { instructions, operationBytes, eventsBytes }: Used,
): Prepared {
  const { parameters } = chain
  const sorted = slots.toSorted((a, b) => Buffer.compare(fromBase64(a.key), fromBase64(b.key)))
  const readOnly = sorted.filter(({ isWritten }) => !isWritten)
  const readWrite = sorted.filter(({ isWritten }) => isWritten)
  const archived = [...readWrite.entries()].flatMap(([i, one]) => (one.isRestored ? [i] : []))
  const fromDisk = slots.filter(
    ({ key, isRestored }) => isRestored || durabilityOf(key) === undefined,
  )
  const sizeNow = ({ key }: SlotChange): number => {
    const entry = chain.entries.get(key)?.entry
    return entry === undefined ? 0 : entrySize(entry)
  }
  const readBytes = fromDisk.reduce((sum, slot) => sum + sizeNow(slot), 0)
  // what only failed calls were to write is not counted, as on the network
  const writeBytes = readWrite.reduce(
    (sum, { isKnown, after: { entry } }) =>
      sum + (isKnown && entry !== undefined ? entrySize(entry) : 0),
    0,
  )
  const footprint = footprintXdr(readOnly, readWrite)
  const size = operationBytes + footprint.length + ENVELOPE_REST + 4 * archived.length
  const envelopeBytes = Math.max(
    Math.floor((size * SLACK.envelope.percent) / 100),
    size + SLACK.envelope.more,
  )
  const fixed = resourceFee(parameters.fees, {
    ...{ instructions, readBytes, writeBytes, envelopeBytes },
    readEntries: fromDisk.length,
    writeEntries: readWrite.length,
  })
  const rents: RentChange[] = slots.flatMap((slot) => rentChange(slot, parameters))
  const refundable =
    rentFee(parameters.fees, rents, info.sequence) + eventsFee(parameters.fees, eventsBytes)
  const fee = fixed + (refundable * SLACK.refundablePercent) / 100n
  const w = new XdrWriter()
  if (archived.length === 0) w.u32(0)
  else w.u32(1).u32(archived.length)
  for (const index of archived) w.u32(index)
  w.raw(footprint).u32(instructions).u32(readBytes).u32(writeBytes).u64(fee)
  return { data: w.done(), fee }
}

function footprintXdr(
  readOnly: readonly SlotChange[],
  readWrite: readonly SlotChange[],
): Uint8Array {
  const w = new XdrWriter()
  for (const keys of [readOnly, readWrite]) {
    w.u32(keys.length)
    for (const { key } of keys) w.raw(fromBase64(key))
  }
  return w.done()
}

type LifeBody = Extract<
  xdr.OperationBody,
  { readonly type: 'extendFootprintTtl' | 'restoreFootprint' }
>

/** Of keeping entries of a footprint alive, or bringing them back. */
function simulateLife(
  chain: SimulatedOn,
  body: LifeBody,
  data: xdr.SorobanTransactionData,
): Simulated {
  const info = chain.nextInfo()
  const { footprint } = readDeclared(data)
  const isExtending = body.type === 'extendFootprintTtl'
  const { sequence, parameters } = info
  const until = isExtending
    ? sequence + body.value.extendTo
    : sequence + parameters.lifetime.minPersistent - 1
  const slots: SlotChange[] = []
  for (const key of isExtending ? footprint.readOnly : footprint.readWrite) {
    const stored = chain.entries.get(key)
    if (stored?.liveUntil === undefined) {
      if (isExtending) continue
      return refused(`there is no entry to restore, of type ${entryTypeOf(key)}`)
    }
    const isOver = stored.liveUntil < sequence
    if (isExtending && isOver) {
      return refused('an entry that is archived must be restored before it is extended')
    }
    if (isExtending ? until <= stored.liveUntil : !isOver) continue
    const after = { entry: stored.entry, liveUntil: until }
    const how = { isWritten: !isExtending, isRestored: !isExtending, isKnown: true }
    slots.push({ key, ...how, before: stored, after })
  }
  const operationBytes = body.toXdr().length
  const used = { instructions: 0, operationBytes, eventsBytes: 0 }
  return { kind: 'kept', prepared: prepare(chain, info, slots, used) }
}
