/**
 * How much is paid for whom: windows that slide with the clock, for each signer and each group, and a budget of gas for all together. Kept in
 * memory: a restart forgets what was counted.
 */
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../node/primitives/clock.ts'
import { relayerError } from './errors.ts'
import { MAX_COUNTED } from './limits.ts'

const HOUR_MS = 3_600_000
const DAY_MS: number = 24 * HOUR_MS

/** How many operations per hour and day, and how much gas per day. */
export interface QuotaRules {
  readonly signerPerHour: number
  readonly signerPerDay: number
  readonly groupPerHour: number
  readonly groupPerDay: number
  /** Of all operations together. With the most that is paid per gas, this is the most that a day costs. */
  readonly gasPerDay: bigint
}

/** Whom an operation is counted for; hexadecimal. */
export interface Payee {
  readonly signer: string
  readonly group: string
}

/** Something that was sent. */
interface Entry {
  readonly atMs: number
  readonly gas: bigint
}

export class Quotas {
  readonly #rules: QuotaRules
  readonly #clock: Clock
  readonly #signers = new LRUCache<string, readonly Entry[]>({ max: MAX_COUNTED })
  readonly #groups = new LRUCache<string, readonly Entry[]>({ max: MAX_COUNTED })
  #all: readonly Entry[] = []

  constructor(rules: QuotaRules, clock: Clock) {
    this.#rules = rules
    this.#clock = clock
  }

  /** Whether one more would be within the quotas. @throws RELAYER_QUOTA (limit) */
  check({ signer, group }: Payee, gas = 0n): void {
    const { signerPerHour, signerPerDay, groupPerHour, groupPerDay, gasPerDay } = this.#rules
    this.#checkCount('signer', this.#signers.get(signer), signerPerHour, signerPerDay)
    this.#checkCount('group', this.#groups.get(group), groupPerHour, groupPerDay)
    const spent = this.#within(this.#all, DAY_MS).reduce((sum, entry) => sum + entry.gas, 0n)
    // nothing left is as bad as too little
    if (spent + gas > gasPerDay || spent >= gasPerDay) {
      throw relayerError(
        'RELAYER_QUOTA',
        `the relayer's gas of ${gasPerDay} a day is used up; try again later`,
        { of: 'all', limit: String(gasPerDay) },
      )
    }
  }

  /** Counts one. @returns takes it back, for what was not sent after all @throws RELAYER_QUOTA (limit) */
  take(payee: Payee, gas: bigint): () => void {
    this.check(payee, gas)
    const entry = { atMs: this.#clock.monotonicMs(), gas }
    const { signer, group } = payee
    const of = (list: readonly Entry[] | undefined): readonly Entry[] =>
      this.#within(list ?? [], DAY_MS)
    this.#signers.set(signer, [...of(this.#signers.get(signer)), entry])
    this.#groups.set(group, [...of(this.#groups.get(group)), entry])
    this.#all = [...of(this.#all), entry]
    return () => {
      const isOther = (each: Entry): boolean => each !== entry
      this.#signers.set(signer, of(this.#signers.get(signer)).filter(isOther))
      this.#groups.set(group, of(this.#groups.get(group)).filter(isOther))
      this.#all = this.#all.filter(isOther)
    }
  }

  #checkCount(
    of: 'signer' | 'group',
    entries: readonly Entry[] = [],
    perHour: number,
    perDay: number,
  ): void {
    const windows = [
      { limit: perHour, window: 'hour', ms: HOUR_MS },
      { limit: perDay, window: 'day', ms: DAY_MS },
    ]
    for (const { limit, window, ms } of windows) {
      if (this.#within(entries, ms).length < limit) continue
      throw relayerError(
        'RELAYER_QUOTA',
        `${limit} operations of this ${of} were sent within the last ${window}, which is all the relayer pays for`,
        { of, limit, window },
      )
    }
  }

  #within(entries: readonly Entry[], ms: number): readonly Entry[] {
    const since = this.#clock.monotonicMs() - ms
    return entries.filter(({ atMs }) => atMs > since)
  }
}
