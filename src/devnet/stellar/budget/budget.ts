/** Instructions and memory of one invocation: what was used, and where it ends. */
import { hostError } from '../value/errors.ts'
import { COST, costOf, type CostRow, type Meter } from './costs.ts'

/**
 * The host of the network does much small work that is not done here, such as copying of what it keeps. What it charges for that is charged by
 * these figures, which were found by comparing with it.
 */
const APPROXIMATE = {
  /** Small work is this many times what it is here. */
  factor: 1.75,
  /** Each frame. */
  frame: 525,
  /** Decoding the call and its entries, encoding what it leaves. */
  envelope: 90_000,
  /** Looking a key up: to read it, to write it, and more for every doubling of how many keys there are. */
  storage: { read: 9_500, write: 11_100, doubling: 4_500 },
}
/** Kinds of small work. */
const SMALL: ReadonlySet<number> = new Set([
  ...[COST.memAlloc, COST.memCpy, COST.memCmp, COST.dispatch, COST.visit, COST.valSer],
  ...[COST.valDeser, COST.int256Add, COST.int256Mul, COST.int256Div, COST.int256Pow],
  ...[COST.int256Shift, COST.chacha20],
])

export interface BudgetLimits {
  readonly instructions: number
  readonly memory: number
}

export class Budget implements Meter {
  readonly #costs: readonly CostRow[]
  readonly #limits: BudgetLimits
  #instructions = 0
  #memory = 0
  /** What is charged while this is set is not counted, as work that only a simulation does. */
  isPaused = false

  constructor(costs: readonly CostRow[], limits: BudgetLimits) {
    this.#costs = costs
    this.#limits = limits
  }

  get instructions(): number {
    return this.#instructions
  }

  /** Bytes. */
  get memory(): number {
    return this.#memory
  }

  charge(cost: number, input = 0): void {
    const row = this.#costs[cost]
    if (row === undefined || this.isPaused) return
    const cpu = costOf(row.cpu, input)
    this.#instructions += SMALL.has(cost) ? Math.floor(cpu * APPROXIMATE.factor) : cpu
    this.#memory += costOf(row.memory, input)
    this.#check()
  }

  /** Memory of an instance, when it is made and when it grows. @returns what to give back when the frame ends */
  linearMemory(bytes: number): number {
    const row = this.#costs[COST.memAlloc]
    if (row === undefined || bytes === 0) return 0
    const memory = costOf(row.memory, bytes)
    this.#instructions += costOf(row.cpu, bytes)
    this.#memory += memory
    this.#check()
    return memory
  }

  giveBack(memory: number): void {
    this.#memory -= memory
  }

  frame(): void {
    this.#instructions += APPROXIMATE.frame
    this.#check()
  }

  envelope(): void {
    this.#instructions += APPROXIMATE.envelope
    this.#check()
  }

  /** One look at storage; `keys`: how many were looked up so far. */
  storage(isWrite: boolean, keys: number): void {
    if (this.isPaused) return
    const { read, write, doubling } = APPROXIMATE.storage
    this.#instructions += (isWrite ? write : read) + Math.floor(doubling * Math.log2(keys + 1))
    this.#check()
  }

  /** Instructions that a contract may still execute. */
  get fuel(): bigint {
    const left = Math.max(0, this.#limits.instructions - this.#instructions)
    return BigInt(Math.floor(left / this.#perInstruction))
  }

  burn(fuel: bigint): void {
    this.#instructions += Number(fuel) * this.#perInstruction
    this.#check()
  }

  get #perInstruction(): number {
    return this.#costs[COST.wasmInstruction]?.cpu[0] ?? 1
  }

  #check(): void {
    const { instructions, memory } = this.#limits
    if (this.#instructions > instructions || this.#memory > memory) {
      throw hostError('Budget', 'ExceededLimit', 'operation exceeds the budget')
    }
  }
}
