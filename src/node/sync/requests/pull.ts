/**
 * What to ask of whom in one context. Pure: no I/O and no timers; time comes in as an argument.
 *
 * A peer that has something we lack is first asked for its frontier. The difference of the two frontiers are ranges of authors' numbers, asked
 * for in windows: of each author only so far above what is applied here that little has to wait, no number of two peers at a time, and from
 * whoever brought most in the past first. While what a peer sent is still looked at, the next window is asked of it, so that neither the link nor
 * the guest waits for the other. What no range covers (a second delta of one number, a body that did not open) is asked for by id,
 * once the ranges are done. Nothing is asked for again of a peer that answered without it, and a peer that falls silent, or sends what is here
 * already, keeps nobody else from being asked.
 */
import type { AuthorHeight } from '../../codec/frontier.ts'
import type { PeerId } from '../../network/network.ts'
import { type DeltaId, idKey } from '../../primitives/ids.ts'
import {
  FETCH_PATIENCE_MS,
  LOOK_INTERVAL_MS,
  LOOKAHEAD,
  LOOKAHEAD_PER_AUTHOR,
  MAX_FETCHES_PER_CONTEXT,
  MAX_TASKS_PER_CONTEXT,
  MAX_TRUSTED_MS,
  SECOND_OPINION_MS,
} from '../limits.ts'
import type { AuthorNumber, AuthorRange, ReceiveResult } from '../replica.ts'
import { type Claim, Partner } from './partner.ts'
import { WantedDeltas } from './wanted.ts'

/** What is known of our own copy. */
export interface OwnCopy {
  /** The greatest number of an author that is applied. */
  height(author: Uint8Array): bigint
  /** Numbers of an author that are here and not applied. */
  numbers(author: Uint8Array): Iterable<bigint>
  knows(id: DeltaId): boolean
}

/** Shortest wait before the state of things is looked at again, ms. */
const MIN_PAUSE_MS = 10
/** Wanted ids that are looked for here at such a look. */
const MAX_PRUNED = 32

interface Asked {
  readonly peer: PeerId
  /** When it began, ms. */
  readonly startedAt: number
  /** When it last brought something that was wanted, ms. */
  progressAt: number
  /** Envelopes of it in verification. */
  verifying: number
  /** The peer has answered; what it sent may still be in verification. */
  isRead: boolean
  brought: number
  /** Deltas that we had no room for. */
  refused: number
}

/** Something a peer is being asked for. */
export type Task =
  | (Asked & { readonly kind: 'frontier' })
  | (Asked & {
      readonly kind: 'ranges'
      readonly ranges: readonly AuthorRange[]
      /** Numbers that have not come yet, by author. */
      readonly open: ReadonlyMap<string, Set<bigint>>
    })
  | (Asked & { readonly kind: 'ids'; readonly ids: readonly DeltaId[] })

/** How an answer ended: with all that the peer has of it, with a bound, or not as it should. */
export type Outcome = 'complete' | 'partial' | 'failed'

export class Pull {
  readonly #copy: OwnCopy
  readonly #partners = new Map<PeerId, Partner>()
  readonly #tasks = new Set<Task>()
  readonly #ids = new WantedDeltas()
  #turn = 0
  /** Numbers above an author's height that are asked for; few while there is no room for what must wait. */
  #lookahead = LOOKAHEAD_PER_AUTHOR

  constructor(copy: OwnCopy) {
    this.#copy = copy
  }

  get tasks(): ReadonlySet<Task> {
    return this.#tasks
  }

  /** Deltas asked for or to be asked for by id. */
  get wanted(): number {
    let count = this.#ids.size
    for (const task of this.#tasks) {
      if (task.kind === 'ranges') for (const numbers of task.open.values()) count += numbers.size
    }
    return count
  }

  /** A peer has something that is not applied here; `heads` are those of its heads. */
  heard(peer: PeerId, heads: readonly DeltaId[], now: number): void {
    const partner = this.#partner(peer)
    partner.hasNews = true
    partner.heads = heads
    // it lives: what failed before is tried again before long
    partner.notBefore = Math.min(partner.notBefore, now + SECOND_OPINION_MS)
  }

  /** A delta is wanted; false when too many are. */
  want(id: DeltaId, peer: PeerId | undefined): boolean {
    if (this.#copy.knows(id)) return true
    if (peer !== undefined) this.#partner(peer)
    return this.#ids.add(id, peer, ++this.#turn)
  }

  /** A delta is here. */
  have(id: DeltaId): void {
    this.#ids.drop(id)
  }

  /** The next thing to ask of one of the peers that are online, noted as being asked; undefined when there is none now. */
  next(online: readonly PeerId[], now: number): Task | undefined {
    this.#forgetAbsent(online)
    this.#ids.prune((id) => this.#copy.knows(id), MAX_PRUNED)
    let live = 0
    for (const task of this.#tasks) {
      if (task.isRead) continue
      if (isLive(task, now)) live++
      else if (task.kind === 'ids') this.#ids.release(task.peer, task.ids)
    }
    if (live >= MAX_FETCHES_PER_CONTEXT || this.#tasks.size >= MAX_TASKS_PER_CONTEXT)
      return undefined
    const free = this.#free(online, now)
    for (const partner of free) {
      const task = this.#taskFor(partner, now, (peer) => free.some((other) => other.peer === peer))
      if (task === undefined) continue
      this.#tasks.add(task)
      return task
    }
    return undefined
  }

  /** When to ask for {@link next} again although nothing happened; undefined when that changes nothing. */
  nextTime(online: readonly PeerId[], now: number): number | undefined {
    // whether who is being asked fell silent
    const times = this.#tasks.size > 0 ? [now + SECOND_OPINION_MS] : []
    const idle = online.filter((peer) => !this.#isAsked(peer))
    for (const peer of idle) {
      const { notBefore, hasNews, lookedAt } = this.#partner(peer)
      if (notBefore > now) times.push(notBefore)
      const next = hasNews ? now : this.#ids.nextTime(peer)
      if (next !== undefined) times.push(Math.max(next, notBefore, lookedAt + LOOK_INTERVAL_MS))
    }
    return times.length === 0 ? undefined : Math.max(Math.min(...times), now + MIN_PAUSE_MS)
  }

  /** Whether nothing is being asked, and nothing will be unless a peer says something new or a failure is tried again. */
  isAtRest(online: readonly PeerId[], now: number): boolean {
    return (
      this.#tasks.size === 0 &&
      !this.#free(online, now).some((partner) => this.#owesLook(partner, now))
    )
  }

  /** A peer has sent all it will of a task: something else may be asked of it. */
  read(task: Task): void {
    task.isRead = true
  }

  /** A peer told its frontier. */
  told(task: Task, heights: readonly AuthorHeight[]): void {
    const partner = this.#partner(task.peer)
    partner.tell(heights, (author) => this.#copy.height(author))
    for (const head of partner.heads) {
      if (!this.#copy.knows(head)) this.#ids.add(head, task.peer, partner.lookedTurn)
    }
    partner.heads = []
  }

  /** What became of an envelope that a task brought. */
  arrived(task: Task, result: ReceiveResult, now: number): void {
    const { status, number, missing } = result
    const isRefused = status === 'refused'
    // one that does not open is no matter of room: it counts as not brought
    if (isRefused && missing.length === 0) task.refused++
    const isHere = !isRefused && status !== 'invalid' && status !== 'announced'
    if (isHere && result.delta !== undefined) this.have(result.delta)
    const wasOpen = isHere && (task.kind !== 'ranges' || take(task.open, number))
    if (!wasOpen || status === 'duplicate') return
    task.brought++
    task.progressAt = now
  }

  /** A task ended. `jitter` in 0..1 takes up to a quarter off the waits. */
  done(task: Task, outcome: Outcome, now: number, jitter: number): void {
    this.#tasks.delete(task)
    const partner = this.#partners.get(task.peer)
    if (task.kind === 'ids') this.#ids.release(task.peer, task.ids)
    if (partner === undefined) return
    if (task.kind === 'frontier') {
      if (outcome === 'complete') partner.answered()
      else partner.hasNews = true
    } else {
      this.#judge(task, partner, outcome, now, jitter)
    }
    const isUseless = outcome === 'partial' && task.brought === 0
    const isFull = task.refused > 0 && task.brought === 0
    if (outcome === 'failed' || isUseless || isFull) partner.failed(now, jitter)
  }

  #judge(
    task: Exclude<Task, { kind: 'frontier' }>,
    partner: Partner,
    outcome: Outcome,
    now: number,
    jitter: number,
  ): void {
    if (task.refused > 0) this.#lookahead = Math.max(1, this.#lookahead >> 2)
    else if (task.brought > 0) this.#lookahead = Math.min(LOOKAHEAD_PER_AUTHOR, this.#lookahead * 2)
    if (task.kind === 'ids') {
      // what came is wanted no more; to look for the others would cost as much as to ask for them
      const left = task.ids.filter((id) => this.#ids.has(id))
      if (outcome !== 'partial' || task.brought === 0) {
        const isWhole = outcome === 'complete' && task.refused === 0
        this.#ids.missed(task.peer, left, { now, jitter, isWhole })
      }
      if (task.brought > 0) partner.brought(task.brought, task.startedAt, now)
      return
    }
    const left = this.#left(task)
    if (task.brought > 0 || left.length > 0) partner.brought(task.brought, task.startedAt, now)
    // what had no room was there
    if (outcome !== 'complete' || task.refused > 0) return
    for (const [key, numbers] of left) {
      for (const number of numbers) partner.claims.get(key)?.absent.add(number)
    }
  }

  /** Numbers that a task asked for, that did not come, and that are not here by another way. */
  #left(task: Extract<Task, { kind: 'ranges' }>): readonly [string, readonly bigint[]][] {
    const left: [string, readonly bigint[]][] = []
    for (const { author } of task.ranges) {
      const key = idKey(author)
      const open = task.open.get(key)
      if (open === undefined || left.some(([other]) => other === key)) continue
      const height = this.#copy.height(author)
      const here = new Set(this.#copy.numbers(author))
      const numbers = [...open].filter((number) => number > height && !here.has(number))
      if (numbers.length > 0) left.push([key, numbers])
    }
    return left
  }

  #partner(peer: PeerId): Partner {
    const known = this.#partners.get(peer)
    if (known !== undefined) return known
    const partner = new Partner(peer)
    this.#partners.set(peer, partner)
    return partner
  }

  #tasksOf(peer: PeerId): readonly Task[] {
    return [...this.#tasks].filter((task) => task.peer === peer)
  }

  /** Whether a peer has an answer to give, or sent two that are still looked at. */
  #isAsked(peer: PeerId): boolean {
    const tasks = this.#tasksOf(peer)
    return tasks.length > 1 || tasks.some(({ isRead }) => !isRead)
  }

  #forgetAbsent(online: readonly PeerId[]): void {
    if (this.#partners.size <= online.length) return
    const here = new Set(online)
    for (const peer of this.#partners.keys()) {
      if (!here.has(peer) && this.#tasksOf(peer).length === 0) this.#partners.delete(peer)
    }
  }

  /** Peers that may be asked for something now, the best first. */
  #free(online: readonly PeerId[], now: number): Partner[] {
    return online
      .filter((peer) => !this.#isAsked(peer))
      .map((peer) => this.#partner(peer))
      .filter((partner) => partner.notBefore <= now)
      .sort((a, b) => b.rank - a.rank)
  }

  #taskFor(partner: Partner, now: number, isFree: (peer: PeerId) => boolean): Task | undefined {
    const { peer } = partner
    const asked: Asked = {
      ...{ peer, startedAt: now, progressAt: now, verifying: 0, isRead: false },
      ...{ brought: 0, refused: 0 },
    }
    const window = this.#window(partner, now)
    if (window.ranges.length > 0) return { kind: 'ranges', ...asked, ...window }
    const ids = this.#ids.ready(peer, now, isFree)
    const isNewer = ids.some(({ turn }) => turn > partner.lookedTurn)
    if (partner.hasNews || isNewer) {
      if (now - partner.lookedAt < LOOK_INTERVAL_MS) return undefined
      partner.hasNews = false
      partner.lookedAt = now
      partner.lookedTurn = this.#turn
      return { kind: 'frontier', ...asked }
    }
    if (ids.length === 0 || this.#rangesRun(now)) return undefined
    const lacking = this.#ids.ask(peer, ids, (id) => this.#copy.knows(id))
    return lacking.length === 0 ? undefined : { kind: 'ids', ...asked, ids: lacking }
  }

  #owesLook(partner: Partner, now: number): boolean {
    if (partner.hasNews) return true
    return this.#ids
      .ready(partner.peer, now, () => false)
      .some(({ turn }) => turn > partner.lookedTurn)
  }

  #rangesRun(now: number): boolean {
    for (const task of this.#tasks) if (task.kind === 'ranges' && isLive(task, now)) return true
    return false
  }

  /** The numbers to ask a peer for: of each author in proportion to what is missing, so that all authors move on together. */
  #window(
    partner: Partner,
    now: number,
  ): { ranges: AuthorRange[]; open: ReadonlyMap<string, Set<bigint>> } {
    const missing = this.#missing(partner, now)
    const total = missing.reduce((sum, { numbers }) => sum + numbers.length, 0)
    const ranges: AuthorRange[] = []
    const open = new Map<string, Set<bigint>>()
    let left = Math.min(partner.window, total)
    for (const { key, author, numbers } of missing) {
      const share = Math.ceil((partner.window * numbers.length) / total)
      const chosen = numbers.slice(0, Math.min(share, left))
      if (chosen.length === 0) break
      left -= chosen.length
      ranges.push(...rangesOf(author, chosen))
      open.set(key, new Set(chosen))
    }
    return { ranges, open }
  }

  #missing(
    partner: Partner,
    now: number,
  ): { key: string; author: Uint8Array; numbers: readonly bigint[] }[] {
    for (const [key, { author, height }] of partner.claims) {
      if (height <= this.#copy.height(author)) partner.claims.delete(key)
    }
    const share = Math.max(1, Math.floor(LOOKAHEAD / Math.max(partner.claims.size, 1)))
    const lookahead = BigInt(Math.min(this.#lookahead, share))
    return [...partner.claims].flatMap(([key, claim]) => {
      const numbers = this.#missingOf(key, claim, lookahead, now)
      return numbers.length === 0 ? [] : [{ key, author: claim.author, numbers }]
    })
  }

  #missingOf(key: string, claim: Claim, lookahead: bigint, now: number): readonly bigint[] {
    const { author, height, absent } = claim
    const own = this.#copy.height(author)
    const here = new Set(this.#copy.numbers(author))
    const asked: ReadonlySet<bigint>[] = []
    for (const task of this.#tasks) {
      const open = task.kind === 'ranges' && isLive(task, now) ? task.open.get(key) : undefined
      if (open !== undefined) asked.push(open)
    }
    const last = height < own + lookahead ? height : own + lookahead
    const numbers: bigint[] = []
    for (let number = own + 1n; number <= last; number++) {
      const isMissing = !here.has(number) && !absent.has(number)
      if (isMissing && !asked.some((open) => open.has(number))) numbers.push(number)
    }
    return numbers
  }
}

/** Whether a task still keeps others from being asked for the same. While we have not looked at what it brought, it is not the one that is slow. */
function isLive(task: Task, now: number): boolean {
  if (task.verifying > 0) return true
  return now - task.progressAt < SECOND_OPINION_MS && now - task.startedAt < MAX_TRUSTED_MS
}

/** Whether a task is to be ended, for nothing of use comes. */
export function isHopeless(task: Task, now: number): boolean {
  return task.verifying === 0 && now - task.progressAt >= FETCH_PATIENCE_MS
}

function take(open: ReadonlyMap<string, Set<bigint>>, number?: AuthorNumber): boolean {
  return number !== undefined && open.get(idKey(number.author))?.delete(number.sequence) === true
}

/** Ascending numbers as ranges. */
function rangesOf(author: Uint8Array, numbers: readonly bigint[]): AuthorRange[] {
  const ranges: { author: Uint8Array; from: bigint; to: bigint }[] = []
  for (const number of numbers) {
    const last = ranges.at(-1)
    if (last !== undefined && last.to + 1n === number) last.to = number
    else ranges.push({ author, from: number, to: number })
  }
  return ranges
}
