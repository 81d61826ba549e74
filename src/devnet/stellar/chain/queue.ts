/** Transactions that wait for a ledger: one of each account, as many as a few ledgers hold, the ones that pay most first. */
import type { StellarParameters } from '../parameters.ts'
import { toHex } from '../../../node/primitives/bytes.ts'
import { bidOf, paidOperations } from './admit.ts'
import type { Transaction } from './envelope.ts'

interface Waiting {
  readonly tx: Transaction
  /** The ledger that was last when it came. */
  readonly since: number
}

/** What became of a transaction that was offered. */
export type Offer =
  | { readonly kind: 'taken' }
  | { readonly kind: 'busy' }
  /** The most that would have been too little, stroops of all its operations. */
  | { readonly kind: 'cheap'; readonly fee: bigint }

/** Ledgers after which those that were never chosen are dropped, and for how many they are refused then. */
const PATIENCE = 4
const BAN = 10
/** How much more another transaction of the same account must pay. */
const REPLACEMENT = 10n

export interface QueueCopy {
  readonly waiting: readonly Waiting[]
  readonly banned: ReadonlyMap<string, number>
}

export class Queue {
  #waiting: Waiting[] = []
  /** Hashes that are refused, and until which ledger. */
  #banned = new Map<string, number>()

  get length(): number {
    return this.#waiting.length
  }

  has(id: string): boolean {
    return this.#waiting.some(({ tx }) => tx.id === id)
  }

  /** Takes a transaction that could be in the next ledger, where there is room for it. */
  offer(tx: Transaction, ledger: number, parameters: StellarParameters): Offer {
    if ((this.#banned.get(tx.id) ?? 0) > ledger) return { kind: 'busy' }
    const own = this.#waiting.find((one) => toHex(one.tx.source) === toHex(tx.source))
    if (own !== undefined) {
      if (rateOf(tx) < rateOf(own.tx) * REPLACEMENT) return { kind: 'busy' }
      this.#remove(own)
    } else if (!this.#hasRoom(tx, parameters)) {
      const [cheapest] = this.#sorted().reverse()
      if (cheapest === undefined) return { kind: 'busy' }
      if (rateOf(tx) <= rateOf(cheapest.tx)) {
        const least = (rateOf(cheapest.tx) + 1n) * BigInt(paidOperations(tx))
        return { kind: 'cheap', fee: least + (tx.declared?.fee ?? 0n) }
      }
      this.#remove(cheapest)
      this.#banned.set(cheapest.tx.id, ledger + BAN)
    }
    this.#waiting.push({ tx, since: ledger })
    return { kind: 'taken' }
  }

  /** Takes out as many as a ledger holds. */
  choose(parameters: StellarParameters): readonly Transaction[] {
    const chosen: Waiting[] = []
    for (const one of this.#sorted()) {
      if (fits([...chosen, one], parameters, 1)) chosen.push(one)
    }
    for (const one of chosen) this.#remove(one)
    return chosen.map(({ tx }) => tx)
  }

  /** A ledger closed: those that waited for too long are dropped. */
  age(ledger: number): void {
    for (const one of [...this.#waiting]) {
      if (ledger - one.since < PATIENCE) continue
      this.#remove(one)
      this.#banned.set(one.tx.id, ledger + BAN)
    }
    for (const [id, until] of this.#banned) if (until <= ledger) this.#banned.delete(id)
  }

  copy(): QueueCopy {
    return { waiting: [...this.#waiting], banned: new Map(this.#banned) }
  }

  restore({ waiting, banned }: QueueCopy): void {
    this.#waiting = [...waiting]
    this.#banned = new Map(banned)
  }

  /** The dearest first, and of equal ones the earliest. */
  #sorted(): Waiting[] {
    return this.#waiting.toSorted((a, b) => {
      const [left, right] = [rateOf(a.tx), rateOf(b.tx)]
      return left > right ? -1 : left < right ? 1 : 0
    })
  }

  #hasRoom(tx: Transaction, parameters: StellarParameters): boolean {
    const all = [...this.#waiting, { tx, since: 0 }]
    return fits(all, parameters, parameters.ledger.queuedLedgers)
  }

  #remove(one: Waiting): void {
    this.#waiting = this.#waiting.filter((other) => other !== one)
  }
}

/** What an operation pays. */
function rateOf(tx: Transaction): bigint {
  return bidOf(tx) / BigInt(paidOperations(tx))
}

/** Whether so many ledgers hold them. */
function fits(
  all: readonly Waiting[],
  { ledger: most }: StellarParameters,
  ledgers: number,
): boolean {
  const sum = (of: (tx: Transaction) => number): number =>
    all.reduce((total, { tx }) => total + of(tx), 0)
  const declared = (of: (from: NonNullable<Transaction['declared']>) => number): number =>
    sum((tx) => (tx.declared === undefined ? 0 : of(tx.declared)))
  return (
    sum((tx) => (tx.declared === undefined ? tx.body.operations.length : 0)) <=
      most.operations * ledgers &&
    declared(() => 1) <= most.contractTransactions * ledgers &&
    declared(({ instructions }) => instructions) <= most.instructions * ledgers &&
    declared(({ footprint }) => footprint.readWrite.length) <= most.writeEntries * ledgers &&
    declared(({ writeBytes }) => writeBytes) <= most.writeBytes * ledgers &&
    sum((tx) => (tx.declared === undefined ? 0 : tx.envelope.length)) <=
      most.envelopeBytes * ledgers
  )
}
