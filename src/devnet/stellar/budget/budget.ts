/** Instructions and memory of one invocation: what was used, and where it ends. */
import { hostError } from '../value/errors.ts'
import { COST, costOf, type CostRow, type Meter } from './costs.ts'

/** Small work is this many times what it is here: the host of the network copies and converts more than is done here. */
const SMALL_FACTOR = 1.75
/** What it is more at most, instructions: copies of much are cheaper than what is done for each. */
const SMALL_MORE = 30_000
/** Kinds of small work. */
const SMALL: ReadonlySet<number> = new Set([
  ...[
    COST.dispatch,
    COST.visit,
    COST.valSer,
    COST.valDeser,
    COST.int256Add,
    COST.int256Mul,
    COST.int256Div,
    COST.int256Pow,
  ],
  ...[COST.int256Shift, COST.chacha20],
])

export interface BudgetLimits {
  readonly instructions: number
  readonly memory: number
}

function exceeded(): Error {
  return hostError('Budget', 'ExceededLimit', 'operation exceeds the budget')
}

export class Budget implements Meter {
  readonly #costs: readonly CostRow[]
  readonly #limits: BudgetLimits
  #instructions = 0
  #memory = 0
  #peak = 0
  /** What is charged while this is set is not counted, as work that only a simulation does. */
  isPaused = false

  constructor(costs: readonly CostRow[], limits: BudgetLimits) {
    this.#costs = costs
    this.#limits = limits
  }

  get instructions(): number {
    return this.#instructions
  }

  /** The most that was in use at once, bytes. */
  get memory(): number {
    return this.#peak
  }

  charge(cost: number, input = 0, times = 1): void {
    const row = this.#costs[cost]
    if (row === undefined || this.isPaused) return
    const cpu = costOf(row.cpu, input)
    const more = Math.min(Math.floor(cpu * SMALL_FACTOR) - cpu, SMALL_MORE)
    this.#instructions += times * (SMALL.has(cost) ? cpu + more : cpu)
    this.#memory += times * costOf(row.memory, input)
    this.#check()
  }

  /** Memory of an instance, when it is made and when it grows. @returns what to give back when the frame ends */
  linearMemory(bytes: number): number {
    const row = this.#costs[COST.memAlloc]
    if (row === undefined || bytes === 0) return 0
    const memory = costOf(row.memory, bytes)
    // what is too much is not given, and not counted
    if (this.#memory + memory > this.#limits.memory) throw exceeded()
    this.#instructions += costOf(row.cpu, bytes)
    this.#memory += memory
    this.#check()
    return memory
  }

  giveBack(memory: number): void {
    this.#memory -= memory
  }

  /** Work that is not counted by its parts, instructions: what was found by comparing with the host of the network. */
  work(instructions: number): void {
    if (this.isPaused) return
    this.#instructions += instructions
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
    this.#peak = Math.max(this.#peak, this.#memory)
    const { instructions, memory } = this.#limits
    if (this.#instructions > instructions || this.#memory > memory) {
      throw exceeded()
    }
  }
}
