/**
 * What one invocation sees of the ledger, and leaves. When recording, keys that are looked up become the footprint; when enforcing, other keys
 * than those of the footprint end it. Archived entries are restored by being looked up, for which they must be written.
 */
import type { Budget } from '../budget/budget.ts'
import type { StellarParameters } from '../parameters.ts'
import { hostError } from '../value/errors.ts'
import { ITEM, StorageCosts } from './costs.ts'
import { type Entry, entrySize, type Stored } from './entries.ts'
import { DURABILITY, durabilityOf } from './keys.ts'

/** What contracts can know of the ledger that they run in. */
export interface LedgerInfo {
  readonly sequence: number
  /** Seconds since the Unix epoch. */
  readonly timestamp: bigint
  readonly networkId: Uint8Array
  readonly parameters: StellarParameters
}

export type LedgerSource = (key: string) => Stored | undefined

/** Keys that an invocation may look up, in their order. */
export interface Footprint {
  readonly readOnly: readonly string[]
  readonly readWrite: readonly string[]
  /** Those of `readWrite` that are archived and to be restored. */
  readonly restored: ReadonlySet<string>
}

/** An entry, or that there is none. */
export interface Slot {
  readonly entry: Entry | undefined
  readonly liveUntil: number | undefined
}

/** A slot with an entry. */
export interface FilledSlot extends Slot {
  readonly entry: Entry
}

/** One key of the footprint, before and after. */
export interface SlotChange {
  readonly key: string
  readonly isWritten: boolean
  readonly isRestored: boolean
  /** Whether it was looked at but by calls that failed. */
  readonly isKnown: boolean
  readonly before: Slot
  readonly after: Slot
}

function missing(what: string): Error {
  return hostError('Storage', 'MissingValue', `trying to get non-existing value for ${what}`)
}

function keySize(key: string): number {
  return (key.length * 3) / 4
}

function sizesBefore({ key, before }: SlotChange): { key: number; entry: number } {
  return { key: keySize(key), entry: before.entry === undefined ? 0 : entrySize(before.entry) }
}

function sizesAfter({ key, after, isWritten }: SlotChange): { key: number; entry: number } {
  const isThere = isWritten && after.entry !== undefined
  return { key: keySize(key), entry: isThere ? entrySize(after.entry) : 0 }
}

const NOTHING: Slot = { entry: undefined, liveUntil: undefined }

export class Storage {
  readonly #source: LedgerSource
  readonly #info: LedgerInfo
  readonly #costs: StorageCosts
  readonly #isEnforcing: boolean
  readonly #access = new Map<string, 'read' | 'write'>()
  readonly #restored: Set<string>
  readonly #before = new Map<string, Slot>()
  readonly #decoded = new WeakSet<Entry>()
  #now = new Map<string, Slot>()

  /** Without a footprint, one is recorded. */
  constructor(source: LedgerSource, info: LedgerInfo, budget: Budget, footprint?: Footprint) {
    this.#source = source
    this.#info = info
    this.#costs = new StorageCosts(budget)
    this.#isEnforcing = footprint !== undefined
    this.#restored = new Set(footprint?.restored)
    for (const key of footprint?.readOnly ?? []) this.#access.set(key, 'read')
    for (const key of footprint?.readWrite ?? []) this.#access.set(key, 'write')
    for (const key of this.#access.keys()) this.#load(key)
  }

  /** Pays for what the footprint brings. */
  begin(): void {
    if (this.#isEnforcing) this.#costs.begin(this.changes().map(sizesBefore))
  }

  /** Pays for writing down what became of everything, and when recording for what enforcing pays before. */
  settle(): void {
    const changes = this.changes()
    if (!this.#isEnforcing) this.#costs.begin(changes.map(sizesBefore))
    this.#costs.end(changes.map(sizesAfter))
  }

  /** Everything as it is now, to come back to. */
  mark(): ReadonlyMap<string, Slot> {
    this.#costs.copyEntries(this.#now.size)
    return new Map(this.#now)
  }

  rollback(mark: ReadonlyMap<string, Slot>): void {
    this.#now = new Map(mark)
  }

  /** What became of each key of the footprint, in the order in which they came. */
  changes(): readonly SlotChange[] {
    return [...this.#access].map(([key, access]) => ({
      key,
      isWritten: access === 'write',
      isRestored: this.#restored.has(key),
      isKnown: this.#now.has(key),
      before: this.#before.get(key) ?? NOTHING,
      after: this.#now.get(key) ?? this.#before.get(key) ?? NOTHING,
    }))
  }

  get(key: string): FilledSlot | undefined {
    this.#look(key, 'read')
    const slot = this.#now.get(key) ?? NOTHING
    return slot.entry === undefined ? undefined : { ...slot, entry: slot.entry }
  }

  /** The same, with what is in the entry, which is decoded once. */
  read(key: string): FilledSlot | undefined {
    const slot = this.get(key)
    if (slot !== undefined && !this.#decoded.has(slot.entry)) {
      this.#decoded.add(slot.entry)
      this.#costs.decode(entrySize(slot.entry))
    }
    return slot
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  /** @throws HostError where it is missing */
  expect(key: string, what: string): FilledSlot {
    const slot = this.read(key)
    if (slot !== undefined) return slot
    throw missing(what)
  }

  /** Writes an entry; without `liveUntil` it lives as long as it did, or as new ones do. */
  put(key: string, entry: Entry, liveUntil?: number): void {
    this.#look(key, 'write')
    this.#costs.insert(ITEM.entries, this.#now.size)
    this.#decoded.add(entry)
    const old = this.#now.get(key)
    const durability = durabilityOf(key)
    const lives = liveUntil ?? (old?.entry === undefined ? undefined : old.liveUntil)
    this.#now.set(key, {
      entry,
      liveUntil: durability === undefined ? undefined : (lives ?? this.firstLife(durability)),
    })
  }

  remove(key: string): void {
    this.#look(key, 'write')
    this.#costs.insert(ITEM.entries, this.#now.size)
    this.#now.set(key, NOTHING)
  }

  /** The last ledger of a new entry's life. */
  firstLife(durability: number): number {
    const { minTemporary, minPersistent } = this.#info.parameters.lifetime
    const least = durability === DURABILITY.temporary ? minTemporary : minPersistent
    return this.#info.sequence + least - 1
  }

  /** The last ledger that an entry can be made to live in. */
  get longestLife(): number {
    return this.#info.sequence + this.#info.parameters.lifetime.max - 1
  }

  /** Whether what is under a key was in the ledger, and alive, before. */
  wasAlive(key: string): boolean {
    return this.#before.get(key)?.entry !== undefined
  }

  /** Makes an entry live for `to` ledgers from now, where it has `threshold` or fewer left. */
  extend(key: string, threshold: number, to: number): void {
    if (threshold > to) {
      throw hostError('Storage', 'InvalidInput', 'threshold must be <= extend_to')
    }
    const { slot, old, left } = this.#extensible(key, to)
    const liveUntil = Math.min(this.#info.sequence + to, this.longestLife)
    if (left <= threshold && liveUntil > old) this.#now.set(key, { ...slot, liveUntil })
  }

  /** The same by at least `least` ledgers, or not at all, and at most `most`. */
  extendWithin(key: string, to: number, least: number, most: number): void {
    if (most < least) {
      throw hostError('Storage', 'InvalidInput', 'max_extension must be >= min_extension')
    }
    const { slot, old, left } = this.#extensible(key, to)
    const by = Math.min(Math.max(0, to - left), most, Math.max(0, this.longestLife - old))
    if (by >= least && by > 0) this.#now.set(key, { ...slot, liveUntil: old + by })
  }

  #extensible(key: string, to: number): { slot: FilledSlot; old: number; left: number } {
    const slot = this.get(key)
    if (slot === undefined) throw missing('an entry to extend')
    const { sequence } = this.#info
    const old = slot.liveUntil
    if (old === undefined) throw hostError('Storage', 'InternalError', 'an entry lives forever')
    const isTemporary = durabilityOf(key) === DURABILITY.temporary
    if (isTemporary && to > this.longestLife - sequence) {
      const detail = 'trying to extend temporary entry past max TTL allowed by network'
      throw hostError('Storage', 'InvalidAction', detail)
    }
    return { slot, old, left: old - sequence }
  }

  #look(key: string, access: 'read' | 'write'): void {
    const known = this.#access.get(key)
    this.#costs.find(ITEM.footprint, this.#access.size)
    if (known !== 'write' && known !== access) {
      if (this.#isEnforcing) {
        const detail = 'trying to access an entry outside of the footprint'
        throw hostError('Storage', 'ExceededLimit', detail)
      }
      this.#access.set(key, access)
      this.#costs.insert(ITEM.footprint, this.#access.size)
    }
    this.#costs.find(ITEM.entries, this.#now.size)
    if (!this.#isEnforcing) {
      this.#costs.find(ITEM.footprint, this.#access.size)
      this.#costs.find(ITEM.entries, this.#now.size)
    }
    // also what was read first in a frame that failed, and is not known any more
    if (this.#now.has(key)) return
    this.#load(key)
    this.#costs.insert(ITEM.entries, this.#now.size)
  }

  #load(key: string): void {
    const stored = this.#source(key)
    const slot: Slot = stored ?? NOTHING
    const { liveUntil } = slot
    const isOver = liveUntil !== undefined && liveUntil < this.#info.sequence
    this.#costs.meet(key)
    if (!isOver) {
      this.#begin(key, slot, slot)
      return
    }
    if (durabilityOf(key) === DURABILITY.temporary) {
      this.#begin(key, NOTHING, NOTHING)
      return
    }
    if (!this.#isEnforcing) {
      this.#access.set(key, 'write')
      this.#restored.add(key)
    }
    const restored = { entry: slot.entry, liveUntil: this.firstLife(DURABILITY.persistent) }
    this.#begin(key, NOTHING, restored)
  }

  #begin(key: string, before: Slot, now: Slot): void {
    const { entry, liveUntil } = before
    this.#before.set(key, { entry, liveUntil })
    this.#now.set(key, { entry: now.entry, liveUntil: now.liveUntil })
  }
}
