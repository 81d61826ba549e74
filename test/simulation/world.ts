/** Everything one run consists of: time, chance, the network, the anchor and the machines. */
import { type LocalAuthority, localAuthority } from '../../src/chains/local/model/authority.ts'
import { silentLogger } from '../../src/node/primitives/logger.ts'
import { Life } from './life.ts'
import { Machine, type Running } from './machine.ts'
import { Swarm } from './network/swarm.ts'
import { SimRandom } from './random.ts'
import { Tally } from './tally.ts'
import { SimTime } from './time.ts'

/** Streams of a seed: a change in one room leaves the others' chances as they were. */
const STREAM = { machines: 1, network: 2, anchor: 3, work: 4, faults: 5 } as const

/** What nodes say when they take a delta for one that no honest node can have made. */
const REJECTIONS: readonly string[] = ['envelope rejected', 'stored delta rejected']

/** What a node whose disk takes nothing answers. */
const REFUSALS: readonly string[] = ['STORE_FAILED', 'STORE_UNAVAILABLE']

export interface WorldInit {
  readonly seed: number
  readonly nodes: number
  /** Reads along. @default nobody */
  readonly onNote?: ((ms: number, text: string) => void) | undefined
}

export class World {
  readonly time: SimTime
  readonly tally: Tally = new Tally()
  readonly swarm: Swarm
  readonly authority: LocalAuthority
  readonly machines: readonly Machine[]
  /** Chances of the workload, and of the faults. */
  readonly work: SimRandom
  readonly faults: SimRandom
  /** Codes that nodes may log as errors, since a fault gave them reason to. */
  readonly expected: Set<string> = new Set()
  /** What nodes logged as errors, or as rejections, without a fault that explains it. */
  readonly errors: string[] = []
  /**
   * Most that a clock was ahead when a node was started, ms. What it writes before it has met a member, others take in when it is due, and not before:
   * nobody could tell it.
   */
  aheadMs = 0
  /** What nodes left behind that were stopped in good order. */
  readonly leftovers: string[] = []
  readonly #onNote: WorldInit['onNote']

  constructor({ seed, nodes, onNote }: WorldInit) {
    this.#onNote = onNote
    this.time = new SimTime({ onNote })
    this.work = new SimRandom(seed, STREAM.work)
    this.faults = new SimRandom(seed, STREAM.faults)
    this.swarm = new Swarm(this.time, new SimRandom(seed, STREAM.network), this.tally)
    const clock = new Life(this.time, { skewUs: 0 })
    const random = new SimRandom(seed, STREAM.anchor)
    this.authority = localAuthority({}, { clock, random, logger: silentLogger })
    const chance = new SimRandom(seed, STREAM.machines)
    this.machines = Array.from(
      { length: nodes },
      (_, index) => new Machine(this, index, chance.fork(index)),
    )
  }

  /** Machines whose node runs and does not stand still. */
  get awake(): readonly (Machine & { running: Running })[] {
    return this.machines.filter(
      (machine): machine is Machine & { running: Running } =>
        machine.running !== undefined && machine.running.life.isAwake,
    )
  }

  /** A node logged something. That its disk takes nothing is told by the store, once, and not by all who would store something. */
  heard(level: string, text: string): void {
    this.#onNote?.(this.time.ms, `${level} ${text}`)
    const isRepeated = level === 'warn' && REFUSALS.some((code) => text.includes(code))
    if (isRepeated) this.errors.push(`${this.time.ms.toFixed(3)} ${text}`)
    const isExpected = [...this.expected].some((code) => text.includes(code))
    if (isExpected) return
    // everybody is honest here: whoever rejects a delta would stay without it
    if (level === 'error' || REJECTIONS.some((message) => text.includes(message))) {
      this.errors.push(`${this.time.ms.toFixed(3)} ${text}`)
    }
  }
}
