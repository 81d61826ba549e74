/**
 * What the two halves of a context share: the serial executor, the state behind it, and the one way a delta is committed and told of.
 */
import type { DeltaPayload, PayloadEvent } from '../codec/delta.ts'
import { isMerogateError, type MerogateError } from '../errors.ts'
import type { StateMutation } from '../interface.ts'
import { equalBytes, shortHex } from '../primitives/bytes.ts'
import type { Clock, Random } from '../primitives/clock.ts'
import { Emitter } from '../primitives/emitter.ts'
import { sha256 } from '../primitives/hash.ts'
import { type DeltaId, idText, type PublicKey } from '../primitives/ids.ts'
import type { Logger } from '../primitives/logger.ts'
import type { GuestOutcome, ModuleInfo } from '../runtime/engine.ts'
import type { StateModel } from '../runtime/state-model.ts'
import type { BatchOp } from '../store/store.ts'
import { contextError } from './errors.ts'
import type { Group } from './group.ts'
import { MAX_HANDLER_DEPTH, MAX_QUEUED } from './limits.ts'
import type { ContextMetrics } from './metrics.ts'
import { SerialQueue } from './serial-queue.ts'
import type { ContextState, LedgerEntry, StateComponents } from './state.ts'
import type { Candidate } from './verify.ts'

export interface ReplicaComponents extends StateComponents {
  readonly model: StateModel
  /** The module the context runs, loaded; undefined while it is not here. */
  module(): Promise<ModuleInfo | undefined>
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: ContextMetrics
}

export interface ContextReplicaEvents {
  /** A delta is stored as applied. */
  applied: { readonly candidate: Candidate; readonly local: boolean }
  mutation: StateMutation
  /** Something peers may have is wanted. */
  wanted: { readonly deltas: readonly DeltaId[]; readonly keys: readonly number[] }
  /** Event handlers wait to be run. */
  todo: { readonly entries: readonly LedgerEntry[] }
  /** The context has state from now on. */
  ready: Record<never, never>
}

/** What goes with a commit beside the delta itself. */
export interface CommitHow {
  readonly local: boolean
  readonly settles?: LedgerEntry | undefined
  /** Stored in the same batch. */
  readonly rows?: readonly BatchOp[]
}

/** Host functions that look at the member list (runtime-abi.md 4.3). */
const MEMBER_IMPORTS: ReadonlySet<string> = new Set(['context_members', 'context_is_member'])

export class ReplicaCore {
  readonly state: ContextState
  readonly group: Group
  readonly events: Emitter<ContextReplicaEvents>
  readonly c: ReplicaComponents
  /** Low bits of every reading of the guests' clock on this node (runtime-abi.md 10). */
  readonly lane: number
  readonly #queue = new SerialQueue(MAX_QUEUED)
  /** Set when rows turn out damaged. */
  #stopped: MerogateError | undefined

  constructor(state: ContextState, group: Group, components: ReplicaComponents) {
    this.state = state
    this.group = group
    this.c = components
    this.events = new Emitter<ContextReplicaEvents>(components.logger)
    const own = group.owned()[0]
    this.lane = sha256(own?.publicKey ?? components.random.bytes(32))[0] ?? 0
  }

  get stopped(): boolean {
    return this.#stopped !== undefined
  }

  /** Takes no more work; resolves when what runs is done. */
  close(): Promise<void> {
    return this.#queue.close()
  }

  /** Runs a task alone, after those before it. @throws CONTEXT_BUSY, CONTEXT_STOPPED */
  run<T>(task: () => Promise<T>): Promise<T> {
    return this.#queue.run(async () => {
      if (this.#stopped !== undefined) {
        throw contextError(
          'CONTEXT_STOPPED',
          'the context stopped: its rows are damaged, see the log',
          {},
          {
            cause: this.#stopped,
          },
        )
      }
      try {
        return await task()
      } catch (error) {
        if (isMerogateError(error, 'STORE_CORRUPT')) {
          this.#stopped = error
          this.c.logger.error({ err: error, context: idText(this.state.id) }, 'context stopped')
        }
        throw error
      }
    })
  }

  /** Members as a call sees them. Only apps of older eras ask; copying the list for each call would cost the others. */
  members(module: ModuleInfo): readonly PublicKey[] {
    if (!module.imports.some((name) => MEMBER_IMPORTS.has(name))) return []
    return this.group.members().map((member) => member.identity)
  }

  /** Commits a delta and tells whoever listens. Returns the waiting children that may be applied now. */
  async commit(
    candidate: Candidate,
    payload: DeltaPayload,
    events: readonly PayloadEvent[],
    outcome: GuestOutcome | undefined,
    how: CommitHow,
  ): Promise<readonly DeltaId[]> {
    const first = !this.state.hasState
    const runHandlers = this.#runsHandlers(candidate, payload, how.local)
    const done = await this.state.commitDelta(
      { candidate, payload, events, outcome, runHandlers, settles: how.settles },
      how.rows,
    )
    if (done.mismatch) {
      this.c.metrics.mismatch()
      this.c.logger.error(
        { context: idText(this.state.id), delta: shortHex(candidate.id) },
        'root differs from the author’s',
      )
    }
    this.c.metrics.applied(how.local)
    this.events.emit('applied', { candidate, local: how.local })
    this.events.emit('mutation', {
      context: this.state.id,
      seq: done.eventSeq,
      newRoot: done.root,
      delta: candidate.id,
      author: candidate.member,
      events: events.map(({ kind, data, handler }) => ({ kind, data, handler: handler ?? null })),
    })
    if (first) this.events.emit('ready', {})
    if (done.todo.length > 0) this.events.emit('todo', { entries: done.todo })
    return done.ready
  }

  // Handlers run on receiving nodes that may write, never for one's own events (sync-protocol.md 11.7).
  #runsHandlers(candidate: Candidate, payload: DeltaPayload, local: boolean): boolean {
    if (local || payload.depth >= MAX_HANDLER_DEPTH || this.group.writer() === undefined)
      return false
    return !this.group.owned().some((key) => equalBytes(key.publicKey, candidate.header.author))
  }
}
