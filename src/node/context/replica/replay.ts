/**
 * The state that follows from the applied deltas of a context alone: all of them, applied to nothing in an order that is the same on every
 * node, ascending by (timestamp, id). A delta's timestamp lies after its parents', so that order is a causal one.
 */
import { throwIfAborted } from '../../errors.ts'
import { compareBytes, concat, equalBytes } from '../../primitives/bytes.ts'
import { compareHlc, hlcTime, ntp64ToNs } from '../../primitives/hlc.ts'
import { type DeltaId, idText, ZERO_ID } from '../../primitives/ids.ts'
import type { ContextRef, GuestOutcome } from '../../runtime/engine.ts'
import { COLUMN, rowKey, u32be } from '../../store/keys.ts'
import type { BatchOp } from '../../store/store.ts'
import { contextError } from '../errors.ts'
import { MAX_REPLAYED_DELTAS, REPLAY_REPORT_MS } from '../limits.ts'
import type { Guest } from './apply.ts'
import type { ReplicaCore } from './replica-core.ts'
import { decodeCandidate, hasEffect, openPayload } from './verify.ts'

interface Entry {
  readonly id: DeltaId
  readonly hlc: Uint8Array
}

function compareEntries(a: Entry, b: Entry): number {
  return compareHlc(a.hlc, b.hlc) || compareBytes(a.id, b.id)
}

export class Replay {
  /** Root of what was replayed; zero while that is nothing. */
  root: Uint8Array = ZERO_ID
  readonly #core: ReplicaCore
  readonly #ref: ContextRef
  readonly #guest: Guest
  readonly #done: Entry[] = []
  #seenNs = 0n

  /** `ref` names the empty rows in which the state is built. */
  constructor(core: ReplicaCore, ref: ContextRef, guest: Guest) {
    this.#core = core
    this.#ref = ref
    this.#guest = guest
  }

  /** Deltas replayed. */
  get count(): number {
    return this.#done.length
  }

  /**
   * Replays what is applied by now and was not replayed yet. False when something came since that belongs before what was replayed: then
   * this replay is of no use.
   * @throws CONTEXT_TOO_LONG (limit), RUNTIME_* (guest) when a delta does not apply in this order, STORE_*, ABORTED
   */
  async advance(signal: AbortSignal): Promise<boolean> {
    const order = await this.#order()
    const isContinued = this.#done.every((entry, i) => {
      const now = order[i]
      return now !== undefined && equalBytes(entry.id, now.id)
    })
    if (!isContinued) return false
    const { clock, logger } = this.#core.c
    let reported = clock.monotonicMs()
    for (const entry of order.slice(this.#done.length)) {
      throwIfAborted(signal)
      await this.#apply(entry)
      this.#done.push(entry)
      if (clock.monotonicMs() - reported < REPLAY_REPORT_MS) continue
      reported = clock.monotonicMs()
      const context = idText(this.#ref.id)
      logger.info({ context, done: this.count, of: order.length }, 'replaying the history')
    }
    return true
  }

  async #order(): Promise<Entry[]> {
    const { state, c } = this.#core
    const { number } = state.ref
    if (state.meta.applied > BigInt(MAX_REPLAYED_DELTAS)) {
      const applied = Number(state.meta.applied)
      const message = `the context has ${applied} deltas, and at most ${MAX_REPLAYED_DELTAS} are replayed`
      throw contextError('CONTEXT_TOO_LONG', message, { applied, limit: MAX_REPLAYED_DELTAS })
    }
    const entries: Entry[] = []
    for await (const { id } of c.deltas.order(number, 1n)) {
      const row = c.deltas.get(number, id)
      if (row !== undefined) entries.push({ id, hlc: row.hlc })
    }
    return entries.sort(compareEntries)
  }

  async #apply({ id, hlc }: Entry): Promise<void> {
    const { state, group, c, clockLane } = this.#core
    const bytes = await c.deltas.envelope(state.ref.number, id)
    if (bytes === undefined) {
      const delta = idText(id)
      throw contextError('DELTA_MISSING', `the applied delta ${delta} is not stored`, { delta })
    }
    const candidate = decodeCandidate(state.id, bytes)
    if (!hasEffect(candidate)) return
    const payload = openPayload(candidate, group.keyring)
    const { module, executor } = this.#guest
    const authoredNs = ntp64ToNs(hlcTime(hlc))
    if (authoredNs > this.#seenNs) this.#seenNs = authoredNs
    const outcome = await c.model.apply({
      context: this.#ref,
      module: module.hash,
      executor,
      artifact: payload.appPayload,
      seenNs: this.#seenNs,
      authoredNs,
      lane: clockLane,
      members: this.#core.members(module),
    })
    await c.store.batch(this.#rows(outcome))
    if (outcome.root !== undefined) this.root = outcome.root
    if (outcome.lastNs > this.#seenNs) this.#seenNs = outcome.lastNs
  }

  /** Only what is shared: private rows and indexes of the state in use stay as they are. */
  #rows({ writes }: GuestOutcome): BatchOp[] {
    const prefix = u32be(this.#ref.number)
    return writes.map(({ key, value }) => {
      const full = rowKey(COLUMN.state, concat(prefix, key))
      return value === undefined ? { type: 'del', key: full } : { type: 'put', key: full, value }
    })
  }
}
