/**
 * Where members were last found, so that they can be dialled again after a restart without any discovery; and where an invitation or a member says that
 * there are some: without that, whoever has met one member only is alone when that one goes.
 */
import type { PeerId } from '../network/network.ts'
import { equalBytes, utf8 } from '../primitives/bytes.ts'
import { sha256 } from '../primitives/hash.ts'
import { type ContextId, idKey, PublicKey } from '../primitives/ids.ts'
import {
  MAX_BOOK_ENTRIES,
  MAX_BOOK_ENTRIES_PER_CONTEXT,
  MAX_BOOK_HINTS_PER_CONTEXT,
} from './limits.ts'

/** A member that proved itself at a peer, or a peer that is said to be one. */
export interface AddressEntry {
  readonly context: ContextId
  /** Of a peer that has not proved itself, the SHA-256 of its id: nobody's key. */
  readonly identity: PublicKey
  readonly peer: PeerId
  /** Multiaddrs ending in `/p2p/<peer>`, at most 16, newest first. */
  readonly addresses: readonly string[]
}

/** An entry in memory. */
interface Known extends AddressEntry {
  /** Nobody has proved to be a member there. */
  readonly isHint: boolean
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

/**
 * The book in memory, by context and by peer. Bounded: beyond its limits new members are used but not remembered. What the disk refuses is used too, and
 * stored by the next change or {@link Directory.flush}.
 */
export class Directory {
  readonly #book: AddressBook
  readonly #contexts = new Map<string, Map<string, Known>>()
  readonly #peers = new Map<PeerId, Map<string, Known>>()
  /** Changes that the book does not have yet, by row. */
  readonly #owed = new Map<string, Pick<AddressEntry, 'context' | 'identity'>>()
  #size = 0

  constructor(book: AddressBook) {
    this.#book = book
  }

  async load(): Promise<void> {
    for (const entry of await this.#book.load()) this.#put(entry)
  }

  /** Members that proved themselves in a context, those met last at the end. */
  members(context: ContextId): readonly AddressEntry[] {
    return this.#entries(context).filter(({ isHint }) => !isHint)
  }

  /** Peers that are members of a context, or are said to be. */
  peersOf(context: ContextId): readonly PeerId[] {
    return [...new Set(this.#entries(context).map(({ peer }) => peer))]
  }

  #entries(context: ContextId): readonly Known[] {
    return [...(this.#contexts.get(idKey(context))?.values() ?? [])]
  }

  /** Contexts a peer is known, or said, to be a member of. */
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
    if (this.#put(learnt) && !isKnown) this.#owe(learnt)
    const hint = { context: entry.context, identity: strangerAt(entry.peer) }
    if (this.#drop(hint.context, hint.identity)) this.#owe(hint)
    await this.#tryFlush()
  }

  /** Notes where a member is said to be, until one proves itself there. False when one did, or there are too many. */
  async hint(context: ContextId, peer: PeerId, addresses: readonly string[]): Promise<boolean> {
    const entries = this.#entries(context)
    if (entries.some((entry) => entry.peer === peer && !entry.isHint)) return false
    const identity = strangerAt(peer)
    const others = entries.filter((entry) => entry.isHint && entry.peer !== peer)
    if (others.length >= MAX_BOOK_HINTS_PER_CONTEXT) return false
    const hint = { context, identity, peer, addresses }
    if (!this.#put(hint)) return false
    this.#owe(hint)
    await this.#tryFlush()
    return true
  }

  async forget(context: ContextId, identity: PublicKey): Promise<void> {
    if (this.#drop(context, identity)) this.#owe({ context, identity })
    await this.#tryFlush()
  }

  /** Forgets everybody in a context that is no longer replicated here. */
  async forgetContext(context: ContextId): Promise<void> {
    for (const { identity } of this.#entries(context)) await this.forget(context, identity)
  }

  /** Stores what is owed to the book. @throws STORE_*, and then it is still owed */
  async flush(): Promise<void> {
    for (const [key, { context, identity }] of this.#owed) {
      const known = this.#contexts.get(idKey(context))?.get(idKey(identity))
      this.#owed.delete(key) // before, so that a change made meanwhile is owed anew
      try {
        if (known === undefined) await this.#book.remove(context, identity)
        else await this.#book.save(known)
      } catch (error) {
        this.#owe({ context, identity })
        throw error
      }
    }
  }

  /** What went wrong is told by whoever flushes next. */
  async #tryFlush(): Promise<void> {
    await this.flush().catch(() => {})
  }

  #owe({ context, identity }: Pick<AddressEntry, 'context' | 'identity'>): void {
    this.#owed.set(rowKey(context, identity), { context, identity })
  }

  #put(entry: AddressEntry): boolean {
    this.#drop(entry.context, entry.identity)
    const key = idKey(entry.context)
    const members = this.#contexts.get(key) ?? new Map<string, Known>()
    if (this.#size >= MAX_BOOK_ENTRIES || members.size >= MAX_BOOK_ENTRIES_PER_CONTEXT) return false
    const known = { ...entry, isHint: equalBytes(entry.identity, strangerAt(entry.peer)) }
    members.set(idKey(entry.identity), known)
    this.#contexts.set(key, members)
    const ofPeer = this.#peers.get(entry.peer) ?? new Map<string, Known>()
    ofPeer.set(rowKey(entry.context, entry.identity), known)
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

/** Under which a peer is kept that has not proved to be anybody. */
function strangerAt(peer: PeerId): PublicKey {
  return PublicKey.from(sha256(utf8(peer)))
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i])
}

/** The addresses a peer may be dialled at, of those somebody claims for it: multiaddrs that name this very peer. */
export function dialable(peer: PeerId, addresses: readonly string[]): readonly string[] {
  return addresses.filter((address) => address.startsWith('/') && address.endsWith(`/p2p/${peer}`))
}
