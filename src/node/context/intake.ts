/**
 * The receiving half of a context: envelopes are verified, wait for what they lack, and are applied in causal order. Whatever path brought an
 * envelope, it comes in here.
 */
import { LRUCache } from 'lru-cache'
import { DELTA_KIND, eventsCodec } from '../codec/delta.ts'
import { isMerogateError, toMerogateError } from '../errors.ts'
import { equalBytes, shortHex, toHex } from '../primitives/bytes.ts'
import { sha256 } from '../primitives/hash.ts'
import { hlcTime, ntp64ToNs } from '../primitives/hlc.ts'
import type { DeltaId } from '../primitives/ids.ts'
import type { GuestOutcome } from '../runtime/engine.ts'
import { DELTA_STATUS, PARK_REASON, type ParkReason } from '../store/repositories/deltas.ts'
import type { ReceiveResult } from '../sync/replica.ts'
import { contextError } from './errors.ts'
import { REJECTED_MEMORY_COUNT, REJECTED_MEMORY_MS, RETRY_DELAYS_MS } from './limits.ts'
import type { ReplicaCore } from './replica-core.ts'
import { waitingRow } from './state.ts'
import {
  type Candidate,
  checkAfterParents,
  checkSignature,
  decodeCandidate,
  holdReason,
  openPayload,
} from './verify.ts'

/** Longest wait a timer takes, ms; a delta due later is looked at again then. */
const MAX_TIMER_MS = 3_600_000

export class Intake {
  readonly #core: ReplicaCore
  readonly #rejected: LRUCache<string, true>
  /** Ids whose fate is being decided: the same envelope often comes by push and gossip at once. */
  readonly #inFlight = new Set<string>()
  /** Deltas of non-members that a descendant by a writer vouches for. */
  readonly #endorsed = new Set<string>()
  readonly #tries = new Map<string, number>()

  constructor(core: ReplicaCore) {
    this.#core = core
    this.#rejected = new LRUCache({ max: REJECTED_MEMORY_COUNT, ttl: REJECTED_MEMORY_MS })
  }

  /** Verifies an envelope and applies it when it is its turn. Never throws for bad bytes. */
  async receive(bytes: Uint8Array): Promise<ReceiveResult> {
    let candidate: Candidate
    try {
      if (this.#rejected.size > 0 && this.#rejected.has(toHex(sha256(bytes)))) {
        throw contextError('DELTA_INVALID', 'expected a delta, got one that was rejected before')
      }
      candidate = decodeCandidate(this.#core.state.id, bytes)
      const known = this.#core.state.dag.status(candidate.id)
      if (known !== undefined || this.#inFlight.has(toHex(candidate.id))) {
        return result('duplicate', candidate.id)
      }
      checkSignature(candidate)
    } catch (error) {
      return this.#reject(bytes, error)
    }
    if (candidate.announced) return result('announced', candidate.id, [candidate.id])
    const key = toHex(candidate.id)
    this.#inFlight.add(key)
    try {
      return await this.#core.run(() => this.#admit(candidate))
    } catch (error) {
      if (isProof(error)) return this.#reject(bytes, error)
      this.#core.c.logger.warn({ err: error, delta: shortHex(candidate.id) }, 'delta not taken in')
      // not stored: it is asked for again when the frontier shows it
      return result('pending', candidate.id)
    } finally {
      this.#inFlight.delete(key)
    }
  }

  /** First half of verification for the gossip validator: no disk beyond one lookup, no guest. */
  precheck(bytes: Uint8Array): 'accept' | 'ignore' | 'reject' {
    try {
      const candidate = decodeCandidate(this.#core.state.id, bytes)
      if (this.#core.state.dag.status(candidate.id) !== undefined) return 'ignore'
      checkSignature(candidate)
      return this.#core.group.member(candidate.member) === undefined ? 'ignore' : 'accept'
    } catch {
      return 'reject'
    }
  }

  /** Something outside the DAG arrived: looks again at every delta that waited for it. */
  reconsider(...reasons: readonly ParkReason[]): Promise<void> {
    const numbers = new Set<number>(reasons.map((reason) => PARK_REASON[reason]))
    return this.#core.run(async () => {
      for (const node of this.#core.state.dag.waiting('held')) {
        const row = this.#core.c.deltas.get(this.#core.state.ref.number, node.id)
        if (row !== undefined && numbers.has(row.reason)) await this.#reload(node.id)
      }
    })
  }

  /** After a start: looks again at everything that waits. */
  resume(): Promise<void> {
    return this.#core.run(async () => {
      const { dag } = this.#core.state
      const ready = dag
        .waiting('pending')
        .filter(({ parents }) => dag.openParents(parents).length === 0)
      for (const node of [...ready, ...dag.waiting('held'), ...dag.waiting('quarantined')]) {
        await this.#reload(node.id)
      }
    })
  }

  async #admit(candidate: Candidate): Promise<ReceiveResult> {
    if (this.#core.state.dag.status(candidate.id) !== undefined)
      return result('duplicate', candidate.id)
    if (candidate.header.membersRevision > this.#core.group.membersRevision)
      void this.#refreshMembers()
    const status = await this.#place(candidate)
    if (status === 'duplicate' || status === 'invalid') return result(status, candidate.id)
    return result(status, candidate.id, status === 'pending' ? this.#unknownParents(candidate) : [])
  }

  async #refreshMembers(): Promise<void> {
    await this.#core.group.refreshSoon()
    await this.reconsider('member').catch(() => {
      // the context is closing; what waits is looked at again at the next start
    })
  }

  #unknownParents(candidate: Candidate): readonly DeltaId[] {
    return candidate.parents.filter((parent) => this.#core.state.dag.status(parent) === undefined)
  }

  /** Applies a candidate, or stores it to wait. */
  async #place(candidate: Candidate): Promise<ReceiveResult['status']> {
    const { dag } = this.#core.state
    if (dag.hasPendingChild(candidate.id)) this.#endorsed.add(toHex(candidate.id))
    const reason = holdReason(candidate, {
      context: this.#core.state.id,
      keyring: this.#core.group.keyring,
      roleOf: (member) => this.#core.group.roleOf(member),
      isEndorsed: (id) => this.#endorsed.has(toHex(id)),
      nowNs: () => this.#core.c.clock.nowNs(),
    })
    if (reason !== undefined) return this.#wait(candidate, 'held', reason)
    // Open the body before it may wait: a genuine header with a false body must not keep the true one out.
    const pending = dag.openParents(candidate.parents).length > 0
    if (pending) openPayload(candidate, this.#core.group.keyring)
    const status = pending ? await this.#wait(candidate, 'pending') : await this.#apply(candidate)
    if (pending) await this.#endorse(candidate)
    return status
  }

  // A current writer built on them: late joiners must accept that history.
  async #endorse(candidate: Candidate): Promise<void> {
    for (const parent of candidate.parents) {
      if (this.#endorsed.has(toHex(parent)) || this.#core.state.dag.status(parent) !== 'held')
        continue
      this.#endorsed.add(toHex(parent))
      await this.#reload(parent)
    }
  }

  async #wait(
    candidate: Candidate,
    status: 'pending' | 'held' | 'quarantined',
    reason: ParkReason = 'none',
  ): Promise<ReceiveResult['status']> {
    const { dag } = this.#core.state
    const { id, parents, header, bytes } = candidate
    const known = dag.status(id) !== undefined
    if (!known && !dag.hasRoom(header.author, bytes.length)) {
      this.#core.c.metrics.refused()
      throw contextError('CONTEXT_BUSY', 'too many deltas wait in this context')
    }
    const number = this.#core.state.ref.number
    const row = {
      ...waitingRow(candidate),
      status:
        status === 'pending'
          ? DELTA_STATUS.pending
          : status === 'held'
            ? DELTA_STATUS.parked
            : DELTA_STATUS.quarantined,
      reason: PARK_REASON[reason],
    }
    const { deltas, store } = this.#core.c
    await store.batch([
      ...deltas.putWaiting(number, id, row),
      deltas.putEnvelope(number, id, bytes),
    ])
    dag.wait({ id, parents, hlc: header.hlc, author: header.author, size: bytes.length }, status)
    this.#core.c.metrics.waiting(status)
    const missing = this.#unknownParents(candidate)
    const keys = reason === 'key' ? [candidate.envelope.sealedEpoch] : []
    if (missing.length > 0 || keys.length > 0)
      this.#core.events.emit('wanted', { deltas: missing, keys })
    if (reason === 'future') this.#wakeAt(candidate)
    if (reason === 'member') void this.#refreshMembers()
    return status === 'held' ? 'parked' : status
  }

  #wakeAt(candidate: Candidate): void {
    const aheadNs = ntp64ToNs(hlcTime(candidate.header.hlc)) - this.#core.c.clock.nowNs()
    const ms = Math.min(Number(aheadNs / 1_000_000n), MAX_TIMER_MS)
    this.#core.c.clock.after(Math.max(ms, 1), () => void this.reconsider('future').catch(() => {}))
  }

  /** A stored delta that waited: takes it up again. */
  async #reload(id: DeltaId): Promise<void> {
    const bytes = await this.#core.c.deltas.envelope(this.#core.state.ref.number, id)
    if (bytes === undefined) return
    const candidate = decodeCandidate(this.#core.state.id, bytes)
    try {
      await this.#place(candidate)
    } catch (error) {
      if (!isProof(error)) throw error
      await this.#discard(id, error)
    }
  }

  // What it was stored with is false; the true one is asked for again when something builds on it.
  async #discard(id: DeltaId, error: unknown): Promise<void> {
    this.#core.c.logger.warn({ err: error, delta: shortHex(id) }, 'stored delta rejected')
    await this.#core.c.store.batch(this.#core.c.deltas.delWaiting(this.#core.state.ref.number, id))
    this.#core.state.dag.remove(id)
    const deltas = this.#core.state.dag.missing()
    if (deltas.length > 0) this.#core.events.emit('wanted', { deltas, keys: [] })
  }

  /** Applies a delta whose parents are applied, and then whatever waited for it, iteratively. */
  async #apply(candidate: Candidate): Promise<ReceiveResult['status']> {
    const status = await this.#applyOne(candidate)
    if (!Array.isArray(status)) return status
    const queue: DeltaId[] = [...status]
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      const bytes = await this.#core.c.deltas.envelope(this.#core.state.ref.number, id)
      if (bytes === undefined) continue
      try {
        const next = await this.#applyOne(decodeCandidate(this.#core.state.id, bytes))
        if (Array.isArray(next)) queue.push(...next)
      } catch (error) {
        if (!isProof(error)) throw error
        await this.#discard(id, error)
      }
    }
    return 'applied'
  }

  /** Ids that became ready, or why it was not applied. */
  async #applyOne(candidate: Candidate): Promise<DeltaId[] | ReceiveResult['status']> {
    const { deltas } = this.#core.c
    const number = this.#core.state.ref.number
    const parentHlcs = candidate.parents.flatMap((parent) => deltas.get(number, parent)?.hlc ?? [])
    checkAfterParents(candidate, parentHlcs)
    const payload = openPayload(candidate, this.#core.group.keyring)
    const events = eventsCodec.decode(payload.events)
    if (candidate.header.kind === DELTA_KIND.merge) {
      return [...(await this.#core.commit(candidate, payload, [], undefined, { local: false }))]
    }
    const module = equalBytes(payload.application, this.#core.state.meta.application)
      ? await this.#core.c.module()
      : undefined
    const executor = this.#core.group.owned()[0]
    if (module === undefined || executor === undefined) {
      return this.#wait(candidate, 'held', 'application')
    }
    let outcome: GuestOutcome
    try {
      outcome = await this.#core.c.model.apply({
        context: this.#core.state.ref,
        module: module.hash,
        executor: executor.publicKey,
        artifact: payload.appPayload,
        seenNs: bigMax(this.#core.state.meta.seenNs, ntp64ToNs(hlcTime(candidate.header.hlc))),
        lane: this.#core.lane,
        members: this.#core.members(module),
      })
    } catch (error) {
      return this.#quarantine(candidate, error)
    }
    try {
      return [...(await this.#core.commit(candidate, payload, events, outcome, { local: false }))]
    } catch (error) {
      await this.#core.c.model.forget(this.#core.state.ref)
      throw error
    }
  }

  // Valid, but the guest failed: tried again thrice, then kept for an operator; its children wait.
  async #quarantine(candidate: Candidate, error: unknown): Promise<ReceiveResult['status']> {
    const key = toHex(candidate.id)
    const tries = this.#tries.get(key) ?? 0
    this.#tries.set(key, tries + 1)
    const failure = toMerogateError(error)
    this.#core.c.logger.warn(
      { code: failure.code, delta: shortHex(candidate.id), tries },
      'guest failed on a delta',
    )
    const status = await this.#wait(candidate, 'quarantined')
    const delay = RETRY_DELAYS_MS[tries]
    if (delay !== undefined) {
      this.#core.c.clock.after(delay, () => {
        void this.#core
          .run(() => this.#reload(candidate.id))
          .catch(() => {
            // the context is closing: it is tried again at the next start
          })
      })
    }
    return status
  }

  #reject(bytes: Uint8Array, error: unknown): ReceiveResult {
    const failure = toMerogateError(error)
    this.#rejected.set(toHex(sha256(bytes)), true)
    this.#core.c.metrics.rejected(failure.code)
    this.#core.c.logger.debug({ err: error }, 'envelope rejected')
    return { status: 'invalid', delta: undefined, missing: [], error: failure.code }
  }
}

/** Whether an error proves that no honest node made the bytes. */
function isProof(error: unknown): boolean {
  return isMerogateError(error, 'DELTA_INVALID') || isMerogateError(error, 'CODEC_MALFORMED')
}

function bigMax(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

function result(
  status: ReceiveResult['status'],
  delta: DeltaId,
  missing: readonly DeltaId[] = [],
): ReceiveResult {
  return { status, delta, missing }
}
