/**
 * What becomes of an answer that contradicts the view of a group: either the view was wrong (an endpoint lied, or what it was read of is no part of
 * the chain any more) or the answer is. One answer is never believed against another; a second one decides, of another source where there is one.
 */
import type { Anchor, MemberSnapshot, Read, SecondWord } from '../../anchor/anchor.ts'
import { pause } from '../../anchor/watcher.ts'
import type { Clock } from '../../primitives/clock.ts'
import { type GroupId, idText } from '../../primitives/ids.ts'
import type { Logger } from '../../primitives/logger.ts'
import { SECOND_LOOK_MS } from '../limits.ts'
import type { ViewDoubt } from '../members-view.ts'
import type { ContextMetrics } from '../metrics.ts'
import { isOtherHistory, judgeAnswer, type Reading } from './departures.ts'

/** A view of the members, and where it was read. */
export interface View extends Reading {
  readonly height: bigint
  readonly since: SecondWord['since']
}

export interface SecondLookComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Pick<ContextMetrics, 'view'>
}

export class SecondLook {
  readonly #group: GroupId
  readonly #anchor: Pick<Anchor, 'readMembers'>
  readonly #c: SecondLookComponents
  #doubt: ViewDoubt | undefined

  constructor(
    group: GroupId,
    anchor: Pick<Anchor, 'readMembers'>,
    components: SecondLookComponents,
  ) {
    this.#group = group
    this.#anchor = anchor
    this.#c = components
  }

  /** Set while an answer contradicts the view and no second one bears it out. */
  get doubt(): ViewDoubt | undefined {
    return this.#doubt
  }

  /** The anchor says what the view says. */
  agree(): void {
    this.#doubt = undefined
  }

  /** The answer that takes the place of a view which another answer contradicts; undefined while nothing bears that one out. @throws ANCHOR_* */
  async weigh(view: View, first: Read<MemberSnapshot>): Promise<Read<MemberSnapshot> | undefined> {
    const ask = (options: SecondWord): ReturnType<Anchor['readMembers']> =>
      this.#anchor.readMembers(this.#group, options)
    const second = await secondRead(ask, view.since, first, this.#c.clock)
    const { evidence } = first
    const facts = {
      group: idText(this.#group),
      revision: String(view.revision),
      height: String(view.height),
      answered: String(first.value.revision),
      at: String(evidence.height),
      source: evidence.source,
    }
    const isBorneOut =
      second !== undefined &&
      judgeAnswer(view, second) === 'other' &&
      !isOtherHistory(first.value, second.value)
    if (isBorneOut) {
      this.#doubt = undefined
      this.#c.metrics.view('replaced')
      this.#c.logger.warn(facts, 'what the anchor said of the members was not so, read anew')
      return second
    }
    if (this.#doubt === undefined) {
      this.#c.logger.warn(facts, 'the anchor contradicts what it said of the members before')
    }
    this.#c.metrics.view('doubted')
    this.#doubt = {
      sinceMs: this.#doubt?.sinceMs ?? this.#c.clock.nowMs(),
      revision: first.value.revision,
      height: evidence.height,
      source: evidence.source,
    }
    return undefined
  }
}

/** What a second answer says: another source's, or the same one's a moment later where there is no other. `ask` asks as it is told. */
export async function secondRead<T>(
  ask: (options: SecondWord) => Promise<Read<T> | undefined>,
  since: SecondWord['since'],
  { evidence: { source: besides } }: Read<T>,
  clock: Clock,
): Promise<Read<T> | undefined> {
  const second = besides === undefined ? undefined : await ask({ since, besides })
  if (second !== undefined && second.evidence.source !== besides) return second
  await pause(clock, SECOND_LOOK_MS, undefined)
  return ask({ since })
}
