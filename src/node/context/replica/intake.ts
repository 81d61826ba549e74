/**
 * The receiving half of a context: the one door for envelopes, whatever path brought them. What can be said without a lock is said here; what becomes of
 * a delta when it is its turn is decided by {@link Admission}.
 */
import { LRUCache } from 'lru-cache'
import { AuthorNumbers } from '../../dag/numbers.ts'
import { isMerogateError, toMerogateError } from '../../errors.ts'
import { shortHex, toHex } from '../../primitives/bytes.ts'
import type { Timer } from '../../primitives/clock.ts'
import { sha256 } from '../../primitives/hash.ts'
import { type DeltaId, idKey } from '../../primitives/ids.ts'
import { isRefusedByDisk, loudnessOf } from '../../store/errors.ts'
import { PARK_REASON, type ParkReason } from '../../store/repositories/deltas.ts'
import type { ReceiveResult } from '../../sync/replica.ts'
import { contextError, isOwnFailure } from '../errors.ts'
import {
  MAX_APPLY_RUN,
  REJECTED_MEMORY_COUNT,
  REJECTED_MEMORY_MS,
  RESUME_DELAY_MS,
} from '../limits.ts'
import { Admission, result } from './admission.ts'
import type { Piece } from './executor.ts'
import type { ReplicaCore } from './replica-core.ts'
import { type Candidate, checkSignature, decodeCandidate, isProof } from './verify.ts'

/** In place of a delta's id: all that waits. */
const ALL = 'all'

export class Intake {
  readonly #core: ReplicaCore
  readonly #admission: Admission
  readonly #admitInTurn: (candidate: Candidate) => Promise<ReceiveResult>
  /** Looks again at a delta, or at what nothing keeps waiting any more. */
  readonly #againInTurn: (id: DeltaId | undefined) => Promise<void>
  readonly #rejected: LRUCache<string, true>
  /** Envelopes, by hash, whose fate is being decided: the same one often comes by push and gossip at once. Never ids: a false body must not keep the true one out. */
  readonly #inFlight = new Set<string>()
  /** Their numbers. */
  readonly arriving: AuthorNumbers = new AuthorNumbers()
  /** What is looked at again later: deltas, and all that waits. */
  readonly #timers = new Map<string, Timer>()
  #isClosed = false

  constructor(core: ReplicaCore) {
    this.#core = core
    this.#admission = new Admission(core, {
      later: (id, ms) => {
        this.#later(idKey(id), ms, () => this.#againInTurn(id))
      },
      membersWanted: () => void this.#refreshMembers(),
      stranded: () => this.#resumeLater(),
      more: () => void this.#againInTurn(undefined).catch(() => this.#resumeLater()),
    })
    this.#againInTurn = core.lane(MAX_APPLY_RUN, (pieces) => this.#again(pieces), true)
    this.#admitInTurn = core.lane(MAX_APPLY_RUN, (pieces) => this.#admit(pieces), true)
    this.#rejected = new LRUCache({
      max: REJECTED_MEMORY_COUNT,
      ttl: REJECTED_MEMORY_MS,
      ttlResolution: 0, // otherwise it sets timers of its own
      perf: { now: () => core.c.clock.monotonicMs() },
    })
  }

  #admit(pieces: readonly Piece<Candidate, ReceiveResult>[]): Promise<void> {
    const arrivals = pieces.map((piece) => ({
      candidate: piece.item,
      resolve: (settled: ReceiveResult) => piece.resolve(settled),
      reject: (error: unknown) => piece.reject(error),
    }))
    return this.#admission.take(arrivals)
  }

  async #again(pieces: readonly Piece<DeltaId | undefined, void>[]): Promise<void> {
    await this.#admission.again(pieces.flatMap(({ item }) => item ?? []))
    for (const piece of pieces) piece.resolve()
  }

  /** Looks again at deltas that wait, some at a time: calls come in between. */
  async #againAll(ids: readonly DeltaId[]): Promise<void> {
    for (let at = 0; at < ids.length; at += MAX_APPLY_RUN) {
      await Promise.all(ids.slice(at, at + MAX_APPLY_RUN).map((id) => this.#againInTurn(id)))
    }
  }

  /** Sets nothing off any more. */
  close(): void {
    this.#isClosed = true
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
  }

  /** Verifies an envelope and applies it when it is its turn. Never throws for bad bytes. */
  async receive(bytes: Uint8Array): Promise<ReceiveResult> {
    let candidate: Candidate
    const key = toHex(sha256(bytes))
    try {
      if (this.#rejected.has(key)) {
        throw contextError('DELTA_INVALID', 'expected a delta, got one that was rejected before')
      }
      candidate = decodeCandidate(this.#core.state.id, bytes)
      const known = this.#core.state.status(candidate.id, candidate.parents)
      // of one that is held, another copy may open where ours does not
      const isKnown = known !== undefined && (known !== 'held' || candidate.announced)
      if (isKnown || this.#inFlight.has(key)) return result('duplicate', candidate)
      checkSignature(candidate)
    } catch (error) {
      // nothing was said of the bytes: they are asked for again when the database can be read
      if (isRefusedByDisk(error)) return { status: 'refused', delta: undefined, missing: [] }
      return this.#reject(bytes, error)
    }
    if (candidate.announced) return result('announced', candidate, [candidate.id])
    const { author, sequence } = candidate.header
    this.#inFlight.add(key)
    this.arriving.add(author, sequence)
    if (candidate.header.membersRevision > this.#core.group.membersRevision) {
      void this.#refreshMembers()
    }
    try {
      return await this.#admitInTurn(candidate)
    } catch (error) {
      if (isProof(error)) return this.#reject(bytes, error)
      if (isMerogateError(error, 'DELTA_SEALED')) return this.#doubt(candidate)
      const { logger } = this.#core.c
      logger[loudnessOf(error)]({ err: error, delta: shortHex(candidate.id) }, 'delta not taken in')
      return result('refused', candidate)
    } finally {
      this.#inFlight.delete(key)
      this.arriving.remove(author, sequence)
    }
  }

  /** First half of verification for the gossip validator: no disk beyond one lookup, no guest. */
  precheck(bytes: Uint8Array): 'accept' | 'ignore' | 'stranger' | 'reject' {
    try {
      const candidate = decodeCandidate(this.#core.state.id, bytes)
      if (this.#core.group.member(candidate.member) === undefined) return 'stranger'
      if (this.#inFlight.has(toHex(sha256(bytes)))) return 'ignore'
      if (this.#core.state.status(candidate.id, candidate.parents) !== undefined) return 'ignore'
      checkSignature(candidate)
      return 'accept'
    } catch (error) {
      return isRefusedByDisk(error) ? 'ignore' : 'reject'
    }
  }

  /** Something outside the DAG arrived: looks again at every delta that waited for it. */
  async reconsider(...reasons: readonly ParkReason[]): Promise<void> {
    const numbers = new Set<number>(reasons.map((reason) => PARK_REASON[reason]))
    const held = await this.#core.run(async () => {
      const { state, c } = this.#core
      const all = state.dag.waiting('held').map(({ id }) => id)
      return all.filter((id) => numbers.has(c.deltas.get(state.ref.number, id)?.reason ?? -1))
    })
    await this.#againAll(held)
  }

  /** After a start: looks again at everything that waits for anything but its parents. What waits for those follows by itself. */
  async resume(): Promise<void> {
    const { dag } = this.#core.state
    const waiting = [...dag.waiting('held'), ...dag.waiting('quarantined')]
    await this.#againAll(waiting.map(({ id }) => id))
    await this.#againInTurn(undefined)
  }

  #resumeLater(): void {
    if (!this.#timers.has(ALL)) this.#later(ALL, RESUME_DELAY_MS, () => this.resume())
  }

  #later(what: string, ms: number, again: () => Promise<void>): void {
    if (this.#isClosed) return // the next start looks again
    this.#timers.get(what)?.cancel()
    const timer = this.#core.c.clock.after(ms, () => {
      this.#timers.delete(what)
      again().catch((error: unknown) => {
        if (isOwnFailure(error)) this.#resumeLater()
        // otherwise the context is closing or stopped: the next start looks at it again
      })
    })
    this.#timers.set(what, timer)
  }

  async #refreshMembers(): Promise<void> {
    const { group } = this.#core
    const before = group.membersRevision
    await group.refreshSoon()
    // an unchanged list admits nobody, and what looks again would only ask for the list again
    if (group.membersRevision === before) return
    await this.reconsider('member').catch(() => {
      // the context is closing; what waits is looked at again at the next start
    })
  }

  // Not stored, for the body may be false; not remembered, for it may be true: the delta and the keys of its epoch are asked for.
  #doubt(candidate: Candidate): ReceiveResult {
    const epoch = candidate.envelope.sealedEpoch
    this.#core.group.keyring.want(epoch)
    this.#core.events.emit('wanted', { deltas: [], keys: [epoch] })
    return result('refused', candidate, [candidate.id])
  }

  #reject(bytes: Uint8Array, error: unknown): ReceiveResult {
    const failure = toMerogateError(error)
    this.#rejected.set(toHex(sha256(bytes)), true)
    this.#core.c.metrics.rejected(failure.code)
    this.#core.c.logger.debug({ err: error }, 'envelope rejected')
    return { status: 'invalid', delta: undefined, missing: [], error: failure.code }
  }
}
