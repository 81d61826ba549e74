/**
 * How much is done for whom: windows that slide with the clock, for each API key and address that asks, each signer and each group, and a budget
 * of cost for all on one chain together. Whoever asks is counted before anything is done for it. Kept in memory: a restart forgets what was counted.
 */
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../node/primitives/clock.ts'
import type { RelayCarrier } from './carrier.ts'
import { relayerError } from './errors.ts'
import { MAX_COUNTED, REFUSED_POINTS } from './limits.ts'

const HOUR_MS = 3_600_000
const DAY_MS: number = 24 * HOUR_MS

/** How much per hour and day. A request is a point, one that is refused {@link REFUSED_POINTS}; of groups, operations count. */
export interface QuotaRules {
  readonly keyPerHour: number
  readonly keyPerDay: number
  readonly addressPerHour: number
  readonly addressPerDay: number
  readonly signerPerHour: number
  readonly signerPerDay: number
  readonly groupPerHour: number
  readonly groupPerDay: number
}

/** Whom an operation is counted for; hexadecimal. */
export interface Payee {
  /** Left out of what nobody signs. */
  readonly signer?: string
  readonly group: string
}

/** What something may cost, and of which account. */
export interface Expense extends Pick<RelayCarrier, 'chain' | 'network' | 'costs'> {
  /** In the unit of the account's chain. */
  readonly cost: bigint
}

/** Who asks. */
export interface RelayClient {
  /** Names an API key without being it; left out where none was shown. */
  readonly key?: string | undefined
  /** Where the request comes from. */
  readonly address: string
}

/** A request that is counted. */
export interface Attempt {
  /** It cost nothing: what it asks for was done before. */
  refund(): void
  /** It was refused, and costs more. `signer`: who has certainly signed it. */
  refuse(signer?: string): void
}

type Counted = 'key' | 'address' | 'signer' | 'group'

/** Something that was done. */
interface Entry {
  readonly atMs: number
  readonly points: number
}

/** Something that was paid. */
interface Paid {
  readonly atMs: number
  readonly cost: bigint
}

export class Quotas {
  readonly #rules: QuotaRules
  readonly #clock: Clock
  readonly #counted: Readonly<Record<Counted, LRUCache<string, readonly Entry[]>>>
  /** By chain and network: there are as many as accounts that pay. */
  readonly #paid = new Map<string, readonly Paid[]>()

  constructor(rules: QuotaRules, clock: Clock) {
    this.#rules = rules
    this.#clock = clock
    const counts = (): LRUCache<string, readonly Entry[]> => new LRUCache({ max: MAX_COUNTED })
    this.#counted = { key: counts(), address: counts(), signer: counts(), group: counts() }
  }

  /** Counts a request, before it is looked at. @throws RELAYER_QUOTA (limit) */
  attempt({ key, address }: RelayClient): Attempt {
    const who: (readonly [Counted, string])[] = [['address', networkOf(address)]]
    if (key !== undefined) who.push(['key', key])
    for (const [of, id] of who) this.#check(of, id)
    const added = who.map(([of, id]) => this.#add(of, id, 1))
    return {
      refund: () => added.forEach((undo) => undo()),
      refuse: (signer) => {
        for (const [of, id] of who) this.#add(of, id, REFUSED_POINTS - 1)
        if (signer !== undefined) this.#add('signer', signer, REFUSED_POINTS)
      },
    }
  }

  /** Whether a signer may have more done. @throws RELAYER_QUOTA (limit) */
  checkSigner(signer: string): void {
    this.#check('signer', signer)
  }

  /** Whether one more would be within the quotas. @throws RELAYER_QUOTA (limit) */
  check({ signer, group }: Payee, expense: Expense): void {
    if (signer !== undefined) this.#check('signer', signer)
    this.#check('group', group)
    const { unit, perDay } = expense.costs
    const spent = this.#paidOf(expense).reduce((sum, paid) => sum + paid.cost, 0n)
    // nothing left is as bad as too little
    if (spent + expense.cost > perDay || spent >= perDay) {
      throw relayerError(
        'RELAYER_QUOTA',
        `the ${perDay} ${unit} that the relayer pays on ${expense.chain} in a day are used up; try again later`,
        { of: 'all', limit: String(perDay), unit },
      )
    }
  }

  /** Counts one. @returns takes it back, for what was not sent after all @throws RELAYER_QUOTA (limit) */
  take(payee: Payee, expense: Expense): () => void {
    this.check(payee, expense)
    const undo = [this.#add('group', payee.group, 1)]
    if (payee.signer !== undefined) undo.push(this.#add('signer', payee.signer, 1))
    const account = accountOf(expense)
    const paid = { atMs: this.#clock.monotonicMs(), cost: expense.cost }
    this.#paid.set(account, [...this.#paidOf(expense), paid])
    return () => {
      for (const each of undo) each()
      const others = (this.#paid.get(account) ?? []).filter((each) => each !== paid)
      this.#paid.set(account, others)
    }
  }

  #paidOf(expense: Expense): readonly Paid[] {
    return this.#within(this.#paid.get(accountOf(expense)) ?? [], DAY_MS)
  }

  #add(of: Counted, id: string, points: number): () => void {
    const entries = this.#counted[of]
    const entry = { atMs: this.#clock.monotonicMs(), points }
    entries.set(id, [...this.#within(entries.get(id) ?? [], DAY_MS), entry])
    return () => {
      const others = (entries.get(id) ?? []).filter((each) => each !== entry)
      entries.set(id, others)
    }
  }

  #check(of: Counted, id: string): void {
    const entries = this.#counted[of].get(id) ?? []
    const windows = [
      { limit: this.#rules[`${of}PerHour`], window: 'hour', ms: HOUR_MS },
      { limit: this.#rules[`${of}PerDay`], window: 'day', ms: DAY_MS },
    ]
    for (const { limit, window, ms } of windows) {
      const points = this.#within(entries, ms).reduce((sum, entry) => sum + entry.points, 0)
      if (points < limit) continue
      throw relayerError(
        'RELAYER_QUOTA',
        `the ${limit} that the relayer does for this ${of} in a${window === 'hour' ? 'n' : ''} ${window} are used up; requests that are refused count ${REFUSED_POINTS} times`,
        { of, limit, window },
      )
    }
  }

  #within<T extends { readonly atMs: number }>(entries: readonly T[], ms: number): readonly T[] {
    const since = this.#clock.monotonicMs() - ms
    return entries.filter(({ atMs }) => atMs > since)
  }
}

function accountOf({ chain, network }: Expense): string {
  return `${chain} ${network}`
}

/** Of an address of the sixth version the network: one customer has as many below it as there are. */
function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address
  const [before = '', after] = address.split('::')
  const head = before === '' ? [] : before.split(':')
  const tail = after === undefined || after === '' ? [] : after.split(':')
  const zeros = after === undefined ? 0 : Math.max(0, 8 - head.length - tail.length)
  return [...head, ...Array<string>(zeros).fill('0'), ...tail].slice(0, 4).join(':')
}
