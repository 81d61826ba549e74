/**
 * One context on this node: local calls and deltas of others go through its serial executor. Network code only enqueues here; nothing else
 * writes the context's rows.
 */
import { type DeltaPayload, eventsCodec, type PayloadEvent } from '../codec/delta.ts'
import type { SigningKey } from '../crypto/sign.ts'
import type { Emitter } from '../primitives/emitter.ts'
import { type DeltaId, idText } from '../primitives/ids.ts'
import type { CrossCall, GuestOutcome } from '../runtime/engine.ts'
import type { ParkReason } from '../store/repositories/deltas.ts'
import type { BatchOp } from '../store/store.ts'
import type { ReceiveResult } from '../sync/replica.ts'
import { makeDelta } from './author.ts'
import { contextError } from './errors.ts'
import type { Group } from './group.ts'
import { Intake } from './intake.ts'
import { type ContextReplicaEvents, type ReplicaComponents, ReplicaCore } from './replica-core.ts'
import type { ContextState, LedgerEntry } from './state.ts'

/** A local call as the executor takes it. */
export interface LocalCall {
  readonly method: string
  readonly input: Uint8Array
  readonly executor: SigningKey
  readonly readOnly?: boolean
  /** Set when a handler runs: the event that called for it. */
  readonly handlerOf?: LedgerEntry
}

export interface LocalResult {
  readonly output: Uint8Array | undefined
  readonly logs: readonly string[]
  readonly root: Uint8Array
  readonly delta: DeltaId | undefined
  readonly crossCalls: readonly CrossCall[]
}

export class ContextReplica {
  readonly #core: ReplicaCore
  readonly #intake: Intake

  constructor(state: ContextState, group: Group, components: ReplicaComponents) {
    this.#core = new ReplicaCore(state, group, components)
    this.#intake = new Intake(this.#core)
  }

  get state(): ContextState {
    return this.#core.state
  }

  get group(): Group {
    return this.#core.group
  }

  get events(): Emitter<ContextReplicaEvents> {
    return this.#core.events
  }

  /** Its rows are damaged; it takes no work. */
  get stopped(): boolean {
    return this.#core.stopped
  }

  /** Runs a method. @throws RUNTIME_*, CONTEXT_*, STORE_* */
  execute(call: LocalCall): Promise<LocalResult> {
    return this.#core.run(async () => {
      if (!this.#core.state.hasState) {
        throw contextError(
          'CONTEXT_UNINITIALIZED',
          'the context has no state yet: wait until a member has sent it',
        )
      }
      return this.#execute(call)
    })
  }

  /** Runs the app's `init` and stores the first delta, in one batch with the rows that make the context. */
  initialize(call: LocalCall, rows: readonly BatchOp[]): Promise<LocalResult> {
    return this.#core.run(async () => {
      const outcome = await this.#guest(call)
      if (outcome.root === undefined || outcome.artifact.length === 0) {
        throw contextError('CONTEXT_INIT_INVALID', 'the app’s init stored nothing')
      }
      if (outcome.output !== undefined) {
        throw contextError('CONTEXT_INIT_INVALID', 'the app’s init returned a value')
      }
      return this.#author(call, outcome, rows)
    })
  }

  /** Verifies an envelope and applies it when it is its turn. Never throws for bad bytes. */
  receive(envelope: Uint8Array): Promise<ReceiveResult> {
    return this.#intake.receive(envelope)
  }

  /** First half of verification for the gossip validator: no disk beyond one lookup, no guest. */
  precheck(envelope: Uint8Array): 'accept' | 'ignore' | 'reject' {
    return this.#intake.precheck(envelope)
  }

  /** Something outside the DAG arrived: looks again at every delta that waited for it. */
  reconsider(...reasons: readonly ParkReason[]): Promise<void> {
    return this.#intake.reconsider(...reasons)
  }

  /** After a start: looks again at everything that waits. */
  resume(): Promise<void> {
    return this.#intake.resume()
  }

  /** Ids that peers may have: parents nobody has shown us. */
  missing(limit?: number): readonly DeltaId[] {
    return this.#core.state.dag.missing(limit)
  }

  /** Takes no more work; resolves when what runs is done. */
  close(): Promise<void> {
    return this.#core.close()
  }

  /** Runs something alone, between calls and deltas. */
  exclusive<T>(task: () => Promise<T>): Promise<T> {
    return this.#core.run(task)
  }

  async #guest(call: LocalCall): Promise<GuestOutcome> {
    const module = await this.#core.c.module()
    if (module === undefined) {
      const application = idText(this.#core.state.meta.application)
      throw contextError('CONTEXT_UNINITIALIZED', 'the context’s application is not here yet', {
        application,
      })
    }
    return this.#core.c.model.execute(
      {
        context: this.#core.state.ref,
        module: module.hash,
        executor: call.executor.publicKey,
        method: call.method,
        input: call.input,
        seenNs: this.#core.state.meta.seenNs,
        lane: this.#core.lane,
        readOnly: call.readOnly === true,
        members: this.#core.members(module),
      },
      (digest) => call.executor.sign(digest),
    )
  }

  async #execute(call: LocalCall): Promise<LocalResult> {
    const started = this.#core.c.clock.nowNs()
    let outcome: GuestOutcome
    try {
      outcome = await this.#guest(call)
    } catch (error) {
      this.#core.c.metrics.execution(call.method, 'failure', this.#core.c.clock.nowNs() - started)
      throw error
    }
    this.#core.state.observeTime(outcome.lastNs)
    if (outcome.root === undefined || call.readOnly === true) {
      this.#core.c.metrics.execution(call.method, 'success', this.#core.c.clock.nowNs() - started)
      const { output, logs, crossCalls } = outcome
      return { output, logs, crossCalls, root: this.#core.state.meta.root, delta: undefined }
    }
    if (outcome.artifact.length === 0) {
      await this.#core.c.model.forget(this.#core.state.ref)
      throw contextError(
        'CONTEXT_EMPTY_ARTIFACT',
        'the app changed its state without saying how: nothing was stored',
      )
    }
    const done = await this.#author(call, outcome)
    this.#core.c.metrics.execution(call.method, 'success', this.#core.c.clock.nowNs() - started)
    return done
  }

  // The author's half of commit: a delta of our own never meets the guest again.
  async #author(
    call: LocalCall,
    outcome: GuestOutcome,
    rows: readonly BatchOp[] = [],
  ): Promise<LocalResult> {
    const { executor, handlerOf } = call
    const role = this.#core.group.roleOf(executor.publicKey)
    try {
      if (role !== 'writer') {
        throw contextError(
          'CONTEXT_READ_ONLY',
          `expected a writer, ${idText(executor.publicKey)} is ${role === undefined ? 'no member' : `a ${role}`}`,
        )
      }
      const events: PayloadEvent[] = outcome.events.map(({ kind, data, handler }) => ({
        kind,
        data,
        handler,
      }))
      const payload: DeltaPayload = {
        application: this.#core.state.meta.application,
        appPayload: outcome.artifact,
        events: eventsCodec.encode(events),
        authorRoot: outcome.root ?? this.#core.state.meta.root,
        causedBy:
          handlerOf === undefined ? undefined : { delta: handlerOf.delta, event: handlerOf.index },
        depth: handlerOf === undefined ? 0 : handlerOf.row.depth + 1,
      }
      const candidate = makeDelta(
        {
          context: this.#core.state.id,
          author: executor,
          keyring: this.#core.group.keyring,
          membersRevision: this.#core.group.membersRevision,
          hlc: this.#core.c.hlc.next(executor.publicKey, outcome.lastNs),
          heads: this.#core.state.dag.heads,
          payload,
        },
        this.#core.c.random,
      )
      const how = { local: true, settles: handlerOf, rows }
      await this.#core.commit(candidate, payload, events, outcome, how)
      const { output, logs, crossCalls } = outcome
      return { output, logs, crossCalls, root: this.#core.state.meta.root, delta: candidate.id }
    } catch (error) {
      await this.#core.c.model.forget(this.#core.state.ref)
      throw error
    }
  }
}
