/**
 * Peers that proved a key which the list of the members does not show. Their admission may be what the list lacks: so they are kept in mind until it
 * shows them. Whoever comes from elsewhere knows the way to one member only, and is alone when that one is found no more where it was.
 */
import type { PeerId } from '../network/network.ts'
import { type ContextId, idKey, type PublicKey } from '../primitives/ids.ts'
import { MAX_APPLICANTS_PER_CONTEXT } from './limits.ts'

export interface Applicant {
  readonly identity: PublicKey
  readonly peer: PeerId
  /** Where it says it listens. */
  readonly addresses: readonly string[]
}

/** In memory, for anybody may apply: one for each peer, and those that came last. */
export class Applicants {
  readonly #contexts = new Map<string, Map<PeerId, Applicant>>()

  note(context: ContextId, applicant: Applicant): void {
    const key = idKey(context)
    const known = this.#contexts.get(key) ?? new Map<PeerId, Applicant>()
    this.#contexts.set(key, known)
    known.delete(applicant.peer)
    known.set(applicant.peer, applicant)
    const [oldest] = known.keys()
    if (known.size > MAX_APPLICANTS_PER_CONTEXT && oldest !== undefined) known.delete(oldest)
  }

  of(context: ContextId): readonly Applicant[] {
    return [...(this.#contexts.get(idKey(context))?.values() ?? [])]
  }

  drop(context: ContextId, peer: PeerId): void {
    this.#contexts.get(idKey(context))?.delete(peer)
  }

  forget(context: ContextId): void {
    this.#contexts.delete(idKey(context))
  }
}
