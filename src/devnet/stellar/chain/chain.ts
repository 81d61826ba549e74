/** The chain: entries, ledgers that closed and what was in them, transactions that wait, time, and ways back. */
import { Keypair } from '@stellar/stellar-sdk'
import { toHex, utf8 } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import { XdrReader, XdrWriter } from '../codec/xdr.ts'
import { LEDGER_SECONDS, type LedgerMode, type StellarParameters } from '../parameters.ts'
import type { LedgerInfo } from '../storage/storage.ts'
import { type Admission, admit, bidOf, paidOperations, Refused } from './admit.ts'
import { applyTransaction } from './apply.ts'
import type { Entries } from './changes.ts'
import { readEnvelope, type Transaction } from './envelope.ts'
import { genesis, type GenesisAccount } from './genesis.ts'
import { ledgerHeader, ledgerMeta } from './meta.ts'
import { Queue, type QueueCopy } from './queue.ts'
import type { LedgerRecord, TransactionRecord } from './records.ts'
import { transactionResult, TX } from './results.ts'
import { simulate, type Simulated, type SimulationInit } from './simulate.ts'

export interface ChainInit {
  readonly passphrase: string
  readonly parameters: StellarParameters
  readonly seed: string
  readonly mode: LedgerMode
  readonly accounts: readonly GenesisAccount[]
  /** For how many ledgers transactions and events are kept. */
  readonly retentionLedgers: number
  /** Seconds since the Unix epoch. */
  readonly now: () => number
  /** Whether time only moves with ledgers. */
  readonly isTimeHeld: boolean
}

/** What came of sending a transaction. */
export type Sent =
  | { readonly status: 'PENDING' | 'DUPLICATE' | 'TRY_AGAIN_LATER'; readonly id: string }
  | { readonly status: 'ERROR'; readonly id: string; readonly result: Uint8Array }

/** Everything that can be come back to. */
interface Snapshot {
  readonly id: number
  readonly entries: Entries
  readonly ledgers: readonly LedgerRecord[]
  readonly transactions: ReadonlyMap<string, TransactionRecord>
  readonly sequence: number
  readonly closeTime: number
  readonly now: number
  readonly moved: number
  readonly held: number | undefined
  readonly feePool: bigint
  readonly drawn: number
  readonly mode: LedgerMode
  readonly queue: QueueCopy
}

const FIRST_LEDGER = 1

export class Chain {
  readonly passphrase: string
  readonly parameters: StellarParameters
  readonly networkId: Uint8Array
  /** Holds all coins that nobody else has. */
  readonly root: Keypair
  readonly retentionLedgers: number
  readonly #init: ChainInit
  readonly #queue = new Queue()
  readonly #snapshots: Snapshot[] = []
  #nextSnapshot = 1
  #entries: Entries
  #ledgers: LedgerRecord[] = []
  #transactions = new Map<string, TransactionRecord>()
  #sequence: number = FIRST_LEDGER - 1
  #closeTime: number
  /** Seconds that time was moved by, beside the clock. */
  #moved = 0
  /** The second that all ledgers are in, while time stands still. */
  #held: number | undefined
  #feePool = 0n
  /** How many random numbers were drawn. */
  #drawn = 0
  /** Transactions that are still to be told to try again. */
  #refusals = 0
  mode: LedgerMode

  constructor(init: ChainInit) {
    this.#init = init
    this.mode = init.mode
    this.passphrase = init.passphrase
    this.parameters = init.parameters
    this.retentionLedgers = init.retentionLedgers
    this.networkId = sha256(utf8(init.passphrase))
    this.root = Keypair.fromRawEd25519Seed(Buffer.from(this.networkId))
    this.#closeTime = init.now()
    const root = new Uint8Array(this.root.rawPublicKey())
    this.#entries = genesis(root, init.accounts, this.nextInfo())
    this.#record(this.#closeTime, [])
  }

  get entries(): Entries {
    return this.#entries
  }

  /** The last ledger. */
  get last(): LedgerRecord {
    const last = this.#ledgers.at(-1)
    // the constructor closes the first
    if (last === undefined) throw new RangeError('no ledger closed yet')
    return last
  }

  /** Ledgers that are known, in their order; those that were jumped over are not among them. */
  get ledgers(): readonly LedgerRecord[] {
    return this.#ledgers
  }

  /** The first ledger that can be asked about. */
  get oldest(): { readonly sequence: number; readonly closeTime: number } {
    const sequence = Math.max(FIRST_LEDGER, this.#sequence - this.retentionLedgers + 1)
    const [first = this.last] = this.#ledgers
    return { sequence, closeTime: first.closeTime }
  }

  get waiting(): number {
    return this.#queue.length
  }

  transaction(id: string): TransactionRecord | undefined {
    return this.#transactions.get(id)
  }

  /** Seconds since the Unix epoch at which a ledger that closed now would. */
  get nextCloseTime(): number {
    const { now, isTimeHeld } = this.#init
    if (this.#held !== undefined) return this.#held
    if (isTimeHeld) return this.#closeTime + LEDGER_SECONDS + this.#moved
    return Math.max(this.#closeTime, now() + this.#moved)
  }

  /** The ledger that is next. */
  nextInfo(): LedgerInfo {
    const { parameters, networkId } = this
    const timestamp = BigInt(this.nextCloseTime)
    return { sequence: this.#sequence + 1, timestamp, networkId, parameters }
  }

  /** 32 bytes that follow from the seed, and are never the same. */
  draw(): Uint8Array {
    const counter = new XdrWriter().u32(this.#drawn++).done()
    return sha256(utf8(`${this.#init.seed}\0random`), this.networkId, counter)
  }

  /** A number for what is signed once. */
  drawNonce(): bigint {
    return new XdrReader(this.draw()).u64() >> 1n
  }

  /** What a transaction would do now, and what it has to declare for that. */
  simulate(init: SimulationInit): Simulated {
    return simulate(this, init)
  }

  /** @throws what the SDK says of what it does not understand */
  send(envelope: string): Sent {
    const tx = readEnvelope(envelope, this.networkId)
    if (tx === undefined) {
      const id = toHex(sha256(utf8(envelope)))
      return { status: 'ERROR', id, result: transactionResult(TX.notSupported) }
    }
    const { id } = tx
    if (this.#transactions.has(id) || this.#queue.has(id)) return { status: 'DUPLICATE', id }
    if (this.#refusals > 0) {
      this.#refusals--
      return { status: 'TRY_AGAIN_LATER', id }
    }
    const refused = this.#refusal(tx)
    if (refused !== undefined) return { status: 'ERROR', id, result: refused }
    const offer = this.#queue.offer(tx, this.#sequence, this.parameters)
    if (offer.kind === 'busy') return { status: 'TRY_AGAIN_LATER', id }
    if (offer.kind === 'cheap') {
      const result = transactionResult(TX.insufficientFee, offer.fee)
      return { status: 'ERROR', id, result }
    }
    if (this.mode === 'instant') this.close()
    return { status: 'PENDING', id }
  }

  /** The next so many transactions are told to try again later, whatever they are. */
  refuse(transactions: number): void {
    this.#refusals = transactions
  }

  #refusal(tx: Transaction): Uint8Array | undefined {
    try {
      admit(tx, this.#admission())
      return undefined
    } catch (error) {
      if (error instanceof Refused) return error.result
      throw error
    }
  }

  #admission(): Admission {
    const { parameters, entries } = this
    const closeTime = this.nextCloseTime
    return { entries, parameters, sequence: this.#sequence + 1, closeTime }
  }

  /** Closes a ledger with what waits, as far as it fits. */
  close(): LedgerRecord {
    const chosen = this.#queue.choose(this.parameters)
    // where some have to wait, all pay what the cheapest of the others offers
    const isFull = this.#queue.length > 0
    const rates = chosen.map((tx) => bidOf(tx) / BigInt(paidOperations(tx)))
    const least = rates.reduce((a, b) => (a < b ? a : b), rates[0] ?? 0n)
    const rate = isFull ? least : BigInt(this.parameters.baseFee)
    return this.#closeWith(chosen, rate)
  }

  /** Closes a ledger with one transaction that waits for nobody. @throws Refused */
  closeNow(envelope: string): TransactionRecord {
    const tx = readEnvelope(envelope, this.networkId)
    if (tx === undefined) throw new Refused('notSupported')
    admit(tx, this.#admission())
    const { transactions } = this.#closeWith([tx], BigInt(this.parameters.baseFee))
    const [record] = transactions
    if (record === undefined) throw new Refused('badSequence')
    return record
  }

  #closeWith(chosen: readonly Transaction[], rate: bigint): LedgerRecord {
    const info = this.nextInfo()
    const records: TransactionRecord[] = []
    for (const tx of chosen) {
      // what was there when it was sent may not be any more
      if (this.#refusal(tx) !== undefined) continue
      const init = { entries: this.#entries, info, seed: this.draw(), rate }
      records.push(applyTransaction(tx, { ...init, order: records.length + 1 }))
    }
    const record = this.#record(Number(info.timestamp), records)
    this.#queue.age(this.#sequence)
    return record
  }

  #record(closeTime: number, transactions: readonly TransactionRecord[]): LedgerRecord {
    this.#sequence++
    this.#closeTime = closeTime
    if (this.#init.isTimeHeld) this.#moved = 0
    this.#feePool += transactions.reduce((sum, { fee }) => sum + fee, 0n)
    const previous = this.#ledgers.at(-1)?.hash ?? new Uint8Array(32)
    const { parameters } = this
    const sequence = this.#sequence
    const feePool = this.#feePool
    const init = { parameters, previous, sequence, closeTime, feePool, transactions }
    const header = ledgerHeader(init)
    const hash = sha256(header)
    const meta = ledgerMeta(hash, header, init)
    const record = { sequence, closeTime, hash, header, meta, transactions }
    this.#ledgers.push(record)
    for (const one of transactions) {
      this.#transactions.set(one.id, one)
      this.#transactions.set(one.innerId, one)
    }
    this.#forget()
    return record
  }

  /** Lets go of what is older than the window. */
  #forget(): void {
    const { sequence } = this.oldest
    const gone = this.#ledgers.findIndex((one) => one.sequence >= sequence)
    for (const { transactions } of this.#ledgers.splice(0, gone)) {
      for (const { id, innerId } of transactions) {
        this.#transactions.delete(id)
        this.#transactions.delete(innerId)
      }
    }
  }

  /** Moves time on, for the ledgers to come. */
  moveTime(seconds: number): void {
    this.holdTime(undefined)
    this.#moved += seconds
  }

  /** Holds time at a second; undefined lets it go on from there. @throws RangeError where that second is over */
  holdTime(second: number | undefined): void {
    if (second !== undefined && second < this.#closeTime) {
      throw new RangeError(`expected a second from ${this.#closeTime} on, got ${second}`)
    }
    const held = this.#held
    this.#held = undefined
    if (held !== undefined) {
      const { now, isTimeHeld } = this.#init
      const own = isTimeHeld ? this.#closeTime + LEDGER_SECONDS : now()
      this.#moved = Math.max(this.#moved, held - own)
    }
    this.#held = second
  }

  /** Leaves out ledgers, and the time that they would have taken, in one step. */
  moveLedgers(ledgers: number): void {
    const seconds = ledgers * LEDGER_SECONDS
    this.moveTime(this.#init.isTimeHeld ? seconds - LEDGER_SECONDS : seconds)
    this.#sequence += ledgers - 1
    this.#closeWith([], 0n)
  }

  snapshot(): number {
    const id = this.#nextSnapshot++
    this.#snapshots.push({
      ...{ id, entries: new Map(this.#entries), ledgers: [...this.#ledgers] },
      ...{ transactions: new Map(this.#transactions), sequence: this.#sequence },
      ...{ closeTime: this.#closeTime, now: this.#init.now(), moved: this.#moved },
      held: this.#held,
      ...{ feePool: this.#feePool, drawn: this.#drawn, mode: this.mode },
      queue: this.#queue.copy(),
    })
    return id
  }

  /** Goes back; snapshots made later are gone. @returns whether there is such a one */
  revert(id: number): boolean {
    const index = this.#snapshots.findIndex((one) => one.id === id)
    const snapshot = this.#snapshots[index]
    if (snapshot === undefined) return false
    this.#snapshots.length = index + 1
    this.#entries = new Map(snapshot.entries)
    this.#ledgers = [...snapshot.ledgers]
    this.#transactions = new Map(snapshot.transactions)
    this.#sequence = snapshot.sequence
    this.#closeTime = snapshot.closeTime
    const passed = this.#init.isTimeHeld ? 0 : this.#init.now() - snapshot.now
    this.#moved = snapshot.moved - passed
    this.#held = snapshot.held
    this.#feePool = snapshot.feePool
    this.#drawn = snapshot.drawn
    this.mode = snapshot.mode
    this.#queue.restore(snapshot.queue)
    return true
  }
}
