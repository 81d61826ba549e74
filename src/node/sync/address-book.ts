/** Where members were last found, so that they can be dialled again after a restart without any discovery. */
import type { PeerId } from '../network/network.ts'
import { type ContextId, idKey, type PublicKey } from '../primitives/ids.ts'
import { MAX_BOOK_ENTRIES, MAX_BOOK_ENTRIES_PER_CONTEXT } from './limits.ts'

/** A member that proved itself at a peer. */
export interface AddressEntry {
  readonly context: ContextId
  readonly identity: PublicKey
  readonly peer: PeerId
  /** Multiaddrs ending in `/p2p/<peer>`, at most 16, newest first. */
  readonly addresses: readonly string[]
}

/** The port to whatever keeps the book between runs. One entry per context and identity. */
export interface AddressBook {
  load(): Promise<readonly AddressEntry[]>
  /** Adds or replaces. */
  save(entry: AddressEntry): Promise<void>
  /** Nothing happens when there is none. */
  remove(context: ContextId, identity: PublicKey): Promise<void>
}

/** A book that lasts as long as the process. */
export function memoryAddressBook(entries: readonly AddressEntry[] = []): AddressBook {
  const rows = new Map(entries.map((entry) => [rowKey(entry.context, entry.identity), entry]))
  return {
    load: () => Promise.resolve([...rows.values()]),
    save: (entry) => {
      rows.set(rowKey(entry.context, entry.identity), entry)
      return Promise.resolve()
    },
    remove: (context, identity) => {
      rows.delete(rowKey(context, identity))
      return Promise.resolve()
    },
  }
}

function rowKey(context: ContextId, identity: PublicKey): string {
  return idKey(context) + idKey(identity)
}

/** The book in memory, by context and by peer. Bounded: beyond its limits new members are used but not remembered. */
export class Directory {
  readonly #book: AddressBook
  readonly #contexts = new Map<string, Map<string, AddressEntry>>()
  readonly #peers = new Map<PeerId, Map<string, AddressEntry>>()
  #size = 0

  constructor(book: AddressBook) {
    this.#book = book
  }

  async load(): Promise<void> {
    for (const entry of await this.#book.load()) this.#put(entry)
  }

  /** Members known in a context, those met last at the end. */
  members(context: ContextId): readonly AddressEntry[] {
    return [...(this.#contexts.get(idKey(context))?.values() ?? [])]
  }

  /** Contexts a peer is known to be a member of. */
  contextsOf(peer: PeerId): readonly ContextId[] {
    const contexts = new Map<string, ContextId>()
    for (const { context } of this.#peers.get(peer)?.values() ?? [])
      contexts.set(idKey(context), context)
    return [...contexts.values()]
  }

  /** Peers with their addresses, newest known. */
  peers(): ReadonlyMap<PeerId, readonly string[]> {
    return new Map(
      [...this.#peers].map(([peer, entries]) => [
        peer,
        [...entries.values()].at(-1)?.addresses ?? [],
      ]),
    )
  }

  knows(peer: PeerId): boolean {
    return this.#peers.has(peer)
  }

  /** Notes where a member proved itself. Addresses that are empty leave known ones in place. */
  async learn(entry: AddressEntry): Promise<void> {
    const known = this.#contexts.get(idKey(entry.context))?.get(idKey(entry.identity))
    const addresses =
      entry.addresses.length === 0 && known?.peer === entry.peer ? known.addresses : entry.addresses
    const learnt = { ...entry, addresses }
    const isKnown = known?.peer === entry.peer && sameTexts(known.addresses, addresses)
    // put again all the same: it was met last
    if (this.#put(learnt) && !isKnown) await this.#book.save(learnt)
  }

  async forget(context: ContextId, identity: PublicKey): Promise<void> {
    if (this.#drop(context, identity)) await this.#book.remove(context, identity)
  }

  /** Forgets everybody in a context that is no longer replicated here. */
  async forgetContext(context: ContextId): Promise<void> {
    for (const { identity } of this.members(context)) await this.forget(context, identity)
  }

  #put(entry: AddressEntry): boolean {
    this.#drop(entry.context, entry.identity)
    const key = idKey(entry.context)
    const members = this.#contexts.get(key) ?? new Map<string, AddressEntry>()
    if (this.#size >= MAX_BOOK_ENTRIES || members.size >= MAX_BOOK_ENTRIES_PER_CONTEXT) return false
    members.set(idKey(entry.identity), entry)
    this.#contexts.set(key, members)
    const ofPeer = this.#peers.get(entry.peer) ?? new Map<string, AddressEntry>()
    ofPeer.set(rowKey(entry.context, entry.identity), entry)
    this.#peers.set(entry.peer, ofPeer)
    this.#size++
    return true
  }

  #drop(context: ContextId, identity: PublicKey): boolean {
    const members = this.#contexts.get(idKey(context))
    const entry = members?.get(idKey(identity))
    if (members === undefined || entry === undefined) return false
    members.delete(idKey(identity))
    if (members.size === 0) this.#contexts.delete(idKey(context))
    const ofPeer = this.#peers.get(entry.peer)
    ofPeer?.delete(rowKey(context, identity))
    if (ofPeer?.size === 0) this.#peers.delete(entry.peer)
    this.#size--
    return true
  }
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i])
}

/** The addresses a peer may be dialled at, of those somebody claims for it: multiaddrs that name this very peer. */
export function dialable(peer: PeerId, addresses: readonly string[]): readonly string[] {
  return addresses.filter((address) => address.startsWith('/') && address.endsWith(`/p2p/${peer}`))
}
