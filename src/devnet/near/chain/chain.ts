/**
 * The chain: transactions come in, blocks are made of them, receipts go from block to block. Synchronous, without input or output; time
 * comes from the clock that is given.
 */
import type { Parameters } from '../parameters.ts'
import { emptyAccount, State, type StateCopy } from '../state.ts'
import type { Block, Outcome, PublicKey, Receipt, Transaction } from '../types.ts'
import { ContractCache } from '../vm/contract.ts'
import { admit } from './admit.ts'
import { type Applied, applyReceipt } from './apply.ts'
import { Blocks, type BlocksCopy, FINALITY_BLOCKS } from './blocks.ts'
import { type Change, changesOf } from './changes.ts'
import { TransactionRefused } from './failures.ts'

/** When blocks are made: as soon as there is something for them, or when somebody says so. */
export type BlockMode = 'instant' | 'manual'

export interface ChainInit {
  readonly chainId: string
  readonly parameters: Parameters
  /** Nanoseconds since the Unix epoch. */
  readonly now: () => bigint
  readonly seed: string
  readonly mode: BlockMode
  /** Of how many blocks before the last the state can be asked. */
  readonly historyBlocks: number
}

/** A transaction that was taken. */
export interface TransactionEntry {
  readonly transaction: Transaction
  /** None while it waits for a block. */
  readonly outcome: Outcome | undefined
}

/** What one block sends to the next: receipts, and results for those that wait for them. */
type Delivery = Receipt | Applied['data'][number]

/** Everything between blocks; all that is in it is never changed. */
interface Contents {
  transactions: Map<string, TransactionEntry>
  receipts: Map<string, Receipt>
  outcomes: Map<string, Outcome>
  changes: Map<number, readonly Change[]>
  /** Transactions for the next block. */
  pool: readonly string[]
  /** For the next block. */
  queue: readonly Delivery[]
  /** Receipts that wait for data, by their id. */
  waiting: Map<string, Receipt>
  /** Results by data id; undefined: that promise failed. */
  data: Map<string, Uint8Array | undefined>
  totalSupply: bigint
}

interface Snapshot {
  readonly state: StateCopy
  readonly blocks: BlocksCopy
  readonly contents: Contents
}

export class Chain {
  readonly chainId: string
  readonly parameters: Parameters
  readonly state: State
  readonly blocks: Blocks
  readonly cache: ContractCache
  mode: BlockMode
  readonly #snapshots: Snapshot[] = []
  #contents: Contents = {
    ...{ transactions: new Map(), receipts: new Map(), outcomes: new Map(), changes: new Map() },
    ...{ pool: [], queue: [], waiting: new Map(), data: new Map(), totalSupply: 0n },
  }
  #listeners = new Set<() => void>()
  #broken: Error | undefined

  constructor(init: ChainInit) {
    this.chainId = init.chainId
    this.parameters = init.parameters
    this.mode = init.mode
    this.state = new State(init.parameters, init.historyBlocks)
    this.blocks = new Blocks({ now: init.now, seed: init.seed })
    this.cache = new ContractCache(init.parameters)
  }

  get totalSupply(): bigint {
    return this.#contents.totalSupply
  }

  transaction(hash: string): TransactionEntry | undefined {
    return this.#contents.transactions.get(hash)
  }

  receipt(id: string): Receipt | undefined {
    return this.#contents.receipts.get(id)
  }

  outcome(id: string): Outcome | undefined {
    return this.#contents.outcomes.get(id)
  }

  /** What a block changed, or undefined where that is no longer known. */
  changes(height: number): readonly Change[] | undefined {
    return this.state.at(height) === undefined ? undefined : this.#contents.changes.get(height)
  }

  /** Calls back after each block, until the returned function is called. */
  onBlock(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Accounts that are there from the beginning, and enough blocks that they are final. */
  begin(accounts: readonly { id: string; amount: bigint; publicKey: PublicKey }[]): void {
    for (const { id, amount, publicKey } of accounts) {
      this.state.setAccount(id, emptyAccount(amount, this.parameters))
      this.state.setKey(id, publicKey, { nonce: 0n, permission: 'full' })
      this.#contents.totalSupply += amount
    }
    this.state.commit()
    this.#contents.changes.set(0, [])
    this.state.seal(0)
    this.mine(FINALITY_BLOCKS + 1)
  }

  /**
   * Takes a transaction. In mode `instant` all that follows from it is done and final when this returns. One that is known already is not
   * taken again. @throws TransactionRefused
   */
  submit(transaction: Transaction): void {
    const { hash } = transaction
    if (this.#contents.transactions.has(hash)) return
    // what makes it invalid now is told at once, in either mode
    this.#admit(transaction, this.blocks.head.height + 1)
    this.state.rollback()
    this.#contents.transactions.set(hash, { transaction, outcome: undefined })
    this.#contents.pool = [...this.#contents.pool, hash]
    if (this.mode === 'manual') return
    this.mine(1)
    while (this.#contents.queue.length > 0) this.mine(1)
    this.mine(FINALITY_BLOCKS)
  }

  /** Makes blocks. */
  mine(count: number): void {
    for (let i = 0; i < count; i++) this.#makeBlock(this.blocks.begin())
  }

  /** @throws what broke the chain, where it is a bug of ours: whoever tries again must not find half of a block */
  check(): void {
    if (this.#broken !== undefined) throw this.#broken
  }

  /** Leaves out heights, and the time that blocks there would have taken: a second each. */
  fastForward(blocks: number): void {
    this.blocks.moveTime(BigInt(blocks) * 1_000_000_000n)
    this.#makeBlock(this.blocks.begin(this.blocks.head.height + blocks))
    this.mine(FINALITY_BLOCKS)
  }

  /** Moves time on; the next blocks have it. In mode `instant` they are made, so that reads at `final` have it as well. */
  moveTime(seconds: number): void {
    this.blocks.moveTime(BigInt(Math.round(seconds * 1e9)))
    if (this.mode === 'instant') this.mine(FINALITY_BLOCKS + 1)
  }

  /** Holds time in a second since the Unix epoch, until it is moved, or released by undefined. */
  holdTime(second: number | undefined): void {
    if (second === undefined) this.blocks.releaseTime()
    else this.blocks.holdTime(BigInt(second) * 1_000_000_000n)
    if (this.mode === 'instant') this.mine(FINALITY_BLOCKS + 1)
  }

  /** Changes state by hand, in a block of its own. */
  patch(change: (state: State) => void): void {
    change(this.state)
    this.#makeBlock(this.blocks.begin())
    this.mine(FINALITY_BLOCKS)
  }

  /** @returns what {@link revert} takes */
  snapshot(): number {
    this.#snapshots.push(this.#keep())
    return this.#snapshots.length - 1
  }

  /** Goes back to a snapshot, which stays; those made after it are gone. @returns whether there was one */
  revert(id: number): boolean {
    const snapshot = this.#snapshots[id]
    if (snapshot === undefined) return false
    this.#snapshots.length = id + 1
    this.#restore(snapshot)
    return true
  }

  #keep(): Snapshot {
    const { transactions, receipts, outcomes, changes, waiting, data } = this.#contents
    const contents = {
      ...this.#contents,
      ...{ transactions: new Map(transactions), receipts: new Map(receipts) },
      ...{ outcomes: new Map(outcomes), changes: new Map(changes) },
      ...{ waiting: new Map(waiting), data: new Map(data) },
    }
    return { state: this.state.copy(), blocks: this.blocks.copy(), contents }
  }

  #restore(snapshot: Snapshot): void {
    this.state.restore(snapshot.state)
    this.blocks.restore(snapshot.blocks)
    this.#contents = snapshot.contents
    // the snapshot stays as it is
    this.#contents = this.#keep().contents
  }

  #admit(transaction: Transaction, height: number): ReturnType<typeof admit> {
    const { state, parameters } = this
    const namedHeight = this.blocks.byHash(transaction.blockHash)?.height
    return admit(transaction, { state, parameters, height, namedHeight })
  }

  #makeBlock(block: Block): void {
    this.check()
    try {
      this.#fillBlock(block)
    } catch (cause) {
      this.#broken = new Error('the chain is broken: a block could not be made', { cause })
      throw this.#broken
    }
    for (const listener of [...this.#listeners]) listener()
  }

  #fillBlock(block: Block): void {
    const contents = this.#contents
    const { pool, queue } = contents
    contents.pool = []
    contents.queue = []
    const changes: Change[] = changesOf(this.state, this.state.commit(), { type: 'patch' })
    const local: Receipt[] = []
    const taken = pool.filter((hash) => {
      const receipt = this.#include(hash, block, changes)
      // what somebody sends to oneself is executed in the same block
      if (receipt?.predecessorId === receipt?.receiverId && receipt !== undefined)
        local.push(receipt)
      else if (receipt !== undefined) this.#sendReceipt(receipt)
      return receipt !== undefined
    })
    const receipts = [...local]
    for (const receipt of local) this.#execute(receipt, block, changes)
    for (const delivery of queue) {
      if ('actions' in delivery) {
        receipts.push(delivery)
        this.#execute(delivery, block, changes)
      } else this.#deliver(delivery, block, changes)
    }
    contents.changes.set(block.height, changes)
    this.state.seal(block.height)
    this.blocks.append(
      block,
      taken,
      receipts.map(({ id }) => id),
    )
  }

  /** Takes a transaction into a block. @returns its receipt, or nothing where it is no longer valid */
  #include(hash: string, block: Block, changes: Change[]): Receipt | undefined {
    const entry = this.#contents.transactions.get(hash)
    if (entry === undefined) return undefined
    const { transaction } = entry
    try {
      const { receipt, gasBurnt } = this.#admit(transaction, block.height)
      const cause = { type: 'transaction', id: hash } as const
      changes.push(...changesOf(this.state, this.state.commit(), cause))
      this.#contents.receipts.set(receipt.id, receipt)
      const outcome: Outcome = {
        ...{ id: hash, blockHash: block.hash, height: block.height, logs: [], gasBurnt },
        receiptIds: [receipt.id],
        tokensBurnt: gasBurnt * this.parameters.gasPrice,
        executorId: transaction.signerId,
        status: { type: 'receipt', id: receipt.id },
      }
      this.#contents.transactions.set(hash, { transaction, outcome })
      return receipt
    } catch (error) {
      if (!(error instanceof TransactionRefused)) throw error
      this.state.rollback()
      this.#contents.transactions.delete(hash)
      return undefined
    }
  }

  #sendReceipt(receipt: Receipt): void {
    this.#contents.receipts.set(receipt.id, receipt)
    this.#send(receipt)
  }

  #send(delivery: Delivery): void {
    this.#contents.queue = [...this.#contents.queue, delivery]
  }

  /** A result has come; the receipt that waited for it may be complete. */
  #deliver({ dataId, value }: Applied['data'][number], block: Block, changes: Change[]): void {
    const { data, waiting } = this.#contents
    data.set(dataId, value)
    for (const receipt of waiting.values()) {
      if (!receipt.inputs.includes(dataId)) continue
      waiting.delete(receipt.id)
      this.#execute(receipt, block, changes)
      return
    }
  }

  #execute(receipt: Receipt, block: Block, changes: Change[]): void {
    const { data, waiting } = this.#contents
    if (receipt.inputs.some((id) => !data.has(id))) {
      waiting.set(receipt.id, receipt)
      return
    }
    const results = receipt.inputs.map((id) => data.get(id))
    for (const id of receipt.inputs) data.delete(id)
    const { state, parameters, cache, chainId } = this
    const init = { state, parameters, cache, chainId, block, results }
    const applied = applyReceipt(receipt, init)
    const cause = { type: 'receipt', id: receipt.id } as const
    changes.push(...changesOf(state, state.commit(), cause))
    this.#contents.outcomes.set(receipt.id, applied.outcome)
    for (const made of applied.receipts) this.#sendReceipt(made)
    for (const result of applied.data) this.#send(result)
  }
}
