/** What is told of runs: each that failed and how to show it again, how far it is, and one line of figures at the end. */
import type { Verdict } from './checks/verdict.ts'
import { realMs } from './natives.ts'
import type { SimulateOptions } from './options.ts'
import type { RunResult } from './run.ts'
import { Tally } from './tally.ts'

/** Pause between two lines of progress, ms. */
const PROGRESS_MS = 10_000
/** Findings printed of one run. */
const MAX_FINDINGS = 12

/** A run as one line of JSON has it. */
export interface RunLine extends Omit<RunResult, 'tally'> {
  readonly tally: Readonly<Record<string, number>>
}

export class Report {
  readonly #options: SimulateOptions
  readonly #counts: Record<Verdict, number> = { diverged: 0, lost: 0, stuck: 0 }
  readonly #tally = new Tally()
  readonly #began = realMs()
  #toldMs = this.#began
  #done = 0
  #slowestRestMs = 0

  constructor(options: SimulateOptions) {
    this.#options = options
  }

  /** Runs that ended in anything but agreement. */
  get failed(): number {
    const { diverged, lost, stuck } = this.#counts
    return diverged + lost + stuck
  }

  add(one: RunLine): void {
    this.#done++
    for (const [what, times] of Object.entries(one.tally)) this.#tally.count(what, times)
    this.#slowestRestMs = Math.max(this.#slowestRestMs, one.restMs)
    if (one.verdict !== undefined) this.#counts[one.verdict]++
    if (this.#options.isJson) console.log(JSON.stringify(one))
    else this.#tell(one)
    if (realMs() - this.#toldMs < PROGRESS_MS || this.#options.isJson) return
    this.#toldMs = realMs()
    const pace = (this.#done / ((this.#toldMs - this.#began) / 60_000)).toFixed(0)
    console.log(
      `simulate: ${this.#done} of ${this.#options.seeds.length} runs, ${this.#figures()}, ${pace} a minute`,
    )
  }

  end(): void {
    const { seeds, isJson } = this.#options
    const runs = seeds.length
    if (runs > 1 && !isJson) {
      console.log(`faults and work: ${this.#tally.toString()}`)
      console.log(`slowest rest: ${(this.#slowestRestMs / 1000).toFixed(1)} s`)
    }
    console.log(`simulate: ${runs} runs, ${this.#figures()}`)
  }

  #figures(): string {
    const { diverged, lost, stuck } = this.#counts
    return `${diverged} diverged, ${lost} lost, ${stuck} stuck`
  }

  #tell(one: RunLine): void {
    const { seed, verdict, findings, fingerprint, events } = one
    if (this.#options.seeds.length === 1) {
      console.log(`faults and work: ${this.#tally.toString()}`)
      const virtual = (one.virtualMs / 1000).toFixed(1)
      const rest = (one.restMs / 1000).toFixed(1)
      const times = `${virtual} s virtual, ${events} events, at rest after ${rest} s`
      console.log(`seed ${seed}: ${times}, fingerprint ${fingerprint}`)
    }
    if (verdict === undefined) return
    const again = ['npm run simulate -- --seed', seed, ...this.#options.same].join(' ')
    console.log(`seed ${seed} ${verdict}, show it again: ${again}`)
    for (const finding of findings.slice(0, MAX_FINDINGS)) console.log(`  ${finding}`)
  }
}
