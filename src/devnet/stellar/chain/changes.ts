/** Changes of entries by one transaction: done as they are made, told in its meta, and undone where it fails. */
import { sha256 } from '../../../node/primitives/hash.ts'
import { fromBase64 } from '../codec/text.ts'
import { XdrWriter } from '../codec/xdr.ts'
import { type AccountEntry, entryXdr, type Stored } from '../storage/entries.ts'
import { accountKey, ENTRY } from '../storage/keys.ts'

export type Entries = Map<string, Stored>

interface Change {
  readonly key: string
  readonly before: Stored | undefined
  readonly after: Stored | undefined
  readonly isRestored: boolean
}

/** XDR's kinds of changes. */
const CHANGE = { created: 0, updated: 1, removed: 2, state: 3, restored: 4 } as const

export function accountOf(entries: Entries, publicKey: Uint8Array): AccountEntry | undefined {
  const entry = entries.get(accountKey(publicKey))?.entry
  return entry?.kind === 'account' ? entry : undefined
}

export class Changes {
  readonly #entries: Entries
  readonly #sequence: number
  readonly #all: Change[] = []

  /** Of entries, in a ledger. */
  constructor(entries: Entries, sequence: number) {
    this.#entries = entries
    this.#sequence = sequence
  }

  get entries(): Entries {
    return this.#entries
  }

  get sequence(): number {
    return this.#sequence
  }

  /** Sets an entry, or removes it. */
  set(key: string, after: Stored | undefined, isRestored = false): void {
    this.#all.push({ key, before: this.#entries.get(key), after, isRestored })
    if (after === undefined) this.#entries.delete(key)
    else this.#entries.set(key, after)
  }

  setAccount(entry: AccountEntry): void {
    const key = accountKey(entry.publicKey)
    this.set(key, { entry, liveUntil: undefined, modified: this.#sequence })
  }

  /** Undoes everything. */
  rollback(): void {
    for (const { key, before } of this.#all.splice(0).reverse()) {
      if (before === undefined) this.#entries.delete(key)
      else this.#entries.set(key, before)
    }
  }

  /** Adds XDR of `LedgerEntryChanges`. */
  write(w: XdrWriter): XdrWriter {
    const parts = this.#all.flatMap((change) => [
      ...entryChanges(change),
      ...lifeChanges(change, this.#sequence),
    ])
    w.u32(parts.length)
    for (const part of parts) w.raw(part)
    return w
  }
}

function part(kind: number, content: Uint8Array): Uint8Array {
  return new XdrWriter().u32(kind).raw(content).done()
}

function entryChanges({ key, before, after, isRestored }: Change): readonly Uint8Array[] {
  if (before?.entry === after?.entry && !isRestored) return []
  if (after !== undefined && (before === undefined || isRestored)) {
    const kind = isRestored ? CHANGE.restored : CHANGE.created
    return [part(kind, entryXdr(after.entry, after.modified))]
  }
  if (before === undefined) return []
  const state = part(CHANGE.state, entryXdr(before.entry, before.modified))
  if (after === undefined) return [state, part(CHANGE.removed, fromBase64(key))]
  return [state, part(CHANGE.updated, entryXdr(after.entry, after.modified))]
}

/** Of the entries that say how long others live. */
function lifeChanges(
  { key, before, after, isRestored }: Change,
  sequence: number,
): readonly Uint8Array[] {
  const [old, now] = [before?.liveUntil, after?.liveUntil]
  if (old === now) return []
  const hash = sha256(fromBase64(key))
  const life = (liveUntil: number, modified: number): Uint8Array =>
    new XdrWriter().u32(modified).u32(ENTRY.ttl).raw(hash).u32(liveUntil).u32(0).done()
  const state = old === undefined ? [] : [part(CHANGE.state, life(old, before?.modified ?? 0))]
  if (now === undefined) {
    return [...state, part(CHANGE.removed, new XdrWriter().u32(ENTRY.ttl).raw(hash).done())]
  }
  const kind = isRestored ? CHANGE.restored : old === undefined ? CHANGE.created : CHANGE.updated
  return [...state, part(kind, life(now, sequence))]
}
