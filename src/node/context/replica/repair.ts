/**
 * What is done about a state that differs from another member's though both have applied the same deltas. Nobody's root is believed: each
 * replays its own history in the order that is the same everywhere, and keeps what comes of it. When members still differ after that,
 * the application itself is not deterministic, or a copy is damaged; it is shown, and left alone until an operator asks for another replay.
 */
import { isMerogateError, toMerogateError } from '../../errors.ts'
import { concat, equalBytes, toHex } from '../../primitives/bytes.ts'
import { idText, ZERO_ID } from '../../primitives/ids.ts'
import { COLUMN, rowKey, u32be } from '../../store/keys.ts'
import type { ContextRef, ModuleInfo } from '../../runtime/engine.ts'
import type { StateModel } from '../../runtime/state-model.ts'
import type { BatchOp } from '../../store/store.ts'
import type { Divergence, Repaired } from '../divergence.ts'
import { contextError } from '../errors.ts'
import {
  MAX_REPAIR_BYTES,
  MAX_REPLAYS,
  MAX_SUSPECTS,
  MAX_UNANSWERED,
  REPLAY_REST,
  REPLAY_ROUNDS,
} from '../limits.ts'
import { Replay } from './replay.ts'
import type { ReplicaCore } from './replica-core.ts'

/** A peer that has another root, and how often in a row it said so. */
interface Suspect {
  /** What both have applied, by hash. */
  readonly frontier: string
  readonly times: number
}

export class Repair {
  readonly #core: ReplicaCore
  readonly #ended = new AbortController()
  readonly #suspects = new Map<string, Suspect>()
  #running: Promise<Repaired> | undefined
  /** What was applied when the state was last replayed, by hash. */
  #replayed: string | undefined
  /** How often peers differed after that. */
  #unanswered = 0
  /** Replays since all agreed. */
  #replays = 0
  /** Before this, by the monotonic clock, no member's word begins a replay: they must not keep the node busy by differing and agreeing in turn. */
  #restsUntilMs = -Infinity
  #sinceMs: number | undefined
  #reason: string | undefined

  constructor(core: ReplicaCore) {
    this.#core = core
  }

  /** Undefined while nobody with the same deltas is known to have another root. */
  get divergence(): Divergence | undefined {
    if (this.#sinceMs === undefined) return undefined
    const state =
      this.#running !== undefined
        ? 'repairing'
        : this.#reason === undefined
          ? 'suspected'
          : 'diverged'
    const reason = this.#reason ?? 'a member with the same deltas has another root'
    return {
      state,
      sinceMs: this.#sinceMs,
      members: this.#suspects.size,
      replays: this.#replays,
      reason,
    }
  }

  /** A peer that has applied the same deltas has our root, or another. */
  compared(peer: string, agrees: boolean): void {
    if (agrees) {
      this.#suspects.delete(peer)
      if (this.#suspects.size === 0) this.#settle()
      return
    }
    const suspect = this.#suspect(peer)
    if (this.#running !== undefined || this.#reason !== undefined || suspect.times < 2) return
    if (this.#replayed === suspect.frontier) this.#wait()
    else if (this.#replays >= MAX_REPLAYS) this.#giveUp('the roots differ again after each replay')
    else if (this.#core.c.clock.monotonicMs() >= this.#restsUntilMs) this.#start() // it says so again at its next heartbeat
  }

  #start(): void {
    this.run().catch(() => {
      // noted by then, or the context is closing
    })
  }

  /** Whether the stored root follows from the stored rows; if not, the history is replayed. */
  async check(): Promise<void> {
    const { state, c } = this.#core
    const module = await c.module()
    if (module === undefined || !state.hasState) return
    const found = await this.#core.run(async () => {
      const root = await rootOf(c.model, state.ref, module)
      return root !== undefined && !equalBytes(root, state.meta.root) ? root : undefined
    })
    if (found === undefined) return
    const [stored, rows] = [toHex(state.meta.root), toHex(found)]
    c.logger.error({ context: idText(state.id), stored, rows }, 'the root is not that of the rows')
    this.#start()
  }

  /**
   * Replays the history now, and takes over the state that comes of it. Who asks while it runs gets the same answer.
   * @throws CONTEXT_UNINITIALIZED, CONTEXT_TOO_LONG, RUNTIME_*, STORE_*, ABORTED when the context is closed
   */
  run(): Promise<Repaired> {
    this.#running ??= this.#run().finally(() => (this.#running = undefined))
    return this.#running
  }

  /** As {@link run}, for an operator: members that differ afterwards are replayed for again. */
  ask(): Promise<Repaired> {
    this.#replays = 0
    return this.run()
  }

  /** Ends a replay that runs. */
  close(): void {
    this.#ended.abort()
  }

  async #run(): Promise<Repaired> {
    const { state, c } = this.#core
    const context = idText(state.id)
    this.#reason = undefined
    this.#unanswered = 0
    this.#replays++
    const startedMs = c.clock.monotonicMs()
    try {
      const repaired = await this.#replay()
      const { deltas, changed } = repaired
      c.metrics.repair(changed ? 'changed' : 'same')
      c.logger[changed ? 'warn' : 'info']({ context, deltas, changed }, 'the history was replayed')
      if (changed) this.#core.events.emit('replaced', {})
      return repaired
    } catch (error) {
      if (!this.#ended.signal.aborted) this.#failed(error)
      throw error
    } finally {
      const nowMs = c.clock.monotonicMs()
      this.#restsUntilMs = nowMs + REPLAY_REST * (nowMs - startedMs)
    }
  }

  #failed(error: unknown): void {
    const { metrics } = this.#core.c
    metrics.repair('failed')
    const { code } = toMerogateError(error)
    // a full queue or disk may have room next time
    if (code === 'CONTEXT_BUSY' || code === 'STORE_FAILED') this.#note(error)
    else this.#giveUp(`the history cannot be replayed: ${code}`, error)
  }

  async #replay(): Promise<Repaired> {
    const { state, group, c } = this.#core
    const module = await c.module()
    const executor = group.owned()[0]?.publicKey
    if (module === undefined || executor === undefined || !state.hasState) {
      throw contextError('CONTEXT_UNINITIALIZED', 'the context has no state to replay')
    }
    const guest = { module, executor }
    const { signal } = this.#ended
    return c.scratch.run(state.id, async (ref) => {
      for (let round = 1; ; round++) {
        let replay = new Replay(this.#core, ref, guest)
        // beside calls and deltas, which go on
        await replay.advance(signal)
        const repaired = await this.#core.run(async () => {
          let isWhole = await replay.advance(signal)
          if (!isWhole && round >= REPLAY_ROUNDS) {
            await c.scratch.clear(ref)
            replay = new Replay(this.#core, ref, guest)
            isWhole = await replay.advance(signal)
          }
          return isWhole ? this.#takeOver(replay, ref) : undefined
        })
        if (repaired !== undefined) return repaired
        await c.scratch.clear(ref)
      }
    })
  }

  /** In the executor: the rows that differ from the replayed ones, and the root, in one batch. */
  async #takeOver(replay: Replay, ref: ContextRef): Promise<Repaired> {
    const { state, c } = this.#core
    const { root, count } = replay
    const changed = !equalBytes(root, state.meta.root)
    // also under the right root: rows may be damaged that it was made of
    const changes = await this.#changes(ref)
    if (changed || changes.length > 0) {
      await state.replace(root, changes)
      await c.model.forget(state.ref)
    }
    this.#replayed = this.#frontier()
    return { deltas: count, changed, root }
  }

  async #changes(replayed: ContextRef): Promise<BatchOp[]> {
    const { state, c } = this.#core
    const prefix = u32be(state.ref.number)
    const ops: BatchOp[] = []
    let bytes = 0
    for await (const { key, theirs } of c.model.diff(state.ref, c.model.rows(replayed))) {
      const full = rowKey(COLUMN.state, concat(prefix, key))
      ops.push(
        theirs === undefined
          ? { type: 'del', key: full }
          : { type: 'put', key: full, value: theirs },
      )
      bytes += full.length + (theirs?.length ?? 0)
      if (bytes <= MAX_REPAIR_BYTES) continue
      const message = `more than ${MAX_REPAIR_BYTES} bytes of the state differ after a replay`
      throw contextError('CONTEXT_TOO_LARGE', message, { limit: MAX_REPAIR_BYTES })
    }
    return ops
  }

  /** What is applied here, by hash. */
  #frontier(): string {
    return toHex(this.#core.state.authors.hash)
  }

  #suspect(peer: string): Suspect {
    this.#sinceMs ??= this.#core.c.clock.nowMs()
    const frontier = this.#frontier()
    const known = this.#suspects.get(peer)
    const times = known?.frontier === frontier ? known.times + 1 : 1
    const suspect = { frontier, times }
    this.#suspects.delete(peer)
    this.#suspects.set(peer, suspect)
    for (const oldest of this.#suspects.keys()) {
      if (this.#suspects.size <= MAX_SUSPECTS) break
      this.#suspects.delete(oldest)
    }
    return suspect
  }

  /** Our state is that of the replay; the other member has to replay its own. */
  #wait(): void {
    this.#unanswered++
    if (this.#unanswered < MAX_UNANSWERED) return
    this.#giveUp('a member with the same deltas has another root than a replay gives here')
  }

  #giveUp(reason: string, cause?: unknown): void {
    this.#reason = reason
    const context = idText(this.#core.state.id)
    this.#note(cause ?? contextError('CONTEXT_DIVERGED', reason, { context }))
  }

  #note(error: unknown): void {
    this.#core.failures.note({ what: 'root', error, tries: this.#replays })
  }

  /** All agree again. */
  #settle(): void {
    if (this.#sinceMs === undefined) return
    this.#core.c.logger.info({ context: idText(this.#core.state.id) }, 'members agree on the root')
    this.#core.failures.mended('root')
    this.#sinceMs = undefined
    this.#reason = undefined
    this.#unanswered = 0
    this.#replays = 0
  }
}

/** The root of the stored rows; zero when its record is damaged. */
async function rootOf(
  model: StateModel,
  ref: ContextRef,
  { era }: ModuleInfo,
): Promise<Uint8Array | undefined> {
  try {
    return await model.root(ref, era)
  } catch (error) {
    if (isMerogateError(error, 'RUNTIME_STATE_CORRUPT')) return ZERO_ID
    throw error
  }
}
