/**
 * What the two halves of a context share: the serial executor, the state behind it, and the one way a delta is committed and told of.
 */
import { isMerogateError, type MerogateError } from '../../errors.ts'
import type { ContextFailure, StateMutation } from '../../interface.ts'
import { equalBytes, shortHex } from '../../primitives/bytes.ts'
import type { Clock, Random } from '../../primitives/clock.ts'
import { Emitter } from '../../primitives/emitter.ts'
import { sha256 } from '../../primitives/hash.ts'
import {
  type ApplicationId,
  type ContextId,
  type DeltaId,
  idKey,
  idText,
  type PublicKey,
} from '../../primitives/ids.ts'
import type { Logger } from '../../primitives/logger.ts'
import type { GuestAlias, ModuleInfo } from '../../runtime/engine.ts'
import type { StateModel } from '../../runtime/state-model.ts'
import type {
  Commit,
  CommitBatch,
  CommitComponents,
  Committed,
  LedgerEntry,
} from './commit-batch.ts'
import type { Aliases } from '../aliases.ts'
import { contextError } from '../errors.ts'
import type { Group } from '../groups/group.ts'
import { MAX_HANDLER_DEPTH, MAX_QUEUED } from '../limits.ts'
import type { ContextMetrics } from '../metrics.ts'
import type { Scratch } from '../scratch.ts'
import { Executor, type JoinOptions, type Lane, type Piece } from './executor.ts'
import { Failures } from './failures.ts'
import type { ContextState } from './state.ts'
import type { Candidate } from './verify.ts'

/** The other members, as the sync room sees them. */
export interface Company {
  /** Those that are connected. */
  membersOnline(context: ContextId): readonly { readonly identity: PublicKey }[]
  /** Whether deltas that they have are being fetched: then heads are not what they will be. */
  isFetching(context: ContextId): boolean
}

export interface ReplicaComponents extends CommitComponents {
  readonly model: StateModel
  /** Where a state is built beside the one in use. */
  readonly scratch: Scratch
  sync(): Company
  /** The module the context runs, loaded; undefined while it is not here. */
  module(): Promise<ModuleInfo | undefined>
  /** Contexts that applications have named. */
  readonly aliases: Pick<Aliases, 'of'>
  /** Keeps a blob that a guest made. */
  putBlob(bytes: Uint8Array): Promise<unknown>
  readonly clock: JudgingClock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: ContextMetrics
}

/** Says what time it is, and what lies in the future. */
export interface JudgingClock extends Clock {
  /** The latest that it may be, ns: a stamp beyond lies in the future. */
  latestNs(): bigint
  /** Resolves when stamps may be made; undefined when they may be. */
  readonly settled: Promise<void> | undefined
  /** Set while the machine's clock is off: how far, ms; above 0 when it is ahead. */
  readonly trouble: { readonly skewMs: number } | undefined
}

export interface ContextReplicaEvents {
  /** A delta is stored as applied. */
  applied: { readonly candidate: Candidate; readonly local: boolean }
  mutation: StateMutation
  /** Something peers may have is wanted. */
  wanted: { readonly deltas: readonly DeltaId[]; readonly keys: readonly number[] }
  /** Event handlers wait to be run. */
  todo: { readonly entries: readonly LedgerEntry[] }
  /** A delta was written by an application that is not the context's present one. */
  foreign: { readonly application: ApplicationId }
  /** Something failed while nobody waited for the answer. */
  failed: ContextFailure
  /** The state is another, though no delta was applied: it was mended. */
  replaced: Record<never, never>
  /** The context has state from now on. */
  ready: Record<never, never>
}

/** Host functions that look at the member list; only apps of older eras import them. */
const MEMBER_IMPORTS: ReadonlySet<string> = new Set(['context_members', 'context_is_member'])

/** Host functions that look at aliases; these too. */
const ALIAS_IMPORTS: ReadonlySet<string> = new Set(['context_create', 'context_resolve_alias'])

export class ReplicaCore {
  readonly state: ContextState
  readonly group: Group
  readonly events: Emitter<ContextReplicaEvents>
  readonly failures: Failures
  readonly c: ReplicaComponents
  /** Low bits of every reading of the guests' clock on this node: equal timestamps of two nodes would swap values instead of converging. */
  readonly clockLane: number
  /** Keys of applications that the context ran before its present one. */
  readonly superseded: Set<string> = new Set()
  readonly #executor = new Executor(MAX_QUEUED)
  readonly #closing = new AbortController()
  /** Set when rows turn out damaged. */
  #stopped: MerogateError | undefined

  constructor(state: ContextState, group: Group, components: ReplicaComponents) {
    this.state = state
    this.group = group
    this.c = components
    const { clock, logger } = components
    this.events = new Emitter<ContextReplicaEvents>(logger)
    const tell = (failure: ContextFailure): void => this.events.emit('failed', failure)
    this.failures = new Failures({ context: state.id, clock, logger, tell })
    const own = group.owned()[0]
    this.clockLane = sha256(own?.publicKey ?? components.random.bytes(32))[0] ?? 0
  }

  get stopped(): boolean {
    return this.#stopped !== undefined
  }

  /** Fires when no more work is taken: for what waits before it is the executor's. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  /** Takes no more work; resolves when what runs is done. */
  close(): Promise<void> {
    this.#closing.abort()
    return this.#executor.close()
  }

  /** Runs a task alone, after what was asked before it. @throws CONTEXT_BUSY, CONTEXT_STOPPED */
  run<T>(task: () => Promise<T>): Promise<T> {
    return this.#executor.run(() => this.#guard(task))
  }

  /** A lane whose work runs in this executor, under the same guard. */
  lane<I, R>(
    max: number,
    process: Lane<I, R>['process'],
    yields = false,
  ): (item: I, options?: JoinOptions) => Promise<R> {
    const lane = {
      ...{ max, yields },
      process: (pieces: readonly Piece<I, R>[]) => this.#guard(() => process(pieces)),
    }
    return (item, options) => this.#executor.join(lane, item, options)
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    if (this.#stopped !== undefined) {
      const message = 'the context stopped: its rows are damaged, see the log'
      throw contextError('CONTEXT_STOPPED', message, {}, { cause: this.#stopped })
    }
    try {
      return await work()
    } catch (error) {
      if (isMerogateError(error, 'STORE_CORRUPT')) {
        this.#stopped = error
        this.failures.note({ what: 'rows', error, tries: 1 })
      }
      throw error
    }
  }

  /** Members as a call sees them. Only apps of older eras ask; copying the list for each call would cost the others. */
  members(module: ModuleInfo): readonly PublicKey[] {
    if (!module.imports.some((name) => MEMBER_IMPORTS.has(name))) return []
    return this.group.members().map((member) => member.identity)
  }

  /** Contexts that the application has named here, as its calls see them. */
  aliases(module: ModuleInfo): readonly GuestAlias[] {
    return module.imports.some((name) => ALIAS_IMPORTS.has(name))
      ? this.c.aliases.of(this.state.id)
      : []
  }

  /** The commit of a delta that is about to be added to a batch. */
  commitOf(parts: Omit<Commit, 'runHandlers'>, local: boolean): Commit {
    return { ...parts, runHandlers: this.#runsHandlers(parts, local) }
  }

  /**
   * Stores a batch and tells whoever listens, delta by delta. When the disk refuses, the guest forgets what it did. @throws STORE_*
   */
  async commit(batch: CommitBatch, local: boolean): Promise<void> {
    const first = !this.state.hasState
    const commits = batch.staged.map(({ commit }) => commit)
    let done: readonly Committed[]
    try {
      done = await this.state.store(batch)
    } catch (error) {
      await this.c.model.forget(this.state.ref)
      throw error
    }
    for (const [i, committed] of done.entries()) {
      const commit = commits[i]
      if (commit !== undefined) this.#tell(commit, committed, local)
    }
    if (first && this.state.hasState) this.events.emit('ready', {})
  }

  #tell({ candidate, events }: Commit, done: Committed, local: boolean): void {
    if (done.mismatch) {
      this.c.metrics.mismatch()
      this.c.logger.error(
        { context: idText(this.state.id), delta: shortHex(candidate.id) },
        'root differs from the author’s',
      )
    }
    if (done.forks) this.#tellFork(candidate)
    this.c.metrics.applied(local)
    this.failures.applied(candidate.id)
    this.events.emit('applied', { candidate, local })
    if (done.eventSeq === undefined) return
    this.events.emit('mutation', {
      context: this.state.id,
      seq: done.eventSeq,
      newRoot: done.root,
      delta: candidate.id,
      author: candidate.member,
      events: events.map(({ kind, data, handler }) => ({ kind, data, handler: handler ?? null })),
    })
    if (done.todo.length > 0) this.events.emit('todo', { entries: done.todo })
  }

  #tellFork({ header, id }: Candidate): void {
    this.c.metrics.fork()
    const own = this.group.owned().some((key) => equalBytes(key.publicKey, header.author))
    this.c.logger.warn(
      {
        context: idText(this.state.id),
        author: idText(header.author),
        sequence: Number(header.sequence),
        delta: shortHex(id),
      },
      own
        ? "this node's own deltas came back that its disk had lost, or a backup was restored"
        : 'an author gave one number to two deltas: a restored backup, or a lie',
    )
  }

  /**
   * Whether the context's present application applies what `application` wrote: its own, or that of one before it. Actions are those of the
   * storage library, which an update keeps; an application of another era needs a new context.
   */
  fits(application: Uint8Array): boolean {
    return (
      equalBytes(application, this.state.meta.application) ||
      this.superseded.has(idKey(application))
    )
  }

  // On receiving nodes that may write, never for one's own events.
  #runsHandlers(commit: Omit<Commit, 'runHandlers'>, local: boolean): boolean {
    const { candidate, payload } = commit
    if (local || payload.depth >= MAX_HANDLER_DEPTH) return false
    const writer = this.group.writer()
    const joined = writer && this.group.member(writer.publicKey)?.joinedRevision
    // what was said before we were there was not said to us
    if (joined === undefined || candidate.header.membersRevision < joined) return false
    return !this.group.owned().some((key) => equalBytes(key.publicKey, candidate.header.author))
  }
}
