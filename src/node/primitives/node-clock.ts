/**
 * The clock of a node: its machine's, with steps that are not believed at once ({@link SteadyTime}), beside the clocks of its members
 * ({@link MembersTime}).
 *
 * - Stamps are made by our own reckoning, or by the members' where ours is too far ahead: a stamp in the past still lies above all that it builds on, and
 *   one in the future is parked by everybody else.
 * - Whether somebody's stamp lies in the future is judged by our own reckoning, or by the members' where at least two of them agree that ours is behind.
 *
 * So one hostile member can at worst make us stamp earlier than it is, which lets our writes lose against those of others at the same time; it moves
 * nothing forward. For that, more than half of the members heard lately would have to lie alike. And while it is the only one that is connected it can keep us
 * at the time before a sleep, as it can keep from us what others write.
 */
import type { Clock, Timer } from './clock.ts'
import { Emitter, type Listenable } from './emitter.ts'
import { HLC_MAX_AHEAD_MS } from './hlc.ts'
import type { Logger } from './logger.ts'
import { MembersTime, TIME_SAMPLE_MS } from './members-time.ts'
import { aheadMs, type Reckoning, STEP_MS, SteadyTime } from './steady-time.ts'

/** How often the machine's clock is looked at, ms. */
export const LOOK_MS = 5_000
/** An answer that took longer tells too little of the time, ms. */
export const MAX_ROUND_TRIP_MS = 2_000
/** Longest wait for the first member's word about the time after a start, ms. */
export const FIRST_WORD_MS = 3_000
/** A clock that is off for shorter is not worth a line: after a sleep, members tell at once. */
const WARN_AFTER_MS = LOOK_MS

export interface NodeClockEvents {
  /** The machine's clock was set, or it slept: members should be asked for the time. */
  questionable: Record<never, never>
  /** What lay in the future may not any more. */
  moved: Record<never, never>
}

/** What is wrong with the machine's clock. */
export interface ClockTrouble {
  /** How far it is ahead of what the node goes by, or behind, ms. */
  readonly skewMs: number
  /** Members whose clocks say so; 0 when it was set and nobody could be asked. */
  readonly members: number
  readonly text: string
}

export class NodeClock implements Clock {
  readonly monotonicMs: Clock['monotonicMs']
  readonly after: Clock['after']
  readonly every: Clock['every']
  readonly #logger: Logger
  readonly #emitter: Emitter<NodeClockEvents>
  readonly #steady: SteadyTime
  readonly #members = new MembersTime()
  /** When the machine's clock was found to be set last, by the monotonic clock: whoever was asked before may have answered before a sleep. */
  #stepMs = 0
  /** By which stamps in the future were judged when it was told last. */
  #told: Reckoning
  #offSinceMs: number | undefined
  #isWarned = false
  #looks: Timer | undefined
  #settled: Promise<void> | undefined
  /** Ends the wait for the first word. */
  #settles: () => void = () => {}

  constructor(clock: Clock, logger: Logger) {
    this.monotonicMs = () => clock.monotonicMs()
    this.after = (ms, call) => clock.after(ms, call)
    this.every = (ms, call) => clock.every(ms, call)
    this.#logger = logger
    this.#emitter = new Emitter(logger)
    this.#steady = new SteadyTime(clock, {
      onStep: () => {
        this.#stepMs = this.monotonicMs()
        this.#emitter.emit('questionable', {})
      },
      onBelieved: () => {
        this.#members.forgetBefore(this.#stepMs)
        this.#settle()
      },
    })
    this.#told = this.#steady.believed
  }

  get events(): Listenable<NodeClockEvents> {
    return this.#emitter
  }

  start(): void {
    this.#looks = this.every(LOOK_MS, () => this.#settle())
  }

  stop(): void {
    this.#looks?.cancel()
    this.#settles()
  }

  /** Members are expected to be met: until one has told the time nobody knows whether this machine's clock is right, so what stamps waits for a moment. */
  expectMembers(): void {
    this.#settled = new Promise((resolve) => {
      const settle = (): void => {
        timer.cancel()
        this.#settled = undefined
        resolve()
      }
      const timer = this.after(FIRST_WORD_MS, settle)
      this.#settles = settle
    })
  }

  /** Resolves when stamps may be made; undefined when they may be. */
  get settled(): Promise<void> | undefined {
    return this.#settled
  }

  nowMs(): number {
    return Number(this.nowNs() / 1_000_000n)
  }

  /** For stamps. */
  nowNs(): bigint {
    const own = this.#steady.believed
    const median = this.#members.near(own) ?? own
    return this.#steady.at(aheadMs(own, median) > HLC_MAX_AHEAD_MS ? median : own)
  }

  /** For the judgement whether a stamp lies in the future. */
  latestNs(): bigint {
    return this.#steady.at(this.#latest())
  }

  /**
   * What is told to members: by our own reckoning, whatever they say, so that nothing comes back as an echo. 0 while our own clock says something else:
   * two machines that slept at the same time must not bear each other out.
   */
  toldMs(): number {
    const own = this.#steady.believed
    return this.#steady.step === undefined ? Number(this.#steady.at(own) / 1_000_000n) : 0
  }

  /** A member was asked for the time at `askedMs` of the monotonic clock, and this is what it said; 0: it does not know. */
  heard(member: string, theirsMs: number, askedMs: number): void {
    const own = this.#steady.believed // a step that happened meanwhile is noticed first
    const nowMs = this.monotonicMs()
    const roundTripMs = nowMs - askedMs
    if (theirsMs === 0 || askedMs < this.#stepMs || roundTripMs > MAX_ROUND_TRIP_MS) return
    const atMs = askedMs + roundTripMs / 2
    const theirs = BigInt(Math.round((theirsMs - atMs) * 1000)) * 1000n
    this.#members.heard(member, theirs, askedMs)
    this.#settles()
    this.#weighStep(own)
    this.#settle()
  }

  /** What is wrong with the machine's clock now; undefined when nothing is known to be. */
  get trouble(): ClockTrouble | undefined {
    const skewMs = this.#skewMs()
    if (Math.abs(skewMs) <= HLC_MAX_AHEAD_MS) return undefined
    const { size } = this.#members
    return { skewMs, members: size, text: inWords(skewMs, size) }
  }

  /** How far the machine's clock is ahead of what the members' say, or of our reckoning while none was heard, seconds. */
  get skewSeconds(): number {
    return this.#skewMs() / 1000
  }

  #skewMs(): number {
    const own = this.#steady.believed
    const wall = this.#steady.step?.to ?? own
    return aheadMs(wall, this.#members.near(own) ?? own)
  }

  #latest(): Reckoning {
    const own = this.#steady.believed
    const median = this.#members.near(own)
    if (median === undefined || aheadMs(median, own) <= HLC_MAX_AHEAD_MS) return own
    return this.#members.agreeing(median) >= 2 ? median : own
  }

  /** Whether members bear out what the machine's clock says, or what we reckoned with so far. */
  #weighStep(own: Reckoning): void {
    const { step } = this.#steady
    if (step === undefined) return
    const distance = (reckoning: Reckoning): number =>
      Math.abs(aheadMs(this.#members.near(reckoning, this.#stepMs) ?? reckoning, reckoning))
    const [fromOwn, fromStep] = [distance(own), distance(step.to)]
    if (fromStep < fromOwn && fromStep <= HLC_MAX_AHEAD_MS) this.#steady.believe()
    else if (fromOwn < fromStep) this.#steady.contradict()
  }

  #settle(): void {
    this.#members.forgetBefore(this.monotonicMs() - TIME_SAMPLE_MS)
    const latest = this.#latest()
    if (Math.abs(aheadMs(latest, this.#told)) > STEP_MS) {
      this.#told = latest
      this.#emitter.emit('moved', {})
    }
    this.#warn()
  }

  /** A line when the clock is found to be off, and one when it is right again. */
  #warn(): void {
    const { trouble } = this
    if (trouble === undefined) {
      this.#offSinceMs = undefined
      if (this.#isWarned) this.#logger.info({}, 'the clock of this machine is right again')
      this.#isWarned = false
      return
    }
    this.#offSinceMs ??= this.monotonicMs()
    if (this.#isWarned || this.monotonicMs() - this.#offSinceMs < WARN_AFTER_MS) return
    this.#isWarned = true
    const { skewMs, members, text } = trouble
    this.#logger.warn({ skewMs, members }, text)
  }
}

function inWords(skewMs: number, members: number): string {
  const seconds = `${Math.round(Math.abs(skewMs) / 1000)} s`
  const direction = skewMs > 0 ? 'ahead' : 'behind'
  if (members === 0) {
    return `the clock of this machine was set ${seconds} ${direction} while the node ran: not believed before it has lasted a minute or members say so`
  }
  const whose = members === 1 ? 'that of the member' : `those of the ${members} members`
  return `the clock of this machine is ${seconds} ${direction} of ${whose} heard lately: set it right`
}
