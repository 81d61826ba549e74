/**
 * Sees to it that a group whose key somebody holds who has gone gets another one. What is owed follows from stored rows: the newest departure, and up
 * to where each key covers; so a restart finds it. The writer with the smallest key makes the epoch; the others take over one after the other when it does not come.
 */
import { compareBytes, equalBytes } from '../../primitives/bytes.ts'
import type { Clock, Random, Timer } from '../../primitives/clock.ts'
import { idText } from '../../primitives/ids.ts'
import type { Logger } from '../../primitives/logger.ts'
import {
  MAX_ROTATION_STEPS,
  ROTATION_RETRY_MAX_MS,
  ROTATION_RETRY_MIN_MS,
  ROTATION_STEP_MS,
  ROTATION_TAKEOVER_MS,
} from '../limits.ts'
import { loudnessOf } from '../../store/errors.ts'
import type { ContextMetrics } from '../metrics.ts'
import type { Group } from './group.ts'

export interface RotationComponents {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: Pick<ContextMetrics, 'rotation'>
  background(work: Promise<void>): void
}

export class Rotation {
  readonly #group: Group
  readonly #c: RotationComponents
  readonly #off: (() => void)[]
  #timer: Timer | undefined
  #tries = 0
  #isMaking = false

  /** Looks at once at what the rows say, and from now on at every change. */
  constructor(group: Group, components: RotationComponents) {
    this.#group = group
    this.#c = components
    this.#off = [
      group.events.on('changed', () => this.#look()),
      group.events.on('keys', () => this.#look()),
    ]
    this.#look()
  }

  /** Times in a row that a key was made here and could not be stored. */
  get tries(): number {
    return this.#tries
  }

  stop(): void {
    for (const off of this.#off.splice(0)) off()
    this.#timer?.cancel()
  }

  #look(): void {
    const { isRotating } = this.#group
    if (!isRotating || this.#group.writer() === undefined) {
      this.#timer?.cancel()
      this.#timer = undefined
      this.#tries = 0
    } else if (!this.#isMaking) {
      // departures that follow each other do not put off what is waited for already
      const patience = this.#patience()
      if (this.#timer === undefined || patience === 0) this.#wait(patience)
    }
  }

  /** How long others are given. The elected one waits for nobody, unless all it lacks is a word about the keys it was just given. */
  #patience(): number {
    const rank = this.#rank()
    if (rank === 0 && this.#tries === 0 && this.#group.hasUncoveredDeparture) return 0
    return ROTATION_TAKEOVER_MS + Math.min(rank, MAX_ROTATION_STEPS) * ROTATION_STEP_MS
  }

  /** Our place among the writers, by key. */
  #rank(): number {
    const own = this.#group.writer()
    const writers = this.#group
      .members()
      .filter(({ role }) => role === 'writer')
      .map(({ identity }) => identity)
      .sort(compareBytes)
    return own === undefined
      ? writers.length
      : writers.findIndex((key) => equalBytes(key, own.publicKey))
  }

  #wait(ms: number): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (ms === 0) this.#c.background(this.#make())
    else {
      this.#timer = this.#c.clock.after(ms, () => {
        this.#timer = undefined
        this.#c.background(this.#make())
      })
    }
  }

  async #make(): Promise<void> {
    const group = this.#group
    const { random, logger, metrics } = this.#c
    this.#isMaking = true
    try {
      await group.makeKey(random.bytes(32))
      this.#tries = 0
      metrics.rotation('made')
      logger.info({ group: idText(group.id), epoch: group.keyring.newest }, 'key epoch made')
    } catch (error) {
      metrics.rotation('failed')
      const wait = Math.min(ROTATION_RETRY_MIN_MS * 2 ** this.#tries++, ROTATION_RETRY_MAX_MS)
      logger[loudnessOf(error)](
        { err: error, group: idText(group.id), wait },
        'key epoch could not be stored',
      )
      this.#wait(wait)
    } finally {
      this.#isMaking = false
      this.#look() // somebody may have gone meanwhile
    }
  }
}
