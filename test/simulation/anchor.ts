/** The anchor as one machine reaches it: the reference model, behind a road of its own on which questions and answers get lost. */
import type { AnchorFactory } from '../../src/node/anchor/anchor.ts'
import { envelopeAnchor } from '../../src/node/anchor/envelope-anchor.ts'
import { unreachable } from '../../src/node/anchor/errors.ts'
import type { LocalAuthority } from '../../src/chains/local/model/authority.ts'
import type { EnvelopeService, ServiceOptions } from '../../src/node/anchor/service.ts'
import { MerogateError } from '../../src/node/errors.ts'
import { idKey } from '../../src/node/primitives/ids.ts'
import type { Life } from './life.ts'
import type { SimRandom } from './random.ts'
import type { Tally } from './tally.ts'
import type { SimTime } from './time.ts'
import type { Troubles } from './troubles.ts'

/** Longest way of a question or an answer, ms. */
const TRIP_MS = 30
/** Time the client gives an answer, ms, as the client of the local chain does; more where it asked to wait. */
const ANSWER_TIMEOUT_MS = 10_000
const LONGEST_WAIT_MS = 25_000

/** What is wrong with one machine's way to the anchor. */
export interface AnchorTrouble {
  /** Nobody listens. @default false */
  readonly isRefused?: boolean
  /** Nothing comes back. @default false */
  readonly isMute?: boolean
  /** How many times longer everything takes. @default 1 */
  readonly slowness?: number
  /** Share of answers that get lost after what was asked for was done. @default 0 */
  readonly loss?: number
  /** Reads may be answered as they were up to so many ms ago: by an endpoint that lags. @default 0 */
  readonly staleMs?: number
}

export type AnchorRoad = Troubles<AnchorTrouble>

export interface AnchorComponents {
  readonly authority: LocalAuthority
  readonly road: AnchorRoad
  /** What this machine read, by its name, and when. */
  readonly heard: Map<string, { readonly answer: unknown; readonly atMs: number }>
  readonly time: SimTime
  readonly life: Life
  readonly random: SimRandom
  readonly tally: Tally
}

/** The anchor of one life. */
export function simAnchor(components: AnchorComponents): AnchorFactory {
  const { authority } = components
  const service: EnvelopeService = {
    readDomain: (options) => ask(components, options, () => authority.readDomain()),
    findApplied: (envelope, options) =>
      ask(components, options, () => authority.findApplied(envelope)),
    submit: (signed, options) =>
      ask(components, options, () => authority.submit(signed), { isAct: true }),
    readContext: (id, options) =>
      ask(components, options, () => authority.readContext(id), { read: idKey(id) }),
    readGroup: (id, options) =>
      ask(components, options, () => authority.readGroup(id), { read: `group ${idKey(id)}` }),
    readMember: (group, identity, options) =>
      ask(components, options, () => authority.readMember(group, identity), {
        read: `member ${idKey(group)} ${idKey(identity)}`,
      }),
    readStanding: (group, identity, options) =>
      ask(components, options, () => authority.readStanding(group, identity), {
        read: `standing ${idKey(group)} ${idKey(identity)}`,
      }),
    readMemberPage: (group, offset, length, options) =>
      ask(components, options, () => authority.readMemberPage(group, offset, length), {
        read: `page ${idKey(group)} ${offset}`,
      }),
    waitForChanges: (since, waitMs, options) =>
      ask(components, options, () => authority.waitForChanges(since, waitMs, options), {
        waitMs: LONGEST_WAIT_MS,
      }),
  }
  return envelopeAnchor({ protocol: 'local', network: 'local', contract: 'local', service })
}

interface Question {
  /** Changes something. @default false */
  readonly isAct?: boolean
  /** Names what is read, if it may be answered as it was a while ago. @default it may not */
  readonly read?: string
  /** Time it is meant to stay open, ms. @default 0 */
  readonly waitMs?: number
}

async function ask<T>(
  components: AnchorComponents,
  options: ServiceOptions | undefined,
  work: () => Promise<T>,
  question: Question = {},
): Promise<T> {
  const { life } = components
  const { signal } = options ?? {}
  return new Promise<T>((resolve, reject) => {
    const done = (end: () => void): void => {
      timer.cancel()
      signal?.removeEventListener('abort', abort)
      end()
    }
    const abort = (): void => {
      done(() => reject(new MerogateError('ABORTED', 'aborted', 'aborted by its caller')))
    }
    const timer = life.after(ANSWER_TIMEOUT_MS + (question.waitMs ?? 0), () => {
      done(() => reject(unreachable('the anchor', 'no answer in time')))
    })
    if (signal?.aborted === true) return abort()
    signal?.addEventListener('abort', abort)
    travel(components, question, work).then(
      (value) => life.enter(() => done(() => resolve(value))),
      (error: Error) => life.enter(() => done(() => reject(error))),
    )
  })
}

/** There, and back. Goes on when the process ends meanwhile: what was asked for happens all the same. */
async function travel<T>(
  components: AnchorComponents,
  { isAct, read }: Question,
  work: () => Promise<T>,
): Promise<T> {
  const { road, time, random, tally } = components
  const tripMs = (): number => {
    const slowness = Math.max(
      1,
      road.worst((trouble) => trouble.slowness),
    )
    return (random.below(TRIP_MS * 1000) / 1000) * slowness
  }
  await time.sleep(tripMs())
  if (road.has(({ isRefused }) => isRefused)) {
    tally.count('anchor refused')
    throw unreachable('the anchor', 'nobody listens')
  }
  if (isMute(road)) return lost(tally, 'anchor questions lost')
  const answer = await (read === undefined ? work() : readMaybeStale(components, read, work))
  await time.sleep(tripMs())
  if (isMute(road)) return lost(tally, 'anchor answers lost')
  const loss = road.worst((trouble) => trouble.loss)
  if (isAct === true && loss > 0 && random.chance(loss)) {
    return lost(tally, 'anchor answers to acts lost')
  }
  return answer
}

/** What an endpoint that lags has heard so far. */
async function readMaybeStale<T>(
  { road, heard, time, tally }: AnchorComponents,
  read: string,
  work: () => Promise<T>,
): Promise<T> {
  const staleMs = road.worst((trouble) => trouble.staleMs)
  const before = heard.get(read)
  if (before !== undefined && staleMs > 0 && time.ms - before.atMs <= staleMs) {
    tally.count('anchor reads stale')
    return before.answer as T // kept under the name of this very question
  }
  const answer = await work()
  heard.set(read, { answer, atMs: time.ms })
  return answer
}

function isMute(road: AnchorRoad): boolean {
  return road.has((trouble) => trouble.isMute)
}

function lost(tally: Tally, what: string): Promise<never> {
  tally.count(what)
  return new Promise(() => {})
}
