/**
 * Challenges that wait for an answer, in memory alone: after a restart all of them are invalid, so none that was used comes back. Each is taken out by
 * the first answer that names it, before anybody looks whether the answer is right.
 */
import type { Clock, Random } from '../../node/primitives/clock.ts'
import { toHex } from '../../node/primitives/bytes.ts'
import { CHALLENGE_MS, MAX_CHALLENGES, MAX_CHALLENGES_PER_ADDRESS } from '../limits.ts'
import type { ChallengeTerms, WalletChallenge } from '../wallet-verifier.ts'

/** A challenge as it was issued. */
export interface Pending {
  readonly method: string
  readonly terms: ChallengeTerms
  readonly challenge: WalletChallenge
}

interface Entry extends Pending {
  readonly place: string
  readonly deadline: number
}

export class Challenges {
  readonly #clock: Clock
  readonly #random: Random
  /** By nonce, oldest first: all last as long. */
  readonly #entries = new Map<string, Entry>()
  /** Nonces by text or transaction. */
  readonly #byText = new Map<string, string>()
  /** Nonces by the address that asked, oldest first. */
  readonly #byPlace = new Map<string, Set<string>>()

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  get size(): number {
    return this.#entries.size
  }

  /** Nonce and times of a new one. */
  terms(rest: Omit<ChallengeTerms, 'nonce' | 'issuedAtMs' | 'expiresAtMs'>): ChallengeTerms {
    const issuedAtMs = this.#clock.nowMs()
    const nonce = toHex(this.#random.bytes(32))
    return { ...rest, nonce, issuedAtMs, expiresAtMs: issuedAtMs + CHALLENGE_MS }
  }

  /** Keeps one. `place`: who asked. */
  add(pending: Pending, place: string): void {
    this.#dropExpired()
    const { nonce } = pending.terms
    const deadline = this.#clock.monotonicMs() + CHALLENGE_MS
    const mine = this.#byPlace.get(place) ?? new Set<string>()
    if (mine.size >= MAX_CHALLENGES_PER_ADDRESS) this.#dropOldest(mine)
    if (this.#entries.size >= MAX_CHALLENGES) this.#dropOldest(this.#largest())
    this.#entries.set(nonce, { ...pending, place, deadline })
    this.#byPlace.set(place, mine.add(nonce))
    const text = textOf(pending.challenge)
    if (text !== undefined) this.#byText.set(text, nonce)
  }

  /** The nonce of a challenge by its nonce, text or transaction. */
  find(name: string | undefined): string | undefined {
    if (name === undefined) return undefined
    return this.#entries.has(name) ? name : this.#byText.get(name)
  }

  /** Takes a challenge out: nobody gets it a second time. Undefined when there is none, or its time is over by either clock. */
  take(nonce: string | undefined): Pending | undefined {
    const entry = nonce === undefined ? undefined : this.#entries.get(nonce)
    if (nonce === undefined || entry === undefined) return undefined
    this.#drop(nonce, entry)
    const isOver =
      this.#clock.monotonicMs() >= entry.deadline || this.#clock.nowMs() >= entry.terms.expiresAtMs
    return isOver ? undefined : entry
  }

  #dropExpired(): void {
    const now = this.#clock.monotonicMs()
    for (const [nonce, entry] of this.#entries) {
      if (now < entry.deadline) return
      this.#drop(nonce, entry)
    }
  }

  #dropOldest(nonces: ReadonlySet<string> | undefined): void {
    const [oldest] = nonces ?? []
    const entry = oldest === undefined ? undefined : this.#entries.get(oldest)
    if (oldest !== undefined && entry !== undefined) this.#drop(oldest, entry)
  }

  #largest(): ReadonlySet<string> | undefined {
    let largest: ReadonlySet<string> | undefined
    for (const nonces of this.#byPlace.values()) {
      if (nonces.size > (largest?.size ?? 0)) largest = nonces
    }
    return largest
  }

  #drop(nonce: string, { place, challenge }: Entry): void {
    this.#entries.delete(nonce)
    const text = textOf(challenge)
    if (text !== undefined && this.#byText.get(text) === nonce) this.#byText.delete(text)
    const nonces = this.#byPlace.get(place)
    nonces?.delete(nonce)
    if (nonces?.size === 0) this.#byPlace.delete(place)
  }
}

/** What is signed, as clients send it back. */
export function textOf({ message, transaction }: WalletChallenge): string | undefined {
  return message ?? transaction
}
