/**
 * How often sign-in may fail. An account is locked for an address that failed with it too often, never for the others: a stranger cannot lock the
 * owner out. Many strangers together only slow down those who come to the account from where nobody ever signed in to it.
 */
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../node/primitives/clock.ts'
import { authError } from '../errors.ts'
import {
  FAILURE_WINDOW_MS,
  MAX_ADDRESS_FAILURES,
  MAX_CHALLENGE_RATE,
  MAX_COUNTED,
  MAX_SLOWED,
  MAX_SUBJECT_FAILURES,
  SLOW_MS,
  SLOW_SUBJECT_FAILURES,
} from '../limits.ts'

/** An attempt that counts as failed until it turns out otherwise: those under way at the same time count as well. */
export interface Attempt {
  /** It succeeded: the account is not locked for this address, and known from it. */
  succeeded(): void
  /** Nothing can be said of the account, as when a chain does not answer: it counts for the address alone. */
  undecided(): void
}

/** Times by the monotonic clock, oldest first. */
type Times = readonly number[]

export class Lockout {
  readonly #clock: Clock
  /** By account and address, by account, by address; challenges by address. */
  readonly #failures = new LRUCache<string, Times>({ max: MAX_COUNTED })
  /** Accounts that signed in from an address. */
  readonly #known = new LRUCache<string, true>({ max: MAX_COUNTED })
  #slowed = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Before anything is looked at. `account`: what the caller claims to be, with the method. @throws AUTH_LOCKED (limit) */
  async begin(account: string, address: string): Promise<Attempt> {
    const place = prefixOf(address)
    const pair = `pair ${place} ${account}`
    const [ofPlace, ofAccount] = [`place ${place}`, `account ${account}`]
    this.#assertBelow(ofPlace, MAX_ADDRESS_FAILURES)
    this.#assertBelow(pair, MAX_SUBJECT_FAILURES)
    const now = this.#clock.monotonicMs()
    for (const name of [pair, ofPlace, ofAccount]) this.#add(name, now)
    const isSlow = this.#within(ofAccount).length > SLOW_SUBJECT_FAILURES
    if (isSlow && !this.#known.has(pair)) await this.#slowDown()
    return {
      succeeded: () => {
        this.#failures.delete(pair)
        for (const name of [ofPlace, ofAccount]) this.#takeBack(name, now)
        this.#known.set(pair, true)
      },
      undecided: () => {
        for (const name of [pair, ofAccount]) this.#takeBack(name, now)
      },
    }
  }

  /** A challenge is asked for. @throws AUTH_LOCKED (limit) */
  challenge(address: string): void {
    const name = `challenge ${prefixOf(address)}`
    this.#assertBelow(name, MAX_CHALLENGE_RATE)
    this.#add(name, this.#clock.monotonicMs())
  }

  async #slowDown(): Promise<void> {
    if (this.#slowed >= MAX_SLOWED) throw locked(SLOW_MS)
    this.#slowed++
    await new Promise<void>((resolve) => this.#clock.after(SLOW_MS, resolve))
    this.#slowed--
  }

  #assertBelow(name: string, limit: number): void {
    const times = this.#within(name)
    const [first] = times.slice(-limit)
    if (times.length < limit || first === undefined) return
    throw locked(first + FAILURE_WINDOW_MS - this.#clock.monotonicMs())
  }

  #add(name: string, now: number): void {
    // no more than the largest bound that is asked for
    this.#failures.set(name, [...this.#within(name).slice(-MAX_CHALLENGE_RATE), now])
  }

  #takeBack(name: string, at: number): void {
    const times = this.#within(name)
    const index = times.lastIndexOf(at)
    if (index >= 0) this.#failures.set(name, times.toSpliced(index, 1))
  }

  #within(name: string): Times {
    const since = this.#clock.monotonicMs() - FAILURE_WINDOW_MS
    return (this.#failures.get(name) ?? []).filter((at) => at > since)
  }
}

/** Whose address it is, as far as it can be told: all of an IPv4 address, of an IPv6 address the 64 bits that one customer has. */
export function prefixOf(address: string): string {
  const [plain = ''] = address.toLowerCase().split('%', 1)
  const mapped = /^(?:0*:)*:?(?:ffff:)(\d+\.\d+\.\d+\.\d+)$/.exec(plain)?.[1]
  if (mapped !== undefined) return mapped
  if (!plain.includes(':')) return plain.slice(0, 64)
  const [head = '', tail = ''] = plain.split('::', 2)
  const before = head === '' ? [] : head.split(':')
  const after = tail === '' ? [] : tail.split(':')
  const zeros = plain.includes('::') ? Math.max(0, 8 - before.length - after.length) : 0
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after]
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, '').slice(0, 4))
    .join(':')
}

function locked(retryAfterMs: number): Error {
  return authError('AUTH_LOCKED', 'too many attempts: try again later', {
    retryAfterMs: Math.max(1, Math.ceil(retryAfterMs)),
  })
}
